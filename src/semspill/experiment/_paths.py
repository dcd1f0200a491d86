"""Absolute paths for a config, so that it means the same files from everywhere."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from semspill._model import FrozenModel, may_be_path
from semspill._read import can_be_path
from semspill.errors import ConfigError

M = TypeVar("M", bound=FrozenModel)

_FILES = (".csv", ".json", ".jsonl", ".parquet", ".toml", ".txt")


def anchored(
    model: M, folder: Path, places: Mapping[str, Path] | None = None, *, where: str = ""
) -> M:
    """Return a config or component whose paths are absolute, in all its parts.

    Args:
        model: The config or component.
        folder: What relative paths count from.
        places: Other folders, by the dotted name of the field that they hold for.
        where: What an error begins with.

    Raises:
        ConfigError: A path names a home folder that is not known, or cannot be a path.
    """
    anchors = _Anchors(folder, places or {}, where)
    whole: M = anchors.whole(model, "", False)
    return whole


class _Anchors:
    def __init__(self, folder: Path, places: Mapping[str, Path], where: str) -> None:
        self.folder, self.places, self.where = folder, places, where

    def whole(self, value: Any, name: str, named: bool) -> Any:
        """Return a value with absolute paths; the very object where there is nothing to change.

        Args:
            value: A part of the config.
            name: Its dotted name.
            named: Whether a text may be a path.
        """
        if isinstance(value, FrozenModel):
            infos = type(value).model_fields
            held = {key: getattr(value, key) for key in infos}
            whole = {
                key: self.whole(part, f"{name}.{key}".lstrip("."), may_be_path(infos[key]))
                for key, part in held.items()
            }
            changes = {key: part for key, part in whole.items() if part is not held[key]}
            return value.replace(**changes) if changes else value
        if type(value) in (tuple, list):
            parts = [self.whole(part, f"{name}.{i}", named) for i, part in enumerate(value)]
            same = all(one is other for one, other in zip(parts, value, strict=True))
            return value if same else type(value)(parts)
        if type(value) is dict:
            inner = {key: self.whole(part, f"{name}.{key}", named) for key, part in value.items()}
            return value if all(inner[key] is value[key] for key in value) else inner
        if isinstance(value, Path):
            whole_path = self._path(value, name)
            return value if whole_path == value else whole_path
        if named and isinstance(value, str) and self._leads(value, name):
            whole_text = str(self._path(Path(value), name))
            return value if whole_text == value else whole_text
        return value

    def _folder(self, name: str) -> Path:
        above = [name[: len(name) - cut] for cut in range(len(name))]
        return next((self.places[part] for part in above if part in self.places), self.folder)

    def _path(self, path: Path, name: str) -> Path:
        if not can_be_path(path):
            raise ConfigError(f"{self.where}{name}: holds a character that no path can have.")
        try:
            path = path.expanduser()
        except RuntimeError as error:
            raise ConfigError(
                f"{self.where}{name}: begins with a home folder that is not known here; write the "
                "whole path."
            ) from error
        path = self._folder(name) / path
        if path.name == "..":
            return path.resolve()
        # The folder as it really is, so that all spellings of it are one; a link keeps its name.
        return Path(os.path.realpath(path.parent), path.name)

    def _leads(self, text: str, name: str) -> bool:
        """Return whether a text that may also be a name on the hub is a path."""
        if text.startswith(("~", "./", "../", os.sep)) or text.endswith(_FILES):
            return True
        return os.path.exists(os.path.join(self._folder(name), text))
