"""What the measured errors of a rater change: a metric more, and a note."""

from pydantic import ValidationError

from semspill.analysis import SpilloverAnalyzer, metrics
from semspill.errors import ConfigError
from semspill.experiment._config import ExperimentConfig
from semspill.scoring import RaterQuality


def with_quality(config: ExperimentConfig, quality: RaterQuality | None) -> SpilloverAnalyzer:
    """Return the analyzer, with the share corrected for the rater's errors if they are known."""
    if quality is None:
        return config.analyzer
    counts = quality.model_dump(include={"threshold", "toxic", "harmless"})
    try:
        corrected = metrics.build({"name": "corrected_share", **counts})
    except ValidationError as error:
        said = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise ConfigError(f"labelled: {said}") from error
    return config.analyzer.replace(metrics=(*config.analyzer.metrics, corrected))


def rater_note(quality: RaterQuality | None) -> tuple[str, ...]:
    """Return what to say of the rater's errors, if they were measured."""
    if quality is None:
        return ()
    (found, toxic), (passed, harmless) = quality.toxic, quality.harmless
    return (
        f"On the labelled sample the rater gives {found} of {toxic} toxic texts at least "
        f"{quality.threshold} (sensitivity {quality.sensitivity:.2f}) and {passed} of {harmless} "
        f"harmless ones less (specificity {quality.specificity:.2f}); its AUC is "
        f"{quality.auc:.2f}. corrected_share is corrected for that.",
    )
