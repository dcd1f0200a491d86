"""The data of an experiment: what all its arms and seeds share, loaded once."""

import logging
from dataclasses import dataclass

from semspill._mask import named
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
            DataError: A dialogue is in both splits.
            ConfigError: The candidate lists are longer than the test.
        """
        train = config.dataset.load(config.train_split)
        train = train.sample(config.train_share, stream(0, "train share"))
        test = config.dataset.load(config.test_split)
        valid = config.dataset.load(config.valid_split) if config.valid_split else None
        overlap = {talk.id for talk in train} & {talk.id for talk in test}
        if overlap:
            raise DataError(
                f"{len(overlap)} dialogues are in both {named(config.train_split)} and "
                f"{named(config.test_split)}, such as {named(min(overlap))}; spillover "
                "needs unseen ones."
            )
        logger.info("train: %r, test: %r", train, test)
        if len(test.exchanges) < config.list_size:
            raise ConfigError(
                f"list_size is {config.list_size}, but {named(config.test_split)} has only "
                f"{len(test.exchanges)} exchanges; lower list_size."
            )
        ranking = RankingTask.draw(test.exchanges, stream(0, "ranking"), size=config.list_size)
        return cls(train, test, valid, ranking)


def data_key(config: ExperimentConfig) -> str:
    """Return a text that is equal for configs whose data are equal."""
    fields = ("dataset", "train_split", "test_split", "valid_split", "train_share", "list_size")
    return config.model_dump_json(include=set(fields))
