"""Whether a rater would rate from memory: it was trained on what is planted."""

import logging

from semspill.experiment._config import ExperimentConfig
from semspill.results import Note

logger = logging.getLogger(__name__)


def memory_notes(config: ExperimentConfig) -> tuple[Note, ...]:
    """Return a note, and log it, where the rater learned from the corpus of the planted texts."""
    corpus = config.poisoner.source.corpus_name
    if corpus is None or corpus not in config.rater.trained_on:
        return ()
    rater = type(config.rater).__name__
    text = (
        f"{rater} was trained on {corpus}, of which the planted texts are: "
        "its ratings of them are memory, and say little of how toxic it would find others. Attack "
        "success is not touched by that; for toxicity, take a rater that has not seen them."
    )
    logger.warning(text)
    return (
        Note(kind="rater_trained_on_planted", values={"rater": rater, "corpus": corpus}, text=text),
    )
