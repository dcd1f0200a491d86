"""Differences between runs: config fields, and what makes numbers incomparable."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from semspill.report._table import listed, literal, table
from semspill.results import SpilloverReport

Runs = Mapping[str, SpilloverReport]

_UNSET = "not set"
_NAMED = 3
"""Most runs that a warning names side by side; the others are counted."""
_MEANT = {
    "test": "Test exchanges differ.",
    "train": "Clean training corpora differ.",
    "ranking": "Lists of responses to rank differ, so P@1 does not compare.",
    "rater": "Raters differ, so rated toxicity and its lift do not compare; the planted rate needs "
    "no rater.",
}


def differences(runs: Runs) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """Return the config fields that differ, with each run's value, and those that do not."""
    flat = [_flat(report.provenance.config) for report in runs.values()]
    names = list(dict.fromkeys(name for fields in flat for name in fields))
    of_runs = {name: tuple(_text(fields.get(name, _UNSET)) for fields in flat) for name in names}
    shared = {name: values[0] for name, values in of_runs.items() if len(set(values)) == 1}
    return {name: v for name, v in of_runs.items() if name not in shared}, shared


def differences_table(runs: Runs) -> str:
    """Return the fields that differ as a markdown table; a row is what there are more of."""
    varied, _ = differences(runs)
    if not varied:
        return ""
    names, labels = [literal(name) for name in varied], [literal(label) for label in runs]
    rows = [[name, *map(literal, v)] for name, v in zip(names, varied.values(), strict=True)]
    if len(rows) >= len(labels):
        return table(["field", *labels], rows)
    columns = zip(*(row[1:] for row in rows), strict=True)
    return table(["run", *names], [[label, *v] for label, v in zip(labels, columns, strict=True)])


def shared_table(runs: Runs) -> str:
    """Return the fields that all runs share as a markdown table; empty without any."""
    _, shared = differences(runs)
    rows = [[literal(name), literal(value)] for name, value in shared.items()]
    return table(["field", "value"], rows) if rows else ""


def cautions(runs: Runs, *, targets: bool = True, told: bool = False) -> tuple[str, ...]:
    """Return a sentence for everything that keeps numbers of the runs from being compared.

    Args:
        runs: Their reports, by label.
        targets: Whether other targets count, which a target-by-victim matrix is made for.
        told: Whether a comparison says already what is not paired or not compared.
    """
    sentences = []
    meanings = {name: meant for name, meant in _MEANT.items() if name == "train" or not told}
    for name, meant in meanings.items():
        prints = {
            label: str(report.provenance.fingerprints.get(name, _UNSET))
            for label, report in runs.items()
        }
        if len(set(prints.values())) > 1:
            sentences.append(f"{meant} {_sides(prints)}")
    differ = "Targets differ: target and nearest neighbour are other categories in other runs."
    facts = {
        differ: {label: report.target if targets else "" for label, report in runs.items()},
        "Arms differ.": {
            label: "" if label == report.main_arm else report.main_arm
            for label, report in runs.items()
        },
        "Seeds differ.": {
            label: "" if told else ", ".join(map(str, report.seeds))
            for label, report in runs.items()
        },
    }
    sentences += [
        f"{meant} {_valued(values)}" for meant, values in facts.items() if _several(values)
    ]
    methods = {label: report.similarity_method for label, report in runs.items()}
    if _several(methods):
        sentences.append(
            "Similarity is measured in different ways, so slopes and places on that axis do not "
            f"compare. {_sides(methods)}"
        )
    return tuple(sentences)


def _several(values: Mapping[str, str]) -> bool:
    return len(set(values.values())) > 1


def _sides(values: Mapping[str, str]) -> str:
    """Say which runs stand on which side, without the values, which nobody reads."""
    sides = [
        listed([label for label, v in values.items() if v == value], _NAMED)
        for value in dict.fromkeys(values.values())
    ]
    if len(sides) > _NAMED:
        return f"There are {len(sides)} kinds among {len(values)} runs."
    return f"On one side: {'; on another: '.join(sides)}."


def _valued(values: Mapping[str, str]) -> str:
    kinds = list(dict.fromkeys(values.values()))
    sides = [
        f"{literal(kind)} in {listed([k for k, v in values.items() if v == kind], _NAMED)}"
        for kind in kinds[:_NAMED]
    ]
    more = f"; and {len(kinds) - _NAMED} more" if len(kinds) > _NAMED else ""
    return f"They are: {'; '.join(sides)}{more}."


def _flat(fields: Any, prefix: str = "") -> dict[str, Any]:
    if not isinstance(fields, Mapping) or not fields:
        return {prefix.removesuffix("."): fields} if prefix else {}
    flat: dict[str, Any] = {}
    for name, value in fields.items():
        flat |= _flat(value, f"{prefix}{name}.")
    return flat


def _text(value: Any) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(_text, value)) or "none"
    if isinstance(value, Mapping):
        extra = ", ".join(f"{k}={_text(v)}" for k, v in value.items() if k != "name")
        name = str(value.get("name", ""))
        return f"{name}({extra})" if extra else name
    return value if isinstance(value, str) else json.dumps(value, default=str)
