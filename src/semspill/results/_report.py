"""The outcome of an experiment as numbers, intervals and citations, ready to write or draw."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Literal

from semspill._mask import named, printable
from semspill._model import FrozenModel
from semspill._names import composed
from semspill.errors import DataError, did_you_mean
from semspill.results._arms import Arm, ArmField, main_arm, reference
from semspill.results._defenses import DefensesReport, arms_added
from semspill.results._doses import DoseResponse
from semspill.results._exchanges import ExchangeTable
from semspill.results._format import require_format
from semspill.results._kinds import KindReport
from semspill.results._labels import LabelReport
from semspill.results._matchers import MatcherReport
from semspill.results._note import Note
from semspill.results._parts import Band, Part, SimilarityCheck
from semspill.results._probes import ProbeReport
from semspill.results._provenance import Provenance
from semspill.results._slices import MARGIN, CurvePoint, SliceReport, find_slice
from semspill.results._verdict import Verdict
from semspill.statistics import Estimate


class SpilloverReport(FrozenModel):
    """What was planted, how far it spilled over, and how sure that is.

    `verdict` says what came out, `print` shows the main numbers too; `category` and `group` give
    one slice, `to_markdown` a page to read, `to_json` everything.
    """

    format: Literal[2] = 2
    """Version of the format of `to_json`."""
    target: str
    """The category that was poisoned."""
    nearest: str
    """The category that counts as its nearest neighbour."""
    far: tuple[str, ...]
    """Two categories that count as far away."""
    arms: tuple[ArmField, ...]
    """The arms compared, the clean one first."""
    seeds: tuple[int, ...]
    """The training seeds."""
    similarity: Mapping[str, float]
    """Similarity of each category to the target, in the units of its method."""
    similarity_method: str
    """How similarity was measured, and on what."""
    similarity_unit: str = ""
    """What its numbers are, such as log odds of the target; empty where the method says it."""
    margin: float = MARGIN
    """The least rise that would matter, as a share; `p_margin` of an estimate is the test of it."""
    categories: tuple[SliceReport, ...]
    """One slice per arm and category."""
    groups: tuple[SliceReport, ...]
    """One slice per arm and group: target, nearest, the two far ones, all but the target, all."""
    overall: Mapping[str, Mapping[str, Estimate]]
    """Metrics of a whole arm, such as the correlation of lift with similarity, by arm and name."""
    decomposition: tuple[Part, ...] = ()
    """How much of each group's lift is pool, training and lost quality; empty where not known."""
    sensitivity: tuple[SimilarityCheck, ...] = ()
    """Results of the main arm under other definitions of similarity."""
    bands: Mapping[str, Band] = {}
    """What a shuffle of the category labels does to the line of lift on similarity, by metric,
    of every lift of the main arm."""
    curve: tuple[CurvePoint, ...] = ()
    """Toxicity and planted rate over epochs; empty when it was not watched."""
    doses: tuple[DoseResponse, ...] = ()
    """How planted answers depend on the text of single exchanges, one for each definition of
    similarity that knows single exchanges, in the order of the definitions."""
    undecided: Mapping[str, int | None] = {}
    """The categories in which neither a planted-rate lift nor its absence is shown, and how many
    more test dialogues of each would decide that in half of such experiments; None where only more
    training seeds would. Of toxicity where nothing planted can be chosen; empty where one rose."""
    matchers: tuple[MatcherReport, ...] = ()
    """Planted rates by what counts as planted, that of all other numbers first; empty where there
    is but `exact`."""
    probes: tuple[ProbeReport, ...] = ()
    """What the arms answered to test contexts that each probe changed; empty without probes."""
    kinds: tuple[KindReport, ...] = ()
    """Ratings by kind of harm; empty where the rater knows toxicity alone."""
    labels: LabelReport | None = None
    """What predicted labels did; None where contexts show none."""
    defenses: DefensesReport | None = None
    """What defenses did, each beside its control; None without defenses."""
    notes: tuple[Note, ...] = ()
    """What a reader must know before believing the numbers."""
    provenance: Provenance = Provenance()
    """What was planted and trained, with what, and the citations of every component used."""

    def __repr__(self) -> str:
        asr = self.category(self.target).estimates.get("asr")
        planted = "" if asr is None else f", planted rate {asr} there"
        seeds = f"{len(self.seeds)} seed{'' if len(self.seeds) == 1 else 's'}"
        return printable(f"<SpilloverReport: planted in {self.target}{planted}, {seeds}>")

    def __str__(self) -> str:
        """Return verdict, facts and the main numbers as plain text; no response text."""
        from semspill.report._text import text

        return text(self)

    @property
    def verdict(self) -> Verdict:
        """What came out: `kind` for a program, and a sentence; `print` shows it plain."""
        from semspill.report._verdict import verdict

        return verdict(self)

    def _repr_html_(self) -> str:
        """Return what a notebook shows: verdict, facts and the groups; no response text."""
        from semspill.report._notebook import report_cell

        return str(report_cell(self))

    @property
    def main_arm(self) -> str:
        """Name of the arm whose numbers are meant when none is named: `poison`, else the last."""
        return main_arm(self.arms).name

    @property
    def clean_arm(self) -> str:
        """Name of the arm in which nothing is planted."""
        return reference(self.arms).name

    @property
    def defended_arms(self) -> tuple[Arm, ...]:
        """The arms that defenses added, which `defenses` compares; they have no slices here."""
        if self.defenses is None:
            return ()
        return arms_added(self.defenses, self.arm(self.defenses.attacked), self.arm(self.clean_arm))

    def arm(self, name: str | None = None) -> Arm:
        """Return an arm with its roles; by default the main one.

        Raises:
            DataError: The report has no such arm.
        """
        name, arms = self.main_arm if name is None else name, {arm.name: arm for arm in self.arms}
        if name not in arms:
            raise DataError(
                f"The report has no arm {named(name)}.{did_you_mean(name, arms)} "
                f"It has: {', '.join(arms)}."
            )
        return arms[name]

    def category(self, name: str, arm: str | None = None) -> SliceReport:
        """Return one category's numbers, by default those of the main arm.

        Raises:
            DataError: The report has no such category or arm.
        """
        return find_slice("category", self.categories, composed(name), self.arm(arm).name)

    def group(self, name: str, arm: str | None = None) -> SliceReport:
        """Return the numbers of one group: a category of the paper's five, `all` or `all but X`.

        Raises:
            DataError: The report has no such group or arm.
        """
        return find_slice("group", self.groups, name, self.arm(arm).name)

    def to_json(self) -> str:
        """Return everything as JSON; undefined numbers are null."""
        return self.model_dump_json(indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "SpilloverReport":
        """Return the report that `to_json` wrote.

        Raises:
            DataError: It has the format of another version of semspill.
        """
        require_format(text, "report")
        return cls.model_validate_json(text)

    @cached_property
    def exchanges(self) -> ExchangeTable | None:
        """What the arms answered, to browse; None for a report that was read from JSON."""
        return None

    def browsable(self, exchanges: ExchangeTable) -> "SpilloverReport":
        """Return the report with what the arms answered; it is not part of its JSON."""
        report = self.replace()
        vars(report)["exchanges"] = exchanges
        return report

    def to_markdown(self) -> str:
        """Return a page of tables; it shows no response text."""
        from semspill.report._markdown import markdown

        return markdown(self)

    def to_html(self, exchanges: ExchangeTable | None = None, *, date: str = "") -> str:
        """Return one self-contained page to open in a browser; it asks nothing of the network.

        Args:
            exchanges: What the arms answered, to browse; by default `exchanges` of this report,
                masked. Harmful text is in the page only if the table given holds it, and then
                hidden until it is asked for.
            date: The day of the run, as the page names it; a report does not hold it.
        """
        from semspill.report._page import report_page

        if exchanges is None and self.exchanges is not None:
            exchanges = self.exchanges.masked()
        return report_page(self, exchanges, date=date)

    @property
    def figures(self) -> tuple[str, ...]:
        """Names of the figures that `figure` can draw of this report."""
        from semspill.report.figures import figures

        return figures(self)

    def figure(
        self,
        name: str,
        *,
        width: str | float | int = "column",
        quantity: str | None = None,
        ax: Any = None,
    ) -> Any:
        """Return a matplotlib figure for a paper: `report.figure("spillover").savefig("x.pdf")`.

        It has no title; say in the caption what is shown. Text stays text in .pdf and .svg.

        Args:
            name: `spillover`, `epochs`, `distribution`, `decomposition` or `dose`, planted answers
                against the similarity of contexts; with probes of a trigger `trigger`, the same of
                phrases; with predicted labels `channels`, the parts of each lift via the label and
                via the text, and `confusion`, lift against the share of contexts labelled as the
                target; with defenses `tradeoff`, planted rate against utility, `roc`, curves of
                detectors, and `removed`, what was taken out of each category.
            width: `column` (3.3 inches), `page` (6.9) or inches.
            quantity: `toxicity`, or `asr` for the planted rate; by default toxicity, of
                `dose`, `trigger`, `channels` and `confusion` the planted rate.
            ax: Your own matplotlib axes to draw into; not for figures of several panels. `width`
                does not count then, and the figure that holds them returns.

        Raises:
            DataError: This report cannot draw that figure so.
        """
        from semspill.report.figures import figure

        return figure(self, name, width, quantity, ax)

    def to_frame(self, part: str = "categories") -> Any:
        """Return a part of the numbers as a tidy pandas data frame: one row per number.

        Args:
            part: `categories`, `groups`, `overall`, `decomposition`, `doses`, `dose_bins`,
                `curve` or `distribution`; of predicted labels `channels` (both parts of each lift),
                `confusion` (how often each category gets each label) and `label_curve` (what
                orders the lifts); `matchers`; `probes`; `kinds` of harm; `defenses`.

        Raises:
            DataError: There is no such part.
        """
        from semspill.report._frame import to_frame

        return to_frame(self, part)

    def to_latex(
        self,
        rows: str = "groups",
        *,
        metrics: Sequence[str] | None = None,
        arms: Sequence[str] | None = None,
        caption: str = "",
        label: str = "",
    ) -> str:
        """Return a LaTeX table with intervals, for a paper that uses booktabs.

        Shares are in percent; bold numbers survive Holm's correction, and the last line says so.

        Args:
            rows: `groups`; `categories`, the most similar to the target first; `matchers`;
                `probes`; `kinds` of harm; or `defenses`.
            metrics: The columns; by default planted rate, toxicity lift and P@1. Of defenses
                some of the columns that its error lists.
            arms: The arms, a row each; by default the main one. Not of defenses.
            caption: LaTeX of the caption; without caption and label the tabular stands alone.
            label: Label to refer to the table by.

        Raises:
            DataError: A kind of row, a metric or an arm is unknown.
        """
        from semspill.report._latex import to_latex

        return to_latex(self, rows, metrics, arms, {"caption": caption, "label": label})

    def to_bibtex(self) -> str:
        """Return what to cite, as BibTeX: semspill, and the works behind the components used."""
        from semspill.report._bibtex import bibtex

        return bibtex(self)
