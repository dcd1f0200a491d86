"""A folder of answers that experiments share, each under a key of everything that decides it."""

from pathlib import Path

from semspill.errors import DataError
from semspill.experiment._answers_file import read_answers, write_answers
from semspill.experiment._folder import UNMASKED
from semspill.results import Answers


class AnswersCache:
    """Answers by key; what is there is not trained again. Any number of processes may use it.

    It holds responses as they were given, planted ones included; the names of its files say so.

    Args:
        folder: Where to keep them; made when it is missing.

    Raises:
        DataError: The folder cannot be made.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataError(
                f"{self.folder} cannot be written ({error.strerror}); choose another cache folder."
            ) from error

    def get(self, key: str) -> Answers | None:
        """Return the answers kept under a key; None for none, or damaged ones."""
        return read_answers(self._path(key))

    def put(self, key: str, answers: Answers) -> None:
        """Keep answers under a key, whole or not at all."""
        write_answers(self._path(key), answers, texts=True)

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.{UNMASKED}.npz"
