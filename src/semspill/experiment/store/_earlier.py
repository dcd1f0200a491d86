"""Comparison of an earlier run in a folder with the config of this one."""

from pathlib import Path
from typing import Any

from semspill._read import parse_json
from semspill.experiment._fingerprints import json_digest
from semspill.experiment._treatment import defense_in
from semspill.experiment.store._answers import read_answers

# Computed from finished arms, or the place of the rating cache: no arm depends on these.
_UNTRAINED = {"analyzer", "labelled", "rating_cache"}
# May grow: each arm stands alone, and its curve is read from its own answers.
_ADDED = {"seeds", "arms", "defenses"}
# Of no meaning to an arm without a defense.
_DEFENDING = {"trusted_split", "same_rater"}


def arm_digest(config: dict[str, Any], arm: str) -> str:
    """Return a hash of the part of a config, as JSON values, that decides one of its arms."""
    fields = _without(config, _UNTRAINED | _ADDED | _DEFENDING)
    if not fields.get("probes"):
        fields.pop("probes", None)  # arms of versions without probes stay what they are
    roles = [each for each in config.get("arms", ()) if _name(each) == arm]
    defenses = config.get("defenses", {})
    if roles or (defense := defense_in(arm)) not in defenses:
        return json_digest({**fields, "arm": roles})
    own = {"arm": arm, "arms": config["arms"], "defense": defenses[defense]}
    return json_digest({**fields, **own, "trusted_split": config.get("trusted_split")})


class EarlierRun:
    """What an earlier run left in a folder; none where there is no config of one.

    Args:
        folder: Where to look.
        config: The text of the config that is to be run.
    """

    def __init__(self, folder: Path, config: str) -> None:
        self.folder = folder
        self._text, self._wanted = config, parse_json(config)
        self._content = _bytes(folder / "config.json")
        self._config = _completed(_parsed(self._content), self._wanted)

    @property
    def is_usable(self) -> bool:
        """Whether its arms are those of the config, which may have more."""
        return self.trains_alike or self.is_extended

    @property
    def trains_alike(self) -> bool:
        """Whether its config trains the very same arms."""
        if self._config is None:
            return False
        return _without(self._config, _UNTRAINED) == _without(self._wanted, _UNTRAINED)

    @property
    def is_extended(self) -> bool:
        """Whether the config only adds seeds, arms or a curve to it, and at least one of these."""
        old, new, grown = self._config, self._wanted, _ADDED | {"curve"}
        if old is None or old == new or _without(old, grown) != _without(new, grown):
            return False
        added = all(each in new[name] for name in ("seeds", "arms") for each in old.get(name, ()))
        defenses = old.get("defenses", {}).items() <= new["defenses"].items()
        return added and defenses and bool(new["curve"] or not old.get("curve"))

    @property
    def is_older(self) -> bool:
        """Whether its config is this one, but for fields of the analyzer that came later."""
        return self._config == self._wanted and self._content != self._text.encode()

    @property
    def is_reported(self) -> bool:
        """Whether its config and its report are this one's: an analysis may have been cut short."""
        if self._content != self._text.encode():
            return False
        report = _parsed(_bytes(self.folder / "report.json")) or {}
        provenance = report.get("provenance")
        digest = provenance.get("config_sha256") if isinstance(provenance, dict) else None
        return bool(digest == json_digest(self._wanted))

    @property
    def lost_its_config(self) -> bool:
        """Whether config.json is damaged, but all finished arms are those of the config."""
        if self._content is None or self._config is not None:
            return False
        arms = [(read_answers(path), path.parent.name) for path in self.scores()]
        return bool(arms) and all(
            answers is None or answers.record.get("config") == arm_digest(self._wanted, arm)
            for answers, arm in arms
        )

    @property
    def changed(self) -> list[str]:
        """The fields whose values decide its arms and are others now; a defense's by its name."""
        old, new = self._config or {}, self._wanted
        names = [
            name
            for name in new
            if name not in _UNTRAINED | _ADDED and old.get(name, new[name]) != new[name]
        ]
        for name in ("seeds", "arms"):
            if any(each not in new[name] for each in old.get(name, ())):
                names.append(name)
        defenses = new.get("defenses", {})
        return names + [
            f"defenses.{name}"
            for name, parts in old.get("defenses", {}).items()
            if defenses.get(name) != parts
        ]

    def scores(self) -> list[Path]:
        """Return the files of its finished arms."""
        return list(self.folder.rglob("scores.npz"))


def _without(config: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in config.items() if name not in names}


def _completed(config: dict[str, Any] | None, wanted: dict[str, Any]) -> dict[str, Any] | None:
    """Return a config with what the version which wrote it did not have: analyzer and probes."""
    analyzer = config.get("analyzer") if config else None
    if config is None or not isinstance(analyzer, dict):
        return config
    given = {"probes": {}, **config} if "probes" in wanted else config
    return {**given, "analyzer": {**wanted.get("analyzer", {}), **analyzer}}


def _name(arm: Any) -> str:
    return str(arm["name"]) if isinstance(arm, dict) else str(arm)


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _parsed(content: bytes | None) -> dict[str, Any] | None:
    try:
        fields = None if content is None else parse_json(content)
    except ValueError:  # not written whole, or not by a run
        return None
    return fields if isinstance(fields, dict) else None
