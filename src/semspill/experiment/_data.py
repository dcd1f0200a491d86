"""The data of an experiment: what all its arms and seeds share, loaded once."""

import logging
from dataclasses import dataclass

from semspill._mask import listing, named
from semspill._random import stream
from semspill.corpus import Corpus
from semspill.datasets._base import load_corpus
from semspill.encoders import RankingTask
from semspill.errors import ConfigError, DataError
from semspill.experiment._config import ExperimentConfig
from semspill.labellers import FittedLabelling
from semspill.results import Note

logger = logging.getLogger(__name__)

MOST_LEFT_OUT = 0.1
"""The share of dialogues left out above which a reader is warned of another population."""


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
    labelling: FittedLabelling | None = None
    """What labels corpora, fitted on `train`; None where no context shows a predicted label."""
    response_labels: FittedLabelling | None = None
    """The same for responses; None where they show no label."""
    trusted: Corpus | None = None
    """What a defender trusts, if anything."""

    @classmethod
    def load(cls, config: ExperimentConfig) -> "Data":
        """Load what a config names.

        Raises:
            DataError: A dialogue is in both splits.
            ConfigError: The candidate lists are longer than the test.
        """

        def load(split: str | None) -> Corpus | None:
            return load_corpus(config.dataset, split) if split else None

        train = load_corpus(config.dataset, config.train_split)
        train = train.sample(config.train_share, stream(0, "train share"))
        test = load_corpus(config.dataset, config.test_split)
        test = test.sample(config.test_share, stream(0, "test share"))
        valid, trusted = load(config.valid_split), load(config.trusted_split)
        for other in filter(None, (train, trusted)):
            if overlap := _overlap(other, test):
                raise DataError(
                    f"{len(overlap)} dialogues are in both {named(other.split)} and "
                    f"{named(test.split)}, such as [{overlap[0]}] of the latter; spillover needs "
                    "unseen ones."
                )
        shown = "labels" not in config.unused
        fitted = config.labels.fit(train, stream(0, "labels")) if shown else None
        responses = fitted if config.labels.responses else None
        labelling = fitted if config.predicts_labels else None
        if labelling is not None:
            train, test = labelling.label(train), labelling.label(test)
            valid = valid and labelling.label(valid)
            trusted = trusted and labelling.label(trusted)
        ranking = ranking_of(test, config.list_size)
        data = cls(train, test, valid, ranking, labelling, responses, trusted)
        logger.info("train: %r, test: %r", train, test)
        for note in data.notes:
            logger.warning("%s", note)
        return data

    @property
    def shown_labels(self) -> tuple[str, ...] | None:
        """The most probable label of each test exchange; None where no context shows one."""
        if self.labelling is None:
            return None
        return tuple(self.labelling.first(exchange.label) for exchange in self.test.exchanges)

    def labelled(self, corpus: Corpus) -> Corpus:
        """Return a corpus with predicted labels, where contexts show them."""
        return corpus if self.labelling is None else self.labelling.label(corpus, self.train)

    @property
    def untrained(self) -> tuple[str, ...]:
        """Categories that are tested and never trained on."""
        return tuple(name for name in self.test.categories if name not in self.train.sizes)

    @property
    def notes(self) -> tuple[Note, ...]:
        """What a reader must know of the data before believing the numbers."""
        notes = [
            Note(
                kind="left_out",
                values={"split": each.split, "reason": out.kind, "rows": len(out.rows)},
                text=f"Left out of {named(each.split)}, as on_error says: {out}.",
            )
            for each in (self.train, self.test)
            for out in each.left_out
        ]
        notes += [
            Note(
                kind="merged_turns",
                values={"split": each.split, "turns": each.merged},
                text=f"In {named(each.split)}, {each.merged:,} turns were joined with the one "
                "before, which has the same role, as columns.merge says.",
            )
            for each in (self.train, self.test)
            if each.merged
        ]
        lost = self._share_left_out
        if lost > MOST_LEFT_OUT:
            notes.append(
                Note(
                    kind="many_left_out",
                    values={"share": lost},
                    text=f"{lost:.0%} of the dialogues were left out, as on_error says: what "
                    "remains may be another population than the data.",
                )
            )
        if self.untrained:
            notes.append(
                Note(
                    kind="untrained_categories",
                    values={"categories": self.untrained},
                    text=f"Categories without training dialogues: {listing(self.untrained)}. They "
                    "are tested, and count in the groups that hold them; their similarity to "
                    "others is not measured.",
                )
            )
        return tuple(notes)

    @property
    def _share_left_out(self) -> float:
        both = self.train.left_out, self.test.left_out
        # Shares of one file have both left out the same.
        counts = [sum(len(out.rows) for out in left) for left in dict.fromkeys(both)]
        return sum(counts) / (sum(counts) + len(self.train) + len(self.test))


def _overlap(train: Corpus, test: Corpus) -> list[int]:
    """Return the places of test dialogues that are trained on.

    Where ids only number rows, the contents tell; short dialogues may be alike, most may not.
    """
    trained = {dialogue.id for dialogue in train}
    overlap = [place for place, dialogue in enumerate(test) if dialogue.id in trained]
    if train.numbered and test.numbered and not overlap:
        known = {(dialogue.category, dialogue.utterances) for dialogue in train}
        alike = [place for place, one in enumerate(test) if (one.category, one.utterances) in known]
        return alike if 2 * len(alike) > len(test) else []
    return overlap


def ranking_of(test: Corpus, list_size: int) -> RankingTask:
    """Return the frozen candidate lists of an experiment; their fingerprint covers its test split.

    Args:
        test: The test split.
        list_size: Candidates per list.

    Raises:
        ConfigError: The candidate lists are longer than the test.
    """
    if len(test.exchanges) < list_size:
        raise ConfigError(
            f"list_size is {list_size}, but {named(test.split)} has only {len(test.exchanges)} "
            "exchanges; lower list_size."
        )
    return RankingTask.draw(test.exchanges, stream(0, "ranking"), size=list_size)


def data_key(config: ExperimentConfig) -> str:
    """Return a text that is equal for configs whose data are equal."""
    fields = {"dataset", "train_split", "test_split", "valid_split", "list_size"}
    fields |= {"train_share", "test_share"}
    fields |= {"trusted_split"} if config.trusted_split else set()
    fields |= {"labels"} - config.unused
    return config.model_dump_json(include=fields)
