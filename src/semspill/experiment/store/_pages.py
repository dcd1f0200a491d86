"""Pages of finished runs: rewritten, or several runs on one."""

import os
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from urllib.parse import quote

from semspill._atomic import write_text
from semspill._mask import named
from semspill.errors import ConfigError, DataError
from semspill.experiment.store._lock import locked
from semspill.experiment.store._read import (
    read_exchanges,
    read_matrices,
    read_report,
    run_date,
    sweep_folders,
)
from semspill.experiment.store._responses import PAGES, UNMASKED
from semspill.report import comparison_page
from semspill.results import SpilloverMatrix


def write_page(
    folder: str | Path, out: str | Path | None = None, *, show_text: bool = False
) -> Path:
    """Write the page of a finished run or sweep again, and return where it lies.

    Args:
        folder: What `run` or `sweep` wrote.
        out: The file to write; None writes it into the folder, under its usual name.
        show_text: Whether the page holds planted and toxic text unmasked, behind a switch; the run
            must have been written so.

    Raises:
        ConfigError: Unmasked text is asked for and not there, the file's name hides it, or a run
            is writing that folder.
        DataError: The folder is no finished run or sweep, or is broken.
    """
    folder = Path(folder)
    if show_text and out is not None and UNMASKED not in Path(out).name:
        raise ConfigError(
            f"A page of unmasked text cannot be named {named(Path(out).name)}; choose a name with "
            f"{UNMASKED} in it."
        )
    path = folder / PAGES[show_text] if out is None else Path(out)
    if (folder / "sweep.json").is_file():
        if show_text:
            raise ConfigError(
                f"The page of a sweep holds no text; give the folder of a variant in {folder}."
            )
        return _written(path, sweep_page(folder, path), folder)
    report = read_report(folder)
    exchanges = None
    if any(folder.glob("seed-*")):
        exchanges = read_exchanges(folder, report.seeds, [arm.name for arm in report.arms])
    if show_text and (exchanges is None or not exchanges.unmasked):
        raise ConfigError(
            f"{folder} holds no unmasked responses; run it again with show_text=True."
        )
    shown = exchanges if show_text or exchanges is None else exchanges.masked()
    return _written(path, report.to_html(shown, date=run_date(folder)), folder)


def write_comparison(
    folders: Sequence[str | Path], out: str | Path, *, labels: Sequence[str] | None = None
) -> Path:
    """Write one page of several finished runs, and return where it lies.

    Args:
        folders: What `run` wrote; what `sweep` wrote stands for all its variants.
        out: The file to write.
        labels: What the page calls the runs; by default the names of their folders.

    Raises:
        ConfigError: There is no run, or the labels do not fit the runs.
        DataError: A folder is no finished run.
    """
    paths = [path for folder in folders for path in _expanded(Path(folder))]
    if not paths:
        raise ConfigError("There is no run to compare; give the folders of one or more.")
    names = _short(paths) if labels is None else list(labels)
    if len(names) != len(paths):
        raise ConfigError(
            f"There are {len(names)} labels for {len(paths)} runs; give one for each run."
        )
    if len(set(names)) < len(names) or not all(names):
        raise ConfigError(
            f"The runs cannot be distinguished by {', '.join(map(repr, names))}; give each its own "
            "label."
        )
    runs = dict(zip(names, paths, strict=True))
    return _written(Path(out), compared_runs(runs, Path(out)))


def sweep_page(folder: Path, out: Path) -> str:
    """Return the page of a sweep, with links that work from `out`."""
    return compared_runs(sweep_folders(folder), out, read_matrices(folder))


def compared_runs(
    runs: Mapping[str, Path], out: Path, matrices: Sequence[SpilloverMatrix] = ()
) -> str:
    """Return the page of finished runs, with links to theirs."""
    reports = {name: read_report(path) for name, path in runs.items()}
    links = {
        name: quote(os.path.relpath(path / PAGES[False], out.parent).replace(os.sep, "/"))
        for name, path in runs.items()
        if (path / PAGES[False]).is_file()
    }
    # A later sweep into the same folder may have left the matrices of an earlier one there.
    targets = {report.target for report in reports.values()}
    fitting = [matrix for matrix in matrices if set(matrix.targets) == targets]
    return comparison_page(reports, fitting, links=links)


def _expanded(folder: Path) -> list[Path]:
    swept = (folder / "sweep.json").is_file()
    return list(sweep_folders(folder).values()) if swept else [folder]


def _short(folders: Sequence[Path]) -> list[str]:
    """Return the shortest distinct ends of the paths."""
    parts = [path.resolve().parts for path in folders]
    for length in range(1, max(map(len, parts)) + 1):
        names = ["/".join(part[-length:]) for part in parts]
        if len(set(names)) == len(names):
            break
    return names


def _written(path: Path, text: str, folder: Path | None = None) -> Path:
    """Write a page; one that goes into the folder of a run waits for nobody and disturbs nobody."""
    inside = folder is not None and path.resolve().is_relative_to(folder.resolve())
    try:
        with locked(folder) if folder is not None and inside else nullcontext():
            write_text(path, text)
    except OSError as error:
        raise DataError(
            f"{path} cannot be written ({error.strerror}); choose another file."
        ) from error
    return path
