"""The output folder of a run: built beside its place, renamed when complete, resumed if not."""

import json
import shutil
from pathlib import Path
from typing import Any

from semspill._atomic import write_text
from semspill.errors import ConfigError, DataError


class RunFolder:
    """Where a run writes; `path` is `OUT.partial` until `finish` renames it to `OUT`.

    An interrupted run leaves its partial folder; the same config resumes there, with the arms it
    had finished.

    Args:
        out: The folder to make.
        config: The resolved config, as JSON values.
        overwrite: Whether what is there may be replaced.

    Raises:
        ConfigError: The folder exists, or holds an interrupted run of another config.
        DataError: The folder cannot be written.
    """

    def __init__(self, out: str | Path, config: Any, *, overwrite: bool = False) -> None:
        self.out = Path(out)
        self.path = self.out.with_name(self.out.name + ".partial")
        self.overwrite = overwrite
        if self.out.exists() and not overwrite:
            raise ConfigError(
                f"{self.out} already exists; choose another folder with --out, or pass --overwrite."
            )
        text = json.dumps(config, indent=2, ensure_ascii=False) + "\n"
        try:
            self._claim(text)
        except OSError as error:
            raise DataError(
                f"{self.out} cannot be written ({error.strerror}); choose another folder."
            ) from error

    @property
    def resumed(self) -> bool:
        """Whether an interrupted run of the same config is being continued."""
        return self._resumed

    def finish(self) -> Path:
        """Move the complete folder to its place and return that."""
        if self.out.exists():
            old = self.out.with_name(self.out.name + ".old")
            shutil.rmtree(old, ignore_errors=True)
            self.out.rename(old)
            self.path.rename(self.out)
            shutil.rmtree(old, ignore_errors=True)
        else:
            self.path.rename(self.out)
        return self.out

    def _claim(self, text: str) -> None:
        config = self.path / "config.json"
        same = config.is_file() and config.read_text(encoding="utf-8") == text
        if self.path.exists() and not same:
            finished = not config.exists() or any(self.path.rglob("scores.npz"))
            if finished and not self.overwrite:
                raise ConfigError(
                    f"{self.path} holds finished arms of an interrupted run of another config; "
                    "remove it, or pass --overwrite."
                )
            shutil.rmtree(self.path)
        self._resumed = same
        self.path.mkdir(parents=True, exist_ok=True)
        write_text(config, text)
