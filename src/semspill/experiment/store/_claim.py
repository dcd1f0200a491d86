"""The output folder of a run: built beside its place, renamed when complete, resumed if not."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from semspill._atomic import remove_temporaries, write_text
from semspill._mask import listing
from semspill.errors import ConfigError, DataError
from semspill.experiment.store import _marker as marker
from semspill.experiment.store._earlier import EarlierRun
from semspill.experiment.store._lock import FolderLock, is_being_written
from semspill.experiment.store._responses import RESPONSES

CHECKPOINTS = "checkpoints"
"""Name of the folder, in that of a run or of answers, in which trainings write how far they are."""


@dataclass(frozen=True)
class Decision:
    """What a run does with its output folder."""

    out: Path
    """The folder."""
    path: Path
    """Where files are written: the folder itself, or beside it until everything is there."""
    resumes: bool
    """Whether finished arms in `path` are used."""
    finished: bool = False
    """Whether `path` is this very run, finished: nothing is trained or written."""


class RunFolder:
    """Where a run writes; `path` is `OUT.partial` until `finish` renames it to `OUT`.

    An interrupted run leaves its partial folder; the same config resumes there, with the arms it
    had finished. From its making until `finish` or `tidy` the folder is locked.

    Args:
        out: The folder to make.
        config: The resolved config, as JSON values.
        options: Those of `decide`.

    Raises:
        ConfigError: `decide` refuses the folder.
        DataError: The folder cannot be written.
    """

    def __init__(self, out: str | Path, config: Any, **options: bool) -> None:
        self.out = _place(out)
        try:
            self._lock = FolderLock(self.out)
            try:
                marker.recover(self.out)
                # To be recognized when this run ends.
                self._replaced = _identity(self.out)
                decision = decide(self.out, config, locked=True, **options)
                self.path, self.resumed = decision.path, decision.resumes
                self.untouched = decision.finished
                self.answered = self.resumed and any(self.path.rglob("scores.npz"))
                self._prepare(_text(config))
            except BaseException:
                self._lock.release()
                raise
        except OSError as error:
            raise DataError(
                f"{self.out} cannot be written ({error.strerror}); choose another folder."
            ) from error

    def touch(self) -> None:
        """Mark the report that is there as one of fewer files than will be written."""
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
        """Remove the partial folder unless it holds a finished arm or a checkpoint.

        Others may write there then.
        """
        if self._lock.held and self.path != self.out and self.path.is_dir():
            begun = self.path.glob(f"{CHECKPOINTS}/*/*")
            if not any(self.path.rglob("scores.npz")) and not any(begun):
                marker.remove(self.path)
        self._lock.release()

    def _prepare(self, text: str) -> None:
        if not self.resumed:
            if self.path.exists():
                marker.remove(self.path)
            self.path.mkdir(parents=True)
        remove_temporaries(self.path, below=True)
        if not self.untouched:
            marker.mark(self.path, complete=False)
            write_text(self.path / "config.json", text)

    def _move(self) -> None:
        present = _identity(self.out)
        if present is not None and present == self._replaced and marker.may_take(self.out):
            marker.replace(self.path, self.out)
            return
        try:
            # Never onto a file or a folder that holds anything: the system refuses that.
            self.path.rename(self.out)
        except OSError as error:
            raise DataError(
                f"{self.out} appeared during the run, and is left as it is; the finished run is "
                f"{self.path}."
            ) from error


def decide(
    out: str | Path,
    config: Any,
    *,
    overwrite: bool = False,
    reuse: bool = False,
    show_text: bool = False,
    locked: bool = False,
) -> Decision:
    """Return what a run does with its output folder; nothing is written.

    Args:
        out: The folder.
        config: The resolved config, as JSON values.
        overwrite: Whether what is there may be replaced.
        reuse: Whether `out` may hold any run whose arms are those of the config.
        show_text: Whether responses are written unmasked.
        locked: Whether the run holds the lock of the folder.

    Raises:
        ConfigError: The folder exists, is being written by another run, holds an interrupted run
            of another config, or is to be replaced but was not written by a run.
    """
    out, text = _place(out), _text(config)
    if not locked and is_being_written(out):
        raise ConfigError(
            f"Another run is writing {out}; wait until it ends, or choose another folder."
        )
    partial = out.with_name(out.name + ".partial")
    if not overwrite:
        _require_format(out)
        _require_format(partial)
        earlier = EarlierRun(out, text)
        finished = marker.is_complete(out) and earlier.is_reported
        # A sweep goes on with its variants; a run needs to be this very one, or to have grown.
        whole = finished and any(out.rglob(RESPONSES[show_text]))
        if earlier.is_usable and (reuse or whole or _may_grow(earlier)):
            return Decision(out, out, resumes=True, finished=finished)
        if out.exists():
            raise ConfigError(
                (
                    f"{out} holds a run of another config; choose another folder."
                    if reuse
                    else f"{out} already exists; choose another folder, or pass overwrite=True."
                )
                + _differing(earlier)
            )
    beside = EarlierRun(partial, text)
    resumes = beside.is_usable or beside.lost_its_config
    # What a run did not write is never deleted, whatever was asked.
    _require_own(out)
    if not resumes:
        _require_own(partial)
    if not (resumes or overwrite) and beside.scores():
        raise ConfigError(
            f"{partial} holds finished arms of an interrupted run of another config; "
            f"remove it{'' if reuse else ', or pass overwrite=True'}.{_differing(beside)}"
        )
    return Decision(out, partial, resumes)


def _differing(earlier: EarlierRun) -> str:
    """Return a sentence on the fields that an earlier run had otherwise, if any."""
    return f" Its config differs in {listing(earlier.changed)}." if earlier.changed else ""


def _require_own(folder: Path) -> None:
    if os.path.lexists(folder) and not marker.may_take(folder):
        raise ConfigError(f"{folder} was not written by a run; choose another folder.")


def _require_format(folder: Path) -> None:
    number = marker.format_of(folder)
    if number not in (None, marker.FORMAT):
        raise ConfigError(
            f"{folder} has format {number} and this version of semspill writes format "
            f"{marker.FORMAT}; choose another folder, or pass overwrite=True."
        )


def _may_grow(earlier: EarlierRun) -> bool:
    """Return whether the config, or a later version, adds to a run; or that was interrupted."""
    marked = marker.format_of(earlier.folder) is not None
    grows = earlier.is_extended or earlier.is_older
    return marked and (grows or not marker.is_complete(earlier.folder))


def _place(out: str | Path) -> Path:
    """Return where a folder lies, behind its last link."""
    place = Path(out)
    if not place.name:
        raise ConfigError(f"Output folder must have a name, which {str(out)!r} lacks.")
    return place.resolve() if os.path.islink(place) else place


def _text(config: Any) -> str:
    return json.dumps(config, indent=2, ensure_ascii=False) + "\n"


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
