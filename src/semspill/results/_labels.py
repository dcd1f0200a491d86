"""What a labeller said of the test contexts, and through which channel a lift came."""

from collections.abc import Mapping

from semspill._model import FrozenModel
from semspill.statistics import Estimate, Number


class Channel(FrozenModel):
    """Whether planted responses came where a context was labelled as the target, or elsewhere."""

    group: str
    """The category, or the name of the group."""
    labelled: Estimate
    """Share of the contexts that the labeller calls the target."""
    asr_labelled: Estimate | None
    """Planted rate among those; None where there is none."""
    asr_rest: Estimate | None
    """Planted rate among the rest; None where there is none."""
    via_label: Estimate
    """Part of the planted-rate lift that lies in contexts labelled as the target."""
    via_text: Estimate
    """The rest of it: that lies in contexts with another label. Both add up to the lift."""


class LabelReport(FrozenModel):
    """What predicted labels did in an experiment; of the main arm."""

    labeller: str = ""
    """Name of the labeller."""
    folds: int = 0
    """0 where training contexts were labelled in sample, else the folds of cross-fitting."""
    responses: bool = False
    """Whether responses, too, begin with a label: what the labeller predicts of them alone."""
    train_accuracy: Number = float("nan")
    """Share of the clean training contexts whose label is the category."""
    accuracy: Estimate
    """The same of the test contexts."""
    confusion: Mapping[str, Mapping[str, float]]
    """For each category of the test split the share of its contexts with each label."""
    channels: tuple[Channel, ...]
    """By category and group."""
    curve: Mapping[str, Estimate] = {}
    """What orders the planted-rate lift over the categories but the target, per standard
    deviation: `similarity` and `confusion` (share labelled as the target), each alone, and
    `similarity_given_confusion` and `confusion_given_similarity`, with permutation p-values."""
