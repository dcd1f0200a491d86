"""Pages of finished runs: rewritten, or several runs on one."""

import os
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from semspill._atomic import write_text
from semspill._harmful import UNMASKED
from semspill._mask import named
from semspill._read import parse_json, read_text
from semspill.corpus import HasCorpus
from semspill.datasets._base import datasets, load_corpus
from semspill.datasets._memory import as_split
from semspill.errors import ConfigError, DataError
from semspill.experiment._data import ranking_of
from semspill.experiment.store._compare import Side, comparison_of, labelled, shown, swept_arm
from semspill.experiment.store._lock import locked
from semspill.experiment.store._read import (
    read_exchanges,
    read_matrices,
    read_report,
    run_date,
    sweep_folders,
)
from semspill.experiment.store._responses import CONTEXTS_PAGE, PAGES
from semspill.report import comparison_page
from semspill.results import Comparison, ExchangeTable, SpilloverReport

_MOST = 2**26
"""Bytes of the largest config that is read."""


def write_page(
    folder: str | Path,
    out: str | Path | None = None,
    *,
    contexts: bool | HasCorpus = False,
    show_text: bool = False,
) -> Path:
    """Write the page of a finished run or sweep again, and return where it lies.

    Nothing is trained or answered again.

    Args:
        folder: What `run` or `sweep` wrote.
        out: The file to write; None writes it into the folder, under its usual name.
        contexts: Whether the page shows what was said before each answer, and masks planted and
            toxic responses as ever. The test split is loaded again as the run's config names it;
            give the corpus where the config cannot.
        show_text: Whether the page holds planted and toxic text unmasked, behind a switch; the run
            must have been written so.

    Raises:
        ConfigError: Unmasked text is asked for and not there, the file's name hides it, or a run
            is writing that folder.
        DataError: The folder is no finished run or sweep, or is broken; or the test split is
            another one than was answered.
    """
    folder = Path(folder)
    if show_text and out is not None and UNMASKED not in Path(out).name:
        raise ConfigError(
            f"A page of unmasked text cannot be named {named(Path(out).name)}; choose a name with "
            f"{UNMASKED} in it."
        )
    contexts = contexts if not show_text else False
    name = CONTEXTS_PAGE if contexts else PAGES[show_text]
    path = folder / name if out is None else Path(out)
    if (folder / "sweep.json").is_file():
        if show_text or contexts:
            raise ConfigError(
                f"The page of a sweep holds no text; give the folder of a variant in {folder}."
            )
        return _written(path, sweep_page(folder, path), folder)
    report = read_report(folder)
    shown = _browsable(folder, report, contexts, show_text=show_text)
    return _written(path, report.to_html(shown, date=run_date(folder)), folder)


def _browsable(
    folder: Path, report: SpilloverReport, contexts: bool | HasCorpus, *, show_text: bool
) -> ExchangeTable | None:
    """Return what the arms answered as a page may show it; None where no responses are kept."""
    exchanges = None
    if contexts or any(folder.glob("seed-*")):
        exchanges = read_exchanges(folder, report.seeds, [arm.name for arm in report.arms])
    if show_text and (exchanges is None or not exchanges.unmasked):
        raise ConfigError(
            f"{folder} holds no unmasked responses; run it again with show_text=True."
        )
    if exchanges is None or show_text:
        return exchanges
    if contexts:
        exchanges = replace(exchanges, contexts=_contexts(folder, exchanges, contexts))
    return exchanges.masked(contexts=bool(contexts))


def _contexts(
    folder: Path, answered: ExchangeTable, given: bool | HasCorpus
) -> tuple[tuple[str, ...], ...]:
    """Return what was said before each answer, from the test split that was answered."""
    config = parse_json(read_text(folder / "config.json", most=_MOST))
    if isinstance(given, HasCorpus):
        test = as_split(given.corpus, config["test_split"])
    else:
        try:
            dataset = datasets.build(config["dataset"])
        except ConfigError as error:
            raise ConfigError(
                f"The config of {folder} cannot load its data again; give the test split in "
                "Python: semspill.experiment.write_page(RUN, contexts=corpus)."
            ) from error
        test = load_corpus(dataset, config["test_split"])
    places = tuple((exchange.dialogue, exchange.turn) for exchange in test.exchanges)
    prints = parse_json(read_text(folder / "fingerprints.json", most=_MOST))
    same = places == tuple(zip(answered.dialogues, answered.turns, strict=True))
    if not same or ranking_of(test, config["list_size"]).fingerprint != prints.get("ranking"):
        raise DataError(
            f"The test split is another one than the run in {folder} answered, so its contexts "
            "cannot be shown; give the data of that run."
        )
    return tuple(exchange.context for exchange in test.exchanges)


def write_comparison(
    folders: Sequence[str | Path],
    out: str | Path,
    *,
    arms: Sequence[str] = (),
    labels: Sequence[str] | None = None,
    baseline: str | None = None,
    comparison: Comparison | None = None,
) -> Path:
    """Write one page of several finished runs, or arms of them, and return where it lies.

    Args:
        folders: What `run` wrote; what `sweep` wrote stands for all its variants.
        out: The file to write.
        arms: Which arms of each run are shown; by default the main arm of each.
        labels: What the page calls the runs; by default the names of their folders.
        baseline: Which of them the others are compared with; by default the first.
        comparison: What `compare` said of the same folders, where it was asked before.

    Raises:
        ConfigError: There are fewer than two runs, or the labels do not fit the runs.
        DataError: A folder is no finished run.
    """
    out, sides = Path(out), labelled(folders, labels, baseline, arms)
    paths = {name: side.run for name, side in sides.items() if isinstance(side.run, Path)}
    whole = {name: read_report(path) for name, path in paths.items()}
    reports = {name: shown(one, sides[name].arm, paths[name]) for name, one in whole.items()}
    found = comparison_of(sides, reports=whole) if comparison is None else comparison
    return _written(out, comparison_page(reports, comparison=found, links=_links(paths, out)))


def sweep_page(folder: Path, out: Path, comparison: Comparison | None = None) -> str:
    """Return the page of a sweep, with links that work from `out`.

    Args:
        folder: What `sweep` wrote.
        out: Where the page will lie.
        comparison: How its variants differ from the first, where that is known.
    """
    paths = sweep_folders(folder)
    reports = {name: read_report(path) for name, path in paths.items()}
    # A later sweep into the same folder may have left the matrices of an earlier one there.
    targets = {report.target for report in reports.values()}
    matrices = [one for one in read_matrices(folder) if set(one.targets) == targets]
    arm = swept_arm(folder, next(iter(reports.values())))
    if comparison is None and not matrices and len(paths) > 1:
        sides = {name: Side(path, arm) for name, path in paths.items()}
        comparison = comparison_of(sides, reports=reports)
    reports = {name: shown(report, arm, paths[name]) for name, report in reports.items()}
    return comparison_page(reports, matrices, comparison=comparison, links=_links(paths, out))


def _links(runs: Mapping[str, Path], out: Path) -> dict[str, str]:
    """Return where the page of each run lies, seen from `out`."""
    return {
        name: quote(os.path.relpath(path / PAGES[False], out.parent).replace(os.sep, "/"))
        for name, path in runs.items()
        if (path / PAGES[False]).is_file()
    }


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
