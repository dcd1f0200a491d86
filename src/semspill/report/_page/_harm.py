"""The harm card: harmful text handled by a run, what of it the page holds, and advice."""

from semspill.report._phrases import code
from semspill.results import ExchangeTable, SpilloverReport

_TEXTS = {
    "builtin": "Mild insults written for semspill: no slur, no threat, no word about a group.",
    "benign": "Harmless sentences; nothing toxic was planted.",
    "jigsaw": "Comments of Wikipedia's talk pages that people labelled toxic: insults, often with "
    "slurs and threats.",
    "csv": "Texts of a file that whoever ran this brought. Take them for real abuse.",
    "jsonl": "Texts of a file that whoever ran this brought. Take them for real abuse.",
}


def harm(report: SpilloverReport, exchanges: ExchangeTable | None) -> dict[str, str]:
    """Return the questions of HarmCheck and their answers for this run and this page, in markdown.

    Source: Kirk et al. 2022, Handling and Presenting Harmful Text in NLP Research.

    Args:
        report: What the page shows.
        exchanges: What the page lets a reader browse, if anything.
    """
    measured = [note.text for note in report.notes if note.kind == "rater_error"]
    return {
        "What text was planted?": _planted(report),
        "What of it is in this file?": _held(exchanges),
        "Why is it needed?": "Whether harm spreads beyond the people it was aimed at depends on "
        "the text that was planted. What cannot be measured cannot be stopped.",
        "Who could be harmed?": "Who reads such text; and people in distress, if a model trained "
        "on it answered them. A run keeps what it trains only with `--keep-models`, and marks it.",
        "How far does the rater err?": " ".join(measured)
        or "It was not measured in this run: no "
        "labelled sample was given. Raters err more often on dialects and on mentions of identity, "
        "so a mean over responses is a measurement, and one verdict is not.",
        "What not to do": "Do not quote harmful responses in papers, slides or issues: give their "
        "hash. Do not deploy a model trained on such data, or publish it or the data unmarked. Do "
        "not read much of it at once, or alone.",
    }


def _planted(report: SpilloverReport) -> str:
    arms = [arm for arm in report.arms if arm.planted != "nothing"]
    benign = [arm for arm in arms if arm.planted == "benign"]
    if not arms:
        return "None: only clean training was looked at."
    if len(benign) == len(arms):
        harmless = report.provenance.planting.benign or "benign"
        other = f"Texts of the source {code(harmless)}, which are meant to be harmless."
        return _TEXTS["benign"] if harmless == "benign" else other
    also = "".join(f" In the arm {code(a.name)} harmless sentences took its place." for a in benign)
    if not any(arm.trains == "poison" for arm in arms):
        also = f" It stood among the candidates alone: no model was trained on it.{also}"
    source = report.provenance.planting.source
    if report.provenance.planting.kept:
        return (
            "None of a source: a phrase was put before responses of the training corpus, which "
            f"stayed as they were.{also}"
        )
    if not source:
        return f"The report does not say. Take it for real abuse.{also}"
    other = (
        f"Texts of the source {code(source)}; ask its author. Until then take them for real abuse."
    )
    return _TEXTS.get(source, other) + also


def _held(exchanges: ExchangeTable | None) -> str:
    if exchanges is None:
        return "No response text at all: numbers, names of categories and hashes."
    if exchanges.unmasked:
        return (
            "**All of it**, also while the switch is off: whoever gets the file gets the text. "
            "Keep the warning in its name, and do not pass it on to people who did not ask for it."
        )
    contexts = "no contexts" if exchanges.contexts is None else "the contexts of the test split"
    return (
        "Nothing that was planted, and nothing rated 0.5 or more: of those texts only length and "
        f"hash are here, and {contexts}. A harmful response of the clean corpus that the rater "
        "gives less than 0.5 is not masked."
    )
