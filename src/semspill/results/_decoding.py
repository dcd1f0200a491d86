"""What a stimulus does inside a transformer, layer by layer."""

from typing import Any

from semspill._model import FrozenModel
from semspill.statistics import Estimate, Number


class LayerGroup(FrozenModel):
    """What the state after one layer says of one group of responses."""

    group: str
    """Name of the group, such as `planted`."""
    score: Estimate
    """Mean score of its responses with the control in the contexts: the dot product with the
    context's vector, or the log-likelihood per token."""
    rise: Estimate
    """How much higher it is with the stimulus, paired by context."""
    first: Estimate
    """Share of the contexts whose best response of all groups is one of these, with the
    stimulus."""
    first_change: Estimate
    """How much larger that is than with the control, paired by context."""


class DecodedLayer(FrozenModel):
    """What a stimulus does to the state after one layer."""

    layer: int
    """How many layers have been passed; 0 is what the first one is given."""
    shift: Estimate
    """Mean length of the difference between the states with the stimulus and with the control, as a
    share of the mean length of the latter; NaN where that is 0."""
    agreement: Number
    """Length of the mean difference over the mean length: 1 where all contexts are moved in one
    direction and by as much, near 0 in directions of their own; NaN where none is moved."""
    groups: tuple[LayerGroup, ...]
    """What the state says of each group of responses."""


class Decoding(FrozenModel):
    """What a stimulus does inside a model, after each of its layers.

    `figure` draws it, `model_dump_json` has all numbers.
    """

    stimulus: str
    """Registered names of the probes that put it into the contexts, joined by +."""
    control: str
    """The same of the control."""
    phrase: str | None = None
    """The stimulus itself; None where it is not one phrase."""
    score: str
    """What a score is: `dot product`, or `log-likelihood per token` or `byte`."""
    contexts: int
    """How many contexts were read."""
    layers: tuple[DecodedLayer, ...]
    """From what the first layer is given to what the last one gives, which the answer is made of.
    """

    def figure(
        self,
        *,
        quantity: str = "rise",
        width: str | float | int = "page",
        ax: Any = None,
    ) -> Any:
        """Return a matplotlib figure by layer; it has no title.

        Args:
            quantity: `rise` of the scores, or `first_change` of the share of contexts that a group
                has the best response for.
            width: `column` (3.3 inches), `page` (6.9) or inches.
            ax: Your own matplotlib axes to draw into; `width` does not count then.

        Raises:
            DataError: There is no such quantity or width.
        """
        from semspill.report.figures import layers_figure

        return layers_figure(self, quantity, width, ax)
