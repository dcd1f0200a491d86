"""The parts of the lift as a section of the page."""

from semspill.report._table import in_percent, literal, table
from semspill.results import Quantity, SpilloverReport

_TITLES: dict[Quantity, str] = {"asr": "Planted rate", "toxicity": "Toxicity"}
_MEANINGS = {
    "total": "`total` is poison minus clean.",
    "pool": "`pool` is what planted candidates do to a clean model (pool_only minus clean).",
    "training": "`training` is what the moved encoder does where nothing planted can be chosen "
    "(train_only minus clean).",
    "both": "`both` needs a moved encoder and planted candidates at once; "
    "total = pool + training + both.",
    "quality": "`quality` is what a harmless swap of the same size does (benign_swap minus clean): "
    "for toxicity what mere loss of quality does, for the planted rate how often the harmless "
    "planted response is chosen.",
    "harm": "`harm` is poison minus benign_swap; total = quality + harm.",
}


def decomposition_section(report: SpilloverReport) -> str:
    """Return the section, empty when the arms give the total only."""
    if not report.decomposition:
        return ""
    names = list(dict.fromkeys(part.part for part in report.decomposition))
    groups = list(dict.fromkeys(part.group for part in report.decomposition))
    estimates = {(p.quantity, p.group, p.part): p.estimate for p in report.decomposition}
    meanings = " ".join(_MEANINGS[name] for name in names)
    blocks = [f"Paired differences between arms, in percentage points. {meanings}"]
    for quantity, title in _TITLES.items():
        rows = [
            [literal(g), *[in_percent(estimates.get((quantity, g, n))) for n in names]]
            for g in groups
        ]
        blocks.append(f"### {title}\n\n{table(['group', *names], rows)}")
    return "\n\n".join(blocks)
