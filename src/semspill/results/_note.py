"""A remark on a report: a kind and values for a program, a text for a reader."""

from collections.abc import Mapping

from semspill._model import FrozenModel


class Note(FrozenModel):
    """What a reader must know before believing a report.

    Example:
        >>> print(Note(kind="one_seed", values={"seeds": 1}, text="One training seed."))
        One training seed.
    """

    kind: str
    """What it is about, such as `short_training`, `one_seed`, `rater_floor`, `design_power` or
    `mixed_versions`."""
    values: Mapping[str, int | float | str | tuple[str, ...]] = {}
    """The facts behind the text, by name."""
    text: str
    """The remark in plain English."""

    def __str__(self) -> str:
        return self.text
