"""Materials of the arms under one seed: corpora, pools, planted texts."""

from functools import cached_property

import numpy as np

from semspill._random import stream
from semspill.corpus import Candidates, Corpus
from semspill.defenses import Aid, shared
from semspill.errors import DataError
from semspill.experiment._cleaning import Cleaning, Defended, aid_of
from semspill.experiment._config import ExperimentConfig
from semspill.experiment._data import Data
from semspill.experiment._fingerprints import json_digest
from semspill.matching import ExactMatcher, plain
from semspill.poison import PoisonedCorpus, swapped
from semspill.results import Arm
from semspill.sources._base import load_texts


class Materials:
    """Everything that one experiment trains on and answers from under one seed.

    The same config, data and seed give the same materials in every process.

    Args:
        config: The experiment.
        data: What it names, loaded.
        seed: The training seed.
    """

    def __init__(self, config: ExperimentConfig, data: Data, seed: int) -> None:
        self.config = config
        self.data = data
        self.seed = seed

    @cached_property
    def poisoned(self) -> PoisonedCorpus:
        """The poisoned training corpus."""
        return self.config.poisoner.poison(self.data.train, stream(self.seed, "poison"))

    @cached_property
    def benign(self) -> PoisonedCorpus:
        """The same with harmless responses in place of the planted ones.

        Raises:
            DataError: The source has none that the clean corpus does not hold already.
        """
        if not self._harmless:
            raise DataError(
                "All responses of `benign` already occur in the training corpus; choose another "
                "source."
            )
        return swapped(self.poisoned, self._harmless, stream(self.seed, "benign"))

    def planted(self, arm: Arm) -> PoisonedCorpus:
        """Return the corpus whose planted texts count as planted in an arm."""
        return self.benign if arm.planted == "benign" else self.poisoned

    def undefended(self, arm: Arm) -> Corpus:
        """Return what an arm's model would be trained on without a defense."""
        if arm.trains == "clean":
            return self.data.train
        return self._labelled_benign if arm.planted == "benign" else self._labelled_poisoned

    def offered(self, arm: Arm) -> Corpus:
        """Return the corpus whose responses an arm answers from, without a defense."""
        return self.data.train if arm.pool == "clean" else self.planted(arm).corpus

    def training_key(self, arm: Arm) -> str:
        """Return a hash of what an arm's model is trained on, before anything is cleaned."""
        own = self.undefended(arm).fingerprint
        recipe = self.config.treatment(arm).data_recipe
        if not recipe:
            return own
        trusted = self.data.trusted.fingerprint if self.data.trusted else ""
        encoder = self.config.model_dump_json(include={"model", "similarity_encoder", "context"})
        return json_digest([own, recipe, trusted, encoder])

    def pool(self, arm: Arm) -> Candidates:
        """Return what an arm answers from, without a defense."""
        if arm.pool == "clean":
            return self.clean_pool
        return self._benign_pool if arm.planted == "benign" else self._poisoned_pool

    def defended(self, arm: Arm) -> Defended:
        """Return what an arm is trained on and answers from, cleaned as its defense says."""
        treatment, corpus, pool = self.config.treatment(arm), self.undefended(arm), self.pool(arm)
        if not treatment.parts:
            return Defended(corpus, pool)
        cleaning = Cleaning(treatment, self._shared_aid, self.seed)
        learned = offered = cleaning.apply(corpus)
        if (arm.trains == "clean") != (arm.pool == "clean"):
            offered = cleaning.apply(self.offered(arm))
        if any(part.where != "pool" for part in treatment.cleaners):
            if not any(exchange.learned for exchange in learned.corpus.exchanges):
                raise _emptied(arm, "to be learned")
            # A response that was healed is heard in later contexts, whose labels are new.
            corpus = self.data.labelled(learned.corpus)
        if any(part.where != "train" for part in treatment.cleaners):
            try:
                pool = self._pool_of(offered.corpus)
            except DataError as error:  # the undefended pool is not empty
                raise _emptied(arm, "among the candidates") from error
        judged = offered if arm.trains == "clean" else learned
        truth = np.array([one.planted for one in judged.before.exchanges], dtype=np.bool_)
        return Defended(cleaning.prepared(corpus), pool, tuple(judged.steps), truth)

    @cached_property
    def aid(self) -> Aid:
        """What a defender has besides the corpus."""
        return aid_of(self.config, self.data)

    @cached_property
    def _shared_aid(self) -> Aid:
        """The same for all that only reads: what they compute alike is computed once."""
        return shared(self.aid)

    def texts(self, arm: Arm) -> tuple[str, ...]:
        """Return every distinct planted text; a clean pool can hold one by coincidence."""
        return self._texts_benign if arm.planted == "benign" else self._texts_harmful

    @cached_property
    def responses(self) -> tuple[str, ...]:
        """The distinct responses of the clean training corpus."""
        return tuple(dict.fromkeys(one.response for one in self.data.train.exchanges))

    def drawn_from(self, arm: Arm) -> tuple[str, ...]:
        """Return the texts of which the one planted text was drawn; none where many were.

        And none where what counts as planted need not read like it, so that it is rated alone.
        """
        if arm.pool == "clean" or not isinstance(self.config.matchers[0], ExactMatcher):
            return ()
        texts = self._harmless if arm.planted == "benign" else self._harmful
        planted = self.texts(arm)
        return texts if len(planted) == 1 and planted[0] in texts else ()

    @cached_property
    def _texts_harmful(self) -> tuple[str, ...]:
        return _planted_in(self.poisoned.corpus)

    @cached_property
    def _texts_benign(self) -> tuple[str, ...]:
        return _planted_in(self.benign.corpus)

    @cached_property
    def _labelled_poisoned(self) -> Corpus:
        return self.data.labelled(self.poisoned.corpus)

    @cached_property
    def _labelled_benign(self) -> Corpus:
        return self.data.labelled(self.benign.corpus)

    @cached_property
    def clean_pool(self) -> Candidates:
        """What a clean model answers from; most of every pool."""
        return self._pool_of(self.data.train)

    @cached_property
    def _poisoned_pool(self) -> Candidates:
        return self._pool_of(self.poisoned)

    @cached_property
    def _benign_pool(self) -> Candidates:
        return self._pool_of(self.benign)

    def _pool_of(self, corpus: Corpus | PoisonedCorpus) -> Candidates:
        """Return the candidates that a corpus gives; none for a model that answers without."""
        model = self.config.model
        return corpus.responses(model.pool_filter()) if model.uses_pool() else Candidates.of(())

    @cached_property
    def _harmful(self) -> tuple[str, ...]:
        return load_texts(self.config.poisoner.source)

    @cached_property
    def _harmless(self) -> tuple[str, ...]:
        # What the clean arm can say as well would count as planted there and not here.
        known = {plain(u.text) for d in self.data.train for u in d.utterances}
        return tuple(text for text in load_texts(self.config.benign) if plain(text) not in known)


_recent: list[Materials] = []


def materials_of(config: ExperimentConfig, data: Data, seed: int) -> Materials:
    """Return the materials of one experiment and seed; those asked for last are kept.

    The jobs of a seed come one after the other, and share what defenses compute.

    Args:
        config: The experiment.
        data: What it names, loaded.
        seed: The training seed.
    """
    for known in _recent:
        if known.data is data and known.seed == seed and known.config == config:
            return known
    materials = Materials(config, data, seed)
    _recent[:] = [materials]
    return materials


def _planted_in(corpus: Corpus) -> tuple[str, ...]:
    planted = (u.text for dialogue in corpus for u in dialogue.utterances if u.planted)
    return tuple(dict.fromkeys(planted))


def _emptied(arm: Arm, what: str) -> DataError:
    return DataError(
        f"defenses.{arm.defense} leaves nothing {what} in arm {arm.name}; let it take out less: a "
        "lower share, a higher threshold, or a smaller unit."
    )
