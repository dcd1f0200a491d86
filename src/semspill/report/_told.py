"""What a report tells of its making, which is anybody's: parts may be left out or be bare names."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from semspill._mask import counted, printable, strings_in
from semspill.report._table import topic
from semspill.results import SpilloverReport


def field(part: Any, *path: str) -> Any:
    """Return the field at the end of a path, or None where there is none.

    Example:
        >>> field({"rater": {"name": "lexicon"}}, "rater", "name"), field("lexicon", "name")
        ('lexicon', None)
    """
    for name in path:
        part = part.get(name) if isinstance(part, Mapping) else None
    return part


def called(part: Any) -> str:
    """Return the name of a component, which may be given by its name alone; empty without one.

    Example:
        >>> called({"name": "csv", "path": "x"}), called("csv"), called(None)
        ('csv', 'csv', '')
    """
    return part if isinstance(part, str) else str(field(part, "name") or "")


def code(name: str) -> str:
    """Return a name of a part as markdown sets it, whatever is in it; empty for none."""
    return f"`{printable(' '.join(name.replace('`', ' ').split()))}`" if name else ""


def config(report: SpilloverReport) -> Any:
    """Return the config of a report, if it tells it."""
    return report.provenance.get("config")


def manifests(report: SpilloverReport) -> list[Mapping[str, Any]]:
    """Return what was planted under each seed, in numbers."""
    return list(report.provenance.get("manifests") or ())


def quantity_of(report: SpilloverReport, name: str, family: Iterable[str]) -> str:
    """Return what a metric of the whole arm is about: `toxicity`, `asr`, or nothing if untold.

    Args:
        report: A `SpilloverReport`.
        name: The metric, whose name tells where there are several of its kind.
        family: All metrics of its kind.
    """
    if "of=asr" in name:
        return "asr"
    if len(list(family)) > 1:
        return "toxicity"
    told = field(config(report), "analyzer", "metrics")
    parts = told if isinstance(told, Sequence) else ()
    kinds = {str(field(p, "of") or "toxicity") for p in parts if called(p) == topic(name)}
    return kinds.pop() if kinds in ({"toxicity"}, {"asr"}) else ""


_CAREFUL = ("rater", "source", "benign", "strategy")
_SHOWN = ("where",)


def safe(told: Any) -> Any:
    """Return a config to show, which may come from anywhere: harmful words are counted.

    What a run tells of its config is masked already. In another one, any texts in a rater, a
    source or a strategy may be harmful; a hash tells two of them apart.

    Example:
        >>> safe({"rater": {"name": "lexicon", "words": [["grumble", 1.0]]}})
        {'rater': {'name': 'lexicon', 'words': '1 word in config.json (sha256 6e63d86f)'}}
    """
    if isinstance(told, Mapping):
        return {key: _part(v) if key in _CAREFUL else safe(v) for key, v in told.items()}
    return [safe(held) for held in told] if isinstance(told, list | tuple) else told


def _part(told: Any) -> Any:
    if isinstance(told, Mapping):
        return {key: v if key in _SHOWN else _field(v) for key, v in told.items()}
    return told


def _field(told: Any) -> Any:
    if isinstance(told, Mapping) and "name" in told:
        return _part(told)
    if isinstance(told, list | tuple) and all(isinstance(held, Mapping) for held in told):
        return [_part(held) for held in told]
    several = isinstance(told, Mapping | list | tuple)
    hidden = several and next(iter(strings_in(told)), None) is not None
    return counted(told, " in config.json") if hidden else told
