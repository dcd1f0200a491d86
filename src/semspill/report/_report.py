"""The outcome of an experiment as numbers, intervals and sources, ready to write or draw."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from semspill._model import FrozenModel
from semspill.errors import DataError, did_you_mean
from semspill.report._estimate import Estimate
from semspill.report._markdown import markdown
from semspill.report._parts import Band, Part, SimilarityCheck
from semspill.report._slices import CurvePoint, SliceReport


class SpilloverReport(FrozenModel):
    """What was planted, how far it spilled over, and how sure that is.

    `category` and `group` give the numbers of one slice, `to_markdown` a page to read, `to_json`
    everything.
    """

    target: str
    """The category that was poisoned."""
    nearest: str
    """The category that counts as its nearest neighbour."""
    far: tuple[str, ...]
    """Two categories that count as far away."""
    arms: tuple[str, ...]
    """The arms compared, the clean one first."""
    seeds: tuple[int, ...]
    """The training seeds."""
    similarity: Mapping[str, float]
    """Similarity of each category to the target, in the units of its method."""
    similarity_method: str
    """How similarity was measured, and on what."""
    categories: tuple[SliceReport, ...]
    """One slice per arm and category."""
    groups: tuple[SliceReport, ...]
    """One slice per arm and group: target, nearest, the two far ones, all but the target, all."""
    overall: Mapping[str, Mapping[str, Estimate]]
    """Metrics of a whole arm, such as the correlation of lift with similarity, by arm and name."""
    decomposition: tuple[Part, ...] = ()
    """How much of each group's lift is pool, training and lost quality; empty when the arms tell no
    more than the total."""
    sensitivity: tuple[SimilarityCheck, ...] = ()
    """What other definitions of similarity would have said of the main arm."""
    bands: Mapping[str, Band] = {}
    """What a shuffle of the category labels does to the line of lift on similarity, by metric:
    `lift`, `asr_lift`; of the main arm."""
    curve: tuple[CurvePoint, ...] = ()
    """Toxicity and attack success over epochs; empty when it was not watched."""
    notes: tuple[str, ...] = ()
    """What a reader must know before believing the numbers."""
    provenance: Mapping[str, Any] = {}
    """Config, versions, fingerprints, device and the sources of every component used."""

    def __repr__(self) -> str:
        target = self.category(self.target).estimates
        said = ", ".join(f"{name} {made}" for name, made in target.items())
        return f"<SpilloverReport: planted in {self.target}, arm {self.main_arm}: {said}>"

    @property
    def main_arm(self) -> str:
        """The arm whose numbers are meant when none is named: `poison`, else the last one."""
        return main_arm(self.arms)

    def category(self, name: str, arm: str | None = None) -> SliceReport:
        """Return one category's numbers.

        Args:
            name: The category.
            arm: The arm; by default `poison`.

        Raises:
            DataError: The report has no such category or arm.
        """
        return self._find("category", self.categories, name, arm)

    def group(self, name: str, arm: str | None = None) -> SliceReport:
        """Return the numbers of one group: a category of the paper's five, `all` or `all but X`.

        Raises:
            DataError: The report has no such group or arm.
        """
        return self._find("group", self.groups, name, arm)

    def to_json(self) -> str:
        """Return everything as JSON; undefined numbers are null."""
        return self.model_dump_json(indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "SpilloverReport":
        """Return the report that `to_json` wrote."""
        return cls.model_validate_json(text)

    def to_markdown(self) -> str:
        """Return a page of tables; it shows no response text."""
        return markdown(self)

    def _find(
        self,
        kind: Literal["category", "group"],
        slices: tuple[SliceReport, ...],
        name: str,
        arm: str | None,
    ) -> SliceReport:
        arm = self.main_arm if arm is None else arm
        if arm not in self.arms:
            raise DataError(
                f"The report has no arm {arm!r}.{did_you_mean(arm, self.arms)} "
                f"It has: {', '.join(self.arms)}."
            )
        found = {part.name: part for part in slices if part.arm == arm}
        if name not in found:
            raise DataError(
                f"The report has no {kind} {name!r}.{did_you_mean(name, found)} "
                f"It has: {', '.join(found)}."
            )
        return found[name]


def main_arm(arms: Sequence[str]) -> str:
    """Return the arm that is meant when none is named: `poison`, else the last one.

    Example:
        >>> main_arm(["clean", "poison", "benign_swap"])
        'poison'
    """
    return "poison" if "poison" in arms else arms[-1]
