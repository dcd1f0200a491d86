"""The files that tables lie in: which one holds a split, and the rows of it."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from semspill._files import EncodingError, opened, place_of
from semspill._rows import Place, csv_rows, json_rows
from semspill._tables._splits import NoSplitError
from semspill.corpus._columns import LABEL, Row
from semspill.corpus._frames import rows_of_frame
from semspill.errors import DataError, MissingExtraError

_KINDS = {
    **dict.fromkeys((".csv", ".tsv", ".txt"), "csv"),
    **dict.fromkeys((".jsonl", ".ndjson", ".json"), "json"),
    **dict.fromkeys((".parquet", ".pq"), "parquet"),
}
_PACKED = (".gz", ".bz2", ".xz", ".zip")


class TableFile(NamedTuple):
    """A file of rows, and whether it holds only the split that was asked for."""

    path: Path
    is_split: bool

    @property
    def suffix(self) -> str:
        """Its suffix, in small letters and without that of compression."""
        path = self.path.with_suffix("") if self.path.suffix.lower() in _PACKED else self.path
        return path.suffix.lower()

    @property
    def is_table(self) -> bool:
        """Whether its name is that of a table."""
        return self.suffix in _KINDS

    @property
    def kind(self) -> str:
        """What it is: `"csv"`, `"json"` or `"parquet"`.

        Raises:
            DataError: Its suffix is another.
        """
        if self.suffix == ".txt" and _begins_with(self.path, b"{"):
            return "json"
        if not self.is_table:
            raise DataError(
                f"{self.path} ends in {self.suffix!r}; allowed are {', '.join(_KINDS)}, each also "
                f"with {', '.join(_PACKED)} behind it."
            )
        return _KINDS[self.suffix]

    def rows(
        self, delimiter: str | None = None, encoding: str | None = None
    ) -> Iterator[tuple[Place, Row]]:
        """Yield its rows, each with its place.

        Args:
            delimiter: What separates the cells of a CSV file; None to look.
            encoding: Its encoding; None for what its mark says, or else UTF-8.

        Raises:
            DataError: It cannot be read.
            MissingExtraError: It is a Parquet file, and nothing is installed to read it.
        """
        try:
            if self.kind == "parquet":
                yield from _parquet_rows(self.path)
            elif self.kind == "json":
                yield from json_rows(self.path, encoding=encoding)
            else:
                tab = "\t" if self.suffix == ".tsv" else None
                yield from csv_rows(self.path, delimiter=delimiter or tab, encoding=encoding)
        except EncodingError as error:
            said = str(error).removesuffix(".")
            raise DataError(
                f'{said}, or name the encoding, such as encoding = "cp1252".'
            ) from error
        except OSError as error:
            absent = isinstance(error, FileNotFoundError)
            raise (NoSplitError if absent else DataError)(
                f"{self.path} cannot be read ({error.strerror}); give 'path' as a file, a folder "
                "with a file per split, or with '{split}' in it."
            ) from error


def _begins_with(path: Path, mark: bytes) -> bool:
    with opened(path) as content:
        return content.read(len(mark)) == mark


def file_of(path: Path, split: str) -> TableFile:
    """Return the file that holds a split.

    Args:
        path: A file, a folder with a file per split, or a file name with `{split}` in it.
        split: What the files call the split.

    Raises:
        NoSplitError: There is none.
        DataError: There are several.
    """
    if "{split}" in str(path) and not path.exists():
        return TableFile(Path(str(path).replace("{split}", split)), True)
    if not os.path.isdir(path):
        return TableFile(path, False)
    files = [TableFile(file, True) for file in sorted(path.iterdir())]
    files = [file for file in files if file.is_table]
    of_split = [file for file in files if file.path.name.split(".")[0] == split]
    if len(of_split) > 1:
        names = ", ".join(file.path.name for file in of_split)
        raise DataError(f"{path} holds several files of split {split!r}: {names}; keep one.")
    if not of_split:
        raise NoSplitError(
            f"{path} holds no file of split {split!r}, such as {split}.csv, among its {len(files)} "
            "tables; rename one, or say in 'splits' what it is called."
        )
    return of_split[0]


def table_line(path: str | Path, file: Path | None = None) -> str:
    """Return the line of a config that reads a file as a table, with its column of the category.

    Args:
        path: The file, as a user gave it.
        file: One that is there, to look into; None for `path`.
    """
    label = "category"
    with suppress(DataError, MissingExtraError):
        first = next(iter(TableFile(file or place_of(path), True).rows()), None)
        keys = first[1] if first else {}
        label = next((name for name in LABEL if name in keys), label)
    columns = "" if label == "category" else f', columns = {{ category = "{label}" }}'
    return f'dataset = {{ name = "table", path = "{path}"{columns} }}'


def _parquet_rows(path: Path) -> Iterator[tuple[Place, Row]]:
    import pandas as pd

    with path.open("rb"):  # says itself what is wrong with the path
        pass
    try:
        frame = pd.read_parquet(path)
    except ImportError as error:
        raise MissingExtraError(
            f'{path} is a Parquet file, which needs pyarrow: pip install "semspill[parquet]".'
        ) from error
    except (OSError, ValueError, RuntimeError, NotImplementedError, KeyError) as error:
        raise DataError(
            f"{path} is no whole Parquet file ({type(error).__name__}); write it again."
        ) from None
    yield from rows_of_frame(frame, str(path), _class_labels(path))


def _class_labels(path: Path) -> Mapping[str, Any]:
    """Return the names of classes that the library `datasets` wrote into a Parquet file."""
    try:
        from pyarrow import parquet
    except ImportError:  # pandas may have read it with another library
        return {}
    written = (parquet.read_schema(path).metadata or {}).get(b"huggingface", b"{}")
    features: Mapping[str, Any] = json.loads(written).get("info", {}).get("features", {})
    return features
