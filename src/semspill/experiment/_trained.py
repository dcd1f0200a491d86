"""Whether arms on disk are those that a config would train, whatever its analysis is."""

from pathlib import Path
from typing import Any

from semspill._read import parse_json
from semspill.experiment._answers_file import read_answers
from semspill.experiment._provenance import json_digest

# What is only computed from finished arms, or says where ratings are kept, may change.
_UNTRAINED = {"analyzer", "labelled", "rating_cache"}
# Each arm stands for itself; and whether it was watched is a matter of its own answers.
_ADDED = {"seeds", "arms"}


def config_print(config: str, arm: str) -> str:
    """Return a hash of the part of a config, as JSON, that decides what one of its arms is."""
    whole = parse_json(config)
    fields = {k: v for k, v in _trained(whole).items() if k not in _ADDED}
    roles = [each for each in whole.get("arms", ()) if _name(each) == arm]
    return json_digest({**fields, "arm": roles})


def is_extended_by(folder: Path, config: str) -> bool:
    """Return whether a folder holds a run of a config that this one adds seeds, arms or a curve to.

    A config that adds nothing extends no run.
    """
    kept, wanted = _config(folder), parse_json(config)
    if kept is None or kept == wanted:
        return False
    grown = _ADDED | {"curve"}
    same = {k: v for k, v in kept.items() if k not in grown} == {
        k: v for k, v in wanted.items() if k not in grown
    }
    return (
        same
        and all(each in wanted[name] for name in _ADDED for each in kept.get(name, ()))
        and (wanted["curve"] or not kept.get("curve"))
    )


def trained_alike(folder: Path, config: str) -> bool:
    """Return whether a folder holds arms of a config that differs at most in the analysis."""
    kept = _config(folder)
    return kept is not None and _trained(kept) == _trained(parse_json(config))


def is_config_of_arms(folder: Path, config: str) -> bool:
    """Return whether a folder lost its config, but all its finished arms are of this one."""
    if not (folder / "config.json").is_file() or _config(folder) is not None:
        return False
    kept = [(read_answers(path), path.parent.name) for path in folder.rglob("scores.npz")]
    return bool(kept) and all(
        answers is None or answers.record.get("config") == config_print(config, arm)
        for answers, arm in kept
    )


def _config(folder: Path) -> dict[str, Any] | None:
    try:
        said = parse_json((folder / "config.json").read_bytes())
    except (OSError, ValueError):  # not written whole, or not by a run
        return None
    return said if isinstance(said, dict) else None


def _name(arm: Any) -> str:
    return str(arm["name"]) if isinstance(arm, dict) else str(arm)


def _trained(config: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in config.items() if name not in _UNTRAINED}
