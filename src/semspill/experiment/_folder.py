"""The output folder of a run: built beside its place, renamed when complete, resumed if not."""

import json
import os
from pathlib import Path
from typing import Any

from semspill._atomic import remove_temporaries, write_text
from semspill._read import parse_json
from semspill.errors import ConfigError, DataError
from semspill.experiment import _marker as marker
from semspill.experiment._lock import FolderLock
from semspill.experiment._provenance import json_digest
from semspill.experiment._trained import is_config_of_arms, is_extended_by, trained_alike

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
    had finished. From its making until `finish` or `tidy` the folder is locked.

    Args:
        out: The folder to make.
        config: The resolved config, as JSON values.
        overwrite: Whether what is there may be replaced.
        reuse: Whether `out` may be what the same config wrote; then `path` is `out` itself.

    Raises:
        ConfigError: The folder exists, is being written by another run, holds an interrupted run
            of another config, or is to be replaced but was not written by a run.
        DataError: The folder cannot be written.
    """

    def __init__(
        self, out: str | Path, config: Any, *, overwrite: bool = False, reuse: bool = False
    ) -> None:
        self.out = Path(out)
        if not self.out.name:
            raise ConfigError(f"{self.out} has no name to write beside; choose another folder.")
        if os.path.islink(self.out):
            self.out = self.out.resolve()
        self.path = self.out.with_name(self.out.name + ".partial")
        self.overwrite, self.reuse = overwrite, reuse
        self.untouched = False
        text = _text(config)
        try:
            self._lock = FolderLock(self.out)
            try:
                self._open(text)
            except BaseException:
                self._lock.release()
                raise
        except OSError as error:
            raise DataError(
                f"{self.out} cannot be written ({error.strerror}); choose another folder."
            ) from error

    @property
    def resumed(self) -> bool:
        """Whether an interrupted run of the same config is being continued."""
        return self._resumed

    def touch(self) -> None:
        """Say that files will be written which do not belong to the report that is there."""
        if self.untouched:
            marker.mark(self.path, complete=False)
        self.untouched = False

    def finish(self) -> Path:
        """Move the complete folder to its place, let others write there, and return it.

        Raises:
            DataError: Something appeared there meanwhile; the complete folder stays beside it.
        """
        marker.mark(self.path, complete=True)
        if self.path != self.out:
            self._move()
        self._lock.release()
        return self.out

    def tidy(self) -> None:
        """Remove the partial folder unless it holds a finished arm; let others write there."""
        if self._lock.held and self.path != self.out and self.path.is_dir():
            if not any(self.path.rglob("scores.npz")):
                marker.remove(self.path)
        self._lock.release()

    def _open(self, text: str) -> None:
        marker.recover(self.out)
        # Told apart from what may lie there when this run ends.
        self._replaced = _identity(self.out)
        for place in (self.out, self.path):
            if not self.overwrite and marker.format_of(place) not in (None, marker.FORMAT):
                raise ConfigError(
                    f"{place} has format {marker.format_of(place)} and this version of semspill "
                    f"writes format {marker.FORMAT}; choose another folder, or pass overwrite=True."
                )
        if self.reuse and (trained_alike(self.out, text) or is_extended_by(self.out, text)):
            self.path, self._resumed = self.out, True
            # A finished run of this very config, which nothing was added to.
            same = _bytes(self.out) == text.encode() and _reports(self.out, text)
            self.untouched = same and marker.is_complete(self.out)
        else:
            self._claim(text)
        remove_temporaries(self.path, below=True)
        if not self.untouched:
            marker.mark(self.path, complete=False)
            write_text(self.path / "config.json", text)

    def _claim(self, text: str) -> None:
        if self.out.exists() and self.reuse:
            raise ConfigError(f"{self.out} holds a run of another config; choose another folder.")
        if self.out.exists() and not self.overwrite:
            raise ConfigError(
                f"{self.out} already exists; choose another folder, or pass overwrite=True."
            )
        self._resumed = (
            trained_alike(self.path, text)
            or is_extended_by(self.path, text)
            or is_config_of_arms(self.path, text)
        )
        for path in (self.out, self.path):
            # What a run did not write is never deleted, whatever was asked.
            if os.path.lexists(path) and not marker.may_take(path):
                if path == self.out or not self._resumed:
                    raise ConfigError(f"{path} was not written by a run; choose another folder.")
        if self.path.exists() and not self._resumed:
            if any(self.path.rglob("scores.npz")) and not self.overwrite:
                raise ConfigError(
                    f"{self.path} holds finished arms of an interrupted run of another config; "
                    f"remove it{'' if self.reuse else ', or pass overwrite=True'}."
                )
            marker.remove(self.path)
        self.path.mkdir(parents=True, exist_ok=True)

    def _move(self) -> None:
        found = _identity(self.out)
        if found is not None and found == self._replaced and marker.may_take(self.out):
            marker.replace(self.path, self.out)
            return
        try:
            # Never onto a file or a folder that holds anything: the system refuses that.
            self.path.rename(self.out)
        except OSError as error:
            raise DataError(
                f"{self.out} appeared while the run was under way, and is left as it is; the "
                f"finished run is {self.path}."
            ) from error


def may_grow(out: Path, config: Any) -> bool:
    """Return whether a folder holds a run that this config only adds arms, seeds or a curve to.

    An addition that was interrupted may go on.
    """
    text = _text(config)
    if is_extended_by(out, text):
        return marker.is_marked(out)
    return marker.is_marked(out) and not marker.is_complete(out) and trained_alike(out, text)


def is_finished(out: Path, config: Any, *, show_text: bool) -> bool:
    """Return whether a folder is what a run of this very config wrote, to its end.

    Args:
        out: The folder.
        config: The resolved config, as JSON values.
        show_text: Whether its responses must be the unmasked ones.
    """
    text = _text(config)
    same = marker.is_complete(out) and _bytes(out) == text.encode() and _reports(out, text)
    return same and any(out.rglob(RESPONSES[show_text]))


def _text(config: Any) -> str:
    return json.dumps(config, indent=2, ensure_ascii=False) + "\n"


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _bytes(path: Path) -> bytes | None:
    file = path / "config.json"
    return file.read_bytes() if file.is_file() else None


def _reports(path: Path, config: str) -> bool:
    """Return whether the report is one of this very config: an analysis may have been cut short."""
    try:
        report = parse_json((path / "report.json").read_text(encoding="utf-8"))
        return bool(report["provenance"]["config_sha256"] == json_digest(parse_json(config)))
    except (OSError, ValueError, KeyError, TypeError):  # none, or not written by a run
        return False
