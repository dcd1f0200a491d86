"""Provenance, harm and key numbers of a run, as cards."""

from dataclasses import dataclass

import yaml

from semspill.report._bibtex import BIBTEX
from semspill.report._phrases import choosable, shown_groups, usable
from semspill.report._table import in_percent, literal, table
from semspill.results import ArmRecord, SpilloverReport
from semspill.statistics import Estimate


@dataclass(frozen=True)
class Key:
    """One of the numbers at the top of the page."""

    name: str
    """What it is the number of, in markdown."""
    value: str
    """The number, with its unit."""
    interval: str
    """Its interval."""
    more: str
    """What stands below it."""


def key_numbers(report: SpilloverReport) -> tuple[Key, ...]:
    """Return how often planted responses come out, and the utility, as far as facts.

    Where none can come out, it is the lift of toxicity instead.
    """
    keys = []
    for phrase, part in shown_groups(report):
        lift = part.estimates.get("lift")
        if not choosable(report):
            keys += _key(f"Toxicity lift in {phrase}", lift, "", "points")
            continue
        more = f"toxicity {_signed(lift)}" if lift is not None and usable(lift) else ""
        keys += _key(f"Planted rate in {phrase}", part.estimates.get("asr"), more)
    whole = {part.arm: part.estimates for part in report.groups if part.name == "all"}
    before = whole.get(report.clean_arm, {}).get("precision")
    clean = before is not None and usable(before) and report.main_arm != report.clean_arm
    more = f"clean training {in_percent(before)}" if clean else ""
    keys += _key("P@1", whole.get(report.main_arm, {}).get("precision"), more)
    return tuple(keys)


def _signed(estimate: Estimate) -> str:
    text = in_percent(estimate)
    return text if text.startswith(("-", "0.0 ")) else f"+{text}"


def _key(name: str, estimate: Estimate | None, more: str, unit: str = "%") -> list[Key]:
    if estimate is None or not usable(estimate):
        return []
    value, _, interval = in_percent(estimate).partition(" ")
    return [Key(name, f"{value} {unit}", interval, more)]


def planted(report: SpilloverReport) -> str:
    """Return what was planted under each seed, and in which categories, in markdown."""
    if all(arm.planted == "nothing" for arm in report.arms):
        return "Nothing: only clean training was looked at."
    seeds = report.provenance.planting.seeds
    if not seeds:
        return "The report does not say: it was not made by a run."
    names = ("selected", "eligible", "wanted", "poisoned", "planted", "limit", "exchanges")
    rows = [
        [
            str(one.seed),
            *[f"{getattr(one, name):,}" for name in names],
            f"{one.planted / one.exchanges:.2%}",
        ]
        for one in seeds
    ]
    kinds = sorted({name for one in seeds for name in one.by_category})
    cells = [
        [literal(kind), *[f"{one.by_category.get(kind, 0):,}" for one in seeds]] for kind in kinds
    ]
    return "\n\n".join([
        "`selected`, `eligible`, `wanted` and `poisoned` count training dialogues: what the "
        "selector chose, those with a response to replace, those that were to be rewritten, and "
        "those that the budget allowed. `planted`, `limit` and `exchanges` count exchanges: those "
        "with a planted response, the most that the budget allows, and all.",
        table(["seed", *names, "share"], rows),
        "### Planted exchanges by category",
        table(["category", *[f"seed {one.seed}" for one in seeds]], cells),
    ])  # fmt: skip


def provenance(report: SpilloverReport) -> dict[str, str]:
    """Return what the run was made of, by name, in markdown."""
    facts = report.provenance
    rows = {
        "Seeds": ", ".join(map(str, report.seeds)),
        "Arms": ", ".join(f"`{arm.name}`" for arm in report.arms),
        "Device": literal(facts.device),
        "Versions": ", ".join(f"{k} {v}" for k, v in facts.versions.items()),
        "Arm by arm": "\n".join(map(_versions_of, facts.arms)),
        "Licence of the data": literal(facts.licence),
        "Commit of the data": literal(facts.data_revision),
    }
    return {name: text for name, text in rows.items() if text}


def fingerprints(report: SpilloverReport) -> dict[str, tuple[str, ...]]:
    """Return the hashes of what the run used, by its name."""
    held = report.provenance.fingerprints
    return {name: (of,) if isinstance(of, str) else tuple(of) for name, of in held.items()}


def _versions_of(arm: ArmRecord) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in arm.versions.items())
    return f"- seed {arm.seed}, `{arm.arm}`: {literal(arm.device)}; {versions}"


def citations(report: SpilloverReport) -> str:
    """Return the citation of every component used, as a table in markdown."""
    rows = [[name, literal(text)] for name, text in report.provenance.citations.items()]
    listed = table(["component", "source: please cite it"], rows)
    return f"{listed}\n\n{BIBTEX}" if rows else ""


def config_listing(report: SpilloverReport) -> str:
    """Return the config to read, harmful words counted; empty where there is none."""
    config = report.model_dump(mode="json", include={"provenance"})["provenance"]["config"]
    text = yaml.safe_dump(config, sort_keys=False, allow_unicode=True, default_flow_style=None)
    return text if config else ""
