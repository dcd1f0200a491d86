"""Answers on disk: arrays in one .npz file, and a folder of such files that experiments share."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile
from zlib import error as BadDeflate

import numpy as np

from semspill._atomic import atomic_path
from semspill._harmful import UNMASKED
from semspill._read import parse_json
from semspill.errors import DataError
from semspill.results import Answered, Answers, Probed

_TEXTS = ("texts", "epoch_texts")
_MATCHED = "matched"
_MEASURES = "measures"
_MATCHERS = "matchers"
_PROBES = "probes"
_PROBED = "probed"
_BROKEN = (OSError, EOFError, ValueError, TypeError, KeyError, BadZipFile, BadDeflate)


PLAN = "sweep.json"
"""In the cache of the shards of a sweep: what they are of, analyzer and all, written first."""


class AnswersCache:
    """Answers by a key of everything that decides them; any number of processes may use it.

    It holds responses as they were given, planted ones included; the names of its files say so.

    Args:
        folder: The cache folder; made when it is missing.

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

    @property
    def planned(self) -> bool:
        """Whether its answers are those of a plan that was written before them."""
        return (self.folder / PLAN).is_file()

    def get(self, key: str) -> Answers | None:
        """Return the answers under a key; None for none, or damaged ones."""
        return read_answers(self._path(key))

    def put(self, key: str, answers: Answers) -> None:
        """Write answers under a key, whole or not at all."""
        write_answers(self._path(key), answers, texts=True)

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.{UNMASKED}.npz"


def write_answers(path: Path, answers: Answers, *, texts: bool = False) -> None:
    """Write answers.

    Args:
        path: The .npz file.
        answers: What an arm answered.
        texts: Whether the responses are written too; they may be harmful.
    """
    left_out = (*_TEXTS, _MATCHED, _MEASURES, _PROBED, *([] if answers.cleaning else ["cleaning"]))
    values: dict[str, Any] = {k: v for k, v in vars(answers).items() if k not in left_out}
    values["record"] = np.array(json.dumps(answers.record))
    if answers.matched:
        values[_MATCHERS] = np.array(json.dumps([*answers.matched]))
        values[_MATCHED] = np.stack([*answers.matched.values()])
    values |= {f"{_MEASURES}.{name}": array for name, array in answers.measures.items()}
    values |= _of_probes(answers.probed)
    if texts:
        held = {name: getattr(answers, name) for name in _TEXTS}
        values["held"] = np.frombuffer(json.dumps(held).encode(), dtype=np.uint8)
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **values)


def read_answers(path: Path, texts: Sequence[str] | None = None) -> Answers | None:
    """Return what `write_answers` wrote; None when it is missing or broken.

    Args:
        path: The .npz file.
        texts: The responses, where the file does not hold them.
    """
    try:
        # Opened here, because numpy leaves a broken archive open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            values: dict[str, Any] = {name: arrays[name] for name in arrays.files}
        record = dict(parse_json(str(values.pop("record", "{}"))))
        values["cleaning"] = str(values.pop("cleaning", ""))
        names = json.loads(str(values.pop(_MATCHERS, "[]")))
        values[_MATCHED] = dict(zip(names, values.pop(_MATCHED, ()), strict=True))
        measured = [name for name in values if name.startswith(f"{_MEASURES}.")]
        found = {name.removeprefix(f"{_MEASURES}."): values.pop(name) for name in measured}
        values[_MEASURES] = found
        values[_PROBED] = _probed_in(values)
        held = values.pop("held", None)
        own = {"texts": texts or ()} if held is None else json.loads(held.tobytes())
        values["texts"] = tuple(own["texts"])
        values["epoch_texts"] = tuple(tuple(each) for each in own.get("epoch_texts", ()))
        return Answers(**values | {"record": record})
    except _BROKEN:
        return None


def _of_probes(probed: Mapping[str, Probed]) -> dict[str, Any]:
    """Return the arrays of what was answered under probes: a row for each probe; none for none."""
    if not probed:
        return {}
    every = probed.values()
    arrays = {
        _PROBES: np.array(json.dumps([*probed])),
        f"{_PROBED}.toxicity": np.stack([one.toxicity for one in every]),
        f"{_PROBED}.planted": np.stack([one.planted for one in every]),
    }
    ranks = [one.correct for one in every if one.correct is not None]
    return arrays | ({f"{_PROBED}.correct": np.stack(ranks)} if ranks else {})


def _probed_in(values: dict[str, Any]) -> dict[str, Probed]:
    """Take the arrays of what was answered under probes out of a file's, and return what it was."""
    names = json.loads(str(values.pop(_PROBES, "[]")))
    columns = {
        name.removeprefix(f"{_PROBED}."): values.pop(name)
        for name in [*values]
        if name.startswith(f"{_PROBED}.")
    }
    return {
        name: Probed(**{column: rows[place] for column, rows in columns.items()})
        for place, name in enumerate(names)
    }


def columns_of(answers: Sequence[Answers | Answered]) -> dict[str, Any]:
    """Return the columns of the outcome of an arm, from its answers under each seed."""
    names = [n for n in ("toxicity", "planted", "correct", "served") if hasattr(answers[0], n)]
    drawn = [each.drawn_from for each in answers]
    same = len(drawn[0]) > 1 and all(np.array_equal(drawn[0], other) for other in drawn)
    found = [getattr(each, "matched", {}) for each in answers]
    names_of_all = [name for name in found[0] if all(name in each for each in found)]
    measured = [getattr(each, "measures", {}) for each in answers]
    shared = [name for name in measured[0] if all(name in each for each in measured)]
    return {
        "measures": {name: np.stack([each[name] for each in measured]) for name in shared},
        "matched": {name: np.stack([each[name] for each in found]) for name in names_of_all},
        "ranked": all(each.ranked for each in answers),
        "source_toxicity": drawn[0] if same else None,
        **{name: np.stack([getattr(each, name) for each in answers]) for name in names},
    }
