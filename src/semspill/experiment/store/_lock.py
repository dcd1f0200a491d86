"""The lock of an output folder, which refuses a second writer."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import ENOTDIR
from pathlib import Path

from filelock import FileLock, Timeout

from semspill._atomic import remove_temporaries
from semspill.errors import ConfigError, DataError

# Long enough for a holder that is just letting go, short enough to fail at once.
_SECONDS = 0.3


class FolderLock:
    """The sole right to write one output folder, until `release` or the end of the process.

    The system itself frees the lock of a process that was killed. The lock file lies beside the
    folder, never in it, and is removed with the lock.

    Args:
        folder: What is to be written; it may be missing.

    Raises:
        ConfigError: Somebody else is writing it.
        OSError: The place beside it cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        # Two names of one folder, by a link or a relative path, are one folder.
        place = folder.resolve()
        if not place.name:
            raise ConfigError(f"Output folder must have a name, which {str(folder)!r} lacks.")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
        except FileExistsError as error:  # a file, which says less than what is wrong
            raise NotADirectoryError(ENOTDIR, os.strerror(ENOTDIR), place.parent) from error
        self.path = place.with_name(f".{place.name}.lock")
        self._lock = FileLock(self.path, timeout=_SECONDS, thread_local=False)
        try:
            self._lock.acquire()
        except Timeout as error:
            raise ConfigError(
                f"Another run is writing {folder}; wait until it ends, or choose another folder."
            ) from error

    @property
    def held(self) -> bool:
        """Whether it is still held."""
        return self._lock.is_locked

    def release(self) -> None:
        """Let others write; a second call does nothing."""
        if self._lock.is_locked:
            # First the name, then the lock: who opened the file meanwhile sees that it is gone.
            with suppress(OSError):
                self.path.unlink()
            self._lock.release()


def is_being_written(folder: Path) -> bool:
    """Return whether somebody else holds the lock of a folder; nothing is left behind."""
    place = folder.resolve()
    if not os.path.exists(place.with_name(f".{place.name}.lock")):
        return False
    try:
        FolderLock(folder).release()
    except ConfigError:
        return True
    except OSError:
        return False
    return False


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder, and clear away what a killed writer left of its shared files.

    Where nothing can be written beside the folder, no run can replace it, and no lock is needed.

    Raises:
        ConfigError: Somebody else is writing it.
        DataError: The place of the folder is none.
    """
    lock = None
    try:
        with suppress(PermissionError):
            lock = FolderLock(folder)
            for place in (folder, folder / "plots"):
                remove_temporaries(place, below=False)
    except OSError as error:
        raise DataError(
            f"{folder} cannot be written ({error.strerror}); choose another folder."
        ) from error
    try:
        yield
    finally:
        if lock is not None:
            lock.release()
