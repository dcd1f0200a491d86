"""What the measured errors of a rater change: a metric more, and a note."""

from pydantic import ValidationError

from semspill.analysis import SpilloverAnalyzer, metrics
from semspill.errors import ConfigError
from semspill.experiment._config import ExperimentConfig
from semspill.results import Note
from semspill.scoring import RaterQuality


def with_quality(config: ExperimentConfig, quality: RaterQuality | None) -> SpilloverAnalyzer:
    """Return the analyzer, with the share corrected for the rater's errors if they are known."""
    if quality is None:
        return config.analyzer
    counts = quality.model_dump(include={"threshold", "toxic", "harmless"})
    try:
        corrected = metrics.build({"name": "corrected_share", **counts})
    except ValidationError as error:
        message = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise ConfigError(f"labelled: {message}") from error
    return config.analyzer.replace(metrics=(*config.analyzer.metrics, corrected))


def rater_note(quality: RaterQuality | None) -> tuple[Note, ...]:
    """Return what to say of the rater's errors, if they were measured."""
    if quality is None:
        return ()
    (hits, toxic), (passed, harmless) = quality.toxic, quality.harmless
    names = ("threshold", "sensitivity", "specificity", "auc")
    return (
        Note(
            kind="rater_error",
            values={name: getattr(quality, name) for name in names},
            text=f"On the labelled sample the rater gives {hits} of {toxic} toxic texts at least "
            f"{quality.threshold} (sensitivity {quality.sensitivity:.2f}) and {passed} of "
            f"{harmless} harmless ones less (specificity {quality.specificity:.2f}); its AUC is "
            f"{quality.auc:.2f}. corrected_share is corrected for that.",
        ),
    )
