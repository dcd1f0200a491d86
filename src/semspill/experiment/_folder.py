"""The output folder of a run: built beside its place, renamed when complete, resumed if not."""

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from semspill._atomic import write_text
from semspill.errors import ConfigError, DataError
from semspill.experiment._provenance import config_digest

UNMASKED = "UNMASKED-HARMFUL-TEXT"
"""What the name of every file says that may hold harmful text."""
RESPONSES = {False: "responses.jsonl", True: f"responses.{UNMASKED}.jsonl"}
"""Name of the file of an arm's responses, masked and unmasked."""
PAGES = {False: "report.html", True: f"report.{UNMASKED}.html"}
"""Name of the page, of masked and of unmasked responses."""
TOXIC = 0.5
"""Responses rated this toxic or more are masked, planted or not."""


class RunFolder:
    """Where a run writes; `path` is `OUT.partial` until `finish` renames it to `OUT`.

    An interrupted run leaves its partial folder; the same config resumes there, with the arms it
    had finished.

    Args:
        out: The folder to make.
        config: The resolved config, as JSON values.
        overwrite: Whether what is there may be replaced.
        reuse: Whether `out` may be what the same config wrote; then `path` is `out` itself.

    Raises:
        ConfigError: The folder exists, holds an interrupted run of another config, or is to be
            replaced but was not written by a run.
        DataError: The folder cannot be written.
    """

    def __init__(
        self, out: str | Path, config: Any, *, overwrite: bool = False, reuse: bool = False
    ) -> None:
        self.out = Path(out)
        if not self.out.name:
            raise ConfigError(f"{self.out} has no name to write beside; choose another folder.")
        self.path = self.out.with_name(self.out.name + ".partial")
        self.overwrite, self.reuse = overwrite, reuse
        text = json.dumps(config, indent=2, ensure_ascii=False) + "\n"
        # A finished run of this very config, which nothing was added to.
        self.untouched = reuse and _bytes(self.out) == text.encode() and _reports(self.out, text)
        try:
            if reuse and _trained_alike(self.out, text):
                self.path, self._resumed = self.out, True
                write_text(self.out / "config.json", text)
            else:
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
        if self.path == self.out:
            return self.out
        if self.out.exists():
            aside = Path(tempfile.mkdtemp(prefix=f".{self.out.name}.", dir=self.out.parent))
            self.out.rename(aside / "replaced")
            self.path.rename(self.out)
            shutil.rmtree(aside, ignore_errors=True)
        else:
            self.path.rename(self.out)
        return self.out

    def tidy(self) -> None:
        """Remove the partial folder unless it holds a finished arm or is finished itself."""
        if self.path != self.out and self.path.is_dir():
            if not any(self.path.rglob("scores.npz")):
                shutil.rmtree(self.path)

    def _claim(self, text: str) -> None:
        if self.out.exists() and self.reuse:
            raise ConfigError(f"{self.out} holds a run of another config; choose another folder.")
        if self.out.exists() and not self.overwrite:
            raise ConfigError(
                f"{self.out} already exists; choose another folder with --out, or pass --overwrite."
            )
        for path in (self.out, self.path):
            # What a run did not write is never deleted, whatever was asked.
            if path.exists() and not _written_by_a_run(path):
                raise ConfigError(f"{path} was not written by a run; choose another folder.")
        config = self.path / "config.json"
        self._resumed = _trained_alike(self.path, text)
        if self.path.exists() and not self._resumed:
            if any(self.path.rglob("scores.npz")) and not self.overwrite:
                raise ConfigError(
                    f"{self.path} holds finished arms of an interrupted run of another config; "
                    f"remove it{'' if self.reuse else ', or pass --overwrite'}."
                )
            shutil.rmtree(self.path)
        self.path.mkdir(parents=True, exist_ok=True)
        write_text(config, text)


# What is only computed from finished arms may change between one start and the next.
_ANALYSIS = {"analyzer", "labelled"}


def _trained_alike(path: Path, config: str) -> bool:
    """Return whether a folder holds arms of a config that differs at most in the analysis."""
    try:
        kept, wanted = (json.loads(text) for text in (_bytes(path) or b"", config))
        return bool(
            {k: v for k, v in kept.items() if k not in _ANALYSIS}
            == {k: v for k, v in wanted.items() if k not in _ANALYSIS}
        )
    except (ValueError, AttributeError):  # not written whole, or not by a run
        return False


def _bytes(path: Path) -> bytes | None:
    file = path / "config.json"
    return file.read_bytes() if file.is_file() else None


def _reports(path: Path, config: str) -> bool:
    """Return whether the report is one of this very config: an analysis may have been cut short."""
    try:
        report = json.loads((path / "report.json").read_text(encoding="utf-8"))
        return bool(report["provenance"]["config_sha256"] == config_digest(json.loads(config)))
    except (OSError, ValueError, KeyError, TypeError):  # none, or not written by a run
        return False


def _written_by_a_run(path: Path) -> bool:
    return path.is_dir() and ((path / "config.json").is_file() or not any(path.iterdir()))
