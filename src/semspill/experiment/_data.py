"""The data of an experiment: what all its arms and seeds share, loaded once."""

import logging
from dataclasses import dataclass

from semspill._random import stream
from semspill.corpus import Corpus
from semspill.encoders import RankingTask
from semspill.errors import ConfigError, DataError
from semspill.experiment._config import ExperimentConfig

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Data:
    """The splits and the frozen candidate lists of the utility measure."""

    train: Corpus
    """What is poisoned and trained on."""
    test: Corpus
    """What is answered and rated."""
    valid: Corpus | None
    """What is validated on, if anything."""
    ranking: RankingTask
    """One set of lists for all seeds and arms: utility is paired like the lifts."""

    @classmethod
    def load(cls, config: ExperimentConfig) -> "Data":
        """Load what a config names.

        Raises:
            DataError: A dialogue is in both splits, or its id or category is no text.
            ConfigError: The candidate lists are longer than the test.
        """
        train = config.dataset.load(config.train_split)
        train = train.sample(config.train_share, stream(0, "train share"))
        test = config.dataset.load(config.test_split)
        valid = config.dataset.load(config.valid_split) if config.valid_split else None
        overlap = {talk.id for talk in train} & {talk.id for talk in test}
        if overlap:
            raise DataError(
                f"{len(overlap)} dialogues are in both {config.train_split!r} and "
                f"{config.test_split!r}, such as {min(overlap)!r}; spillover needs unseen ones."
            )
        for corpus in (train, test):
            _require_names(corpus)
        logger.info("train: %r, test: %r", train, test)
        if len(test.exchanges) < config.list_size:
            raise ConfigError(
                f"list_size is {config.list_size}, but {config.test_split!r} has only "
                f"{len(test.exchanges)} exchanges; lower list_size."
            )
        ranking = RankingTask.draw(test.exchanges, stream(0, "ranking"), size=config.list_size)
        return cls(train, test, valid, ranking)


def _require_names(corpus: Corpus) -> None:
    """Refuse ids and categories that no file of a run could hold, before anything is trained.

    Raises:
        DataError: One holds half a surrogate pair.
    """
    for place, talk in enumerate(corpus):
        for name, said in (("id", talk.id), ("category", talk.category)):
            if not said.isascii() and any("\ud800" <= letter <= "\udfff" for letter in said):
                raise DataError(
                    f"The {name} of dialogue {place} of the split {corpus.split!r} holds half a "
                    "surrogate pair, which is no character; mend the data."
                )


def data_key(config: ExperimentConfig) -> str:
    """Return a text that is equal for configs whose data are equal."""
    fields = ("dataset", "train_split", "test_split", "valid_split", "train_share", "list_size")
    return config.model_dump_json(include=set(fields))
