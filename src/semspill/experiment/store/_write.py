"""The files of a run, each written atomically; harmful text is masked unless asked for."""

import json
import logging
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from semspill._atomic import atomic_path, write_text
from semspill._read import parse_json
from semspill.analysis import Named, Similarities
from semspill.corpus import Exchange
from semspill.errors import DataError
from semspill.experiment._config import ExperimentConfig
from semspill.experiment._environment import machine, peak_memory, versions
from semspill.experiment.store._answers import write_answers
from semspill.experiment.store._claim import CHECKPOINTS, RunFolder
from semspill.experiment.store._earlier import arm_digest
from semspill.experiment.store._finished import content_hash, finished_arm
from semspill.experiment.store._responses import (
    PAGES,
    RESPONSES,
    as_written,
    response_lines,
)
from semspill.poison import Manifest
from semspill.results import Answers, ExchangeTable, SpilloverReport

logger = logging.getLogger(__name__)

T = TypeVar("T")


class RunStore:
    """The files of one run; without a folder, every method does nothing.

    Args:
        config: What is run; None where there is no folder.
        out: The output folder, which is claimed and may hold an interrupted run; None writes
            nothing.
        show_text: Whether planted and toxic responses are written unmasked.
        keep_models: Whether trained models are kept there.
        options: Further ones of `decide`.
    """

    def __init__(
        self,
        config: ExperimentConfig | None = None,
        out: str | Path | None = None,
        *,
        show_text: bool = False,
        keep_models: bool = False,
        **options: bool,
    ) -> None:
        self.show_text = show_text
        self.keep_models = keep_models
        self.seconds = 0.0
        self.folder: RunFolder | None = None
        self._config: dict[str, Any] = {}
        self._arms: dict[tuple[int, str], Answers | None] = {}
        if config is not None and out is not None:
            self._config = config.model_dump(mode="json")
            self.folder = RunFolder(out, self._config, show_text=show_text, **options)

    @property
    def similarities(self) -> tuple[Similarities, ...] | None:
        """The similarities that an interrupted run measured."""
        if self.folder is None:
            return None
        return _read(self._file("similarity.json"), _similarities)

    def write_similarities(self, measured: Sequence[Similarities]) -> None:
        """Write how near categories are, for a run that resumes this one."""
        if self.folder is not None:
            # Single exchanges are many, and quick to measure again.
            kept = [{k: v for k, v in vars(one).items() if k != "exchanges"} for one in measured]
            rows = [{**row, "matrix": row["matrix"].tolist()} for row in kept]
            write_text(self._file("similarity.json"), json.dumps(rows, indent=1) + "\n")

    def same_data(self, fingerprints: Mapping[str, str]) -> None:
        """Refuse to go on with arms that an earlier run trained, tested or rated otherwise.

        Raises:
            DataError: What changed since.
        """
        if self.folder is None:
            return
        path = self._file("fingerprints.json")
        # Every arm holds its own, so that nothing is mixed where these are lost.
        old = _read(path, _fingerprints) or {}
        for name in old.keys() & fingerprints.keys():
            self._require(old[name] == fingerprints[name], name)
        write_text(path, json.dumps(old | dict(fingerprints), indent=2) + "\n")

    def same_arm(self, answers: Answers, fingerprints: Mapping[str, str]) -> None:
        """Refuse a finished arm that comes from other data, texts or weights.

        Raises:
            DataError: What changed since.
        """
        for name, old in answers.record.get("fingerprints", {}).items():
            self._require(fingerprints.get(name, old) == old, name)

    def named_first(self, named: Named) -> Named:
        """Return what was named when the first answers were written here, and remember it.

        Args:
            named: What is named now.
        """
        if self.folder is None:
            return named
        path, answered = self._file("named-first.json"), self.folder.answered
        known = _read(path, lambda file: Named.model_validate_json(file.read_bytes()))
        if known is not None and (answered or known.replace(before=named.before) == named):
            return known
        named = named.replace(before=named.before and not answered)
        write_text(path, named.model_dump_json(indent=2) + "\n")
        return named

    def exchanges(self, exchanges: Sequence[Exchange]) -> None:
        """Write which test exchange the columns of all arrays are, without any text."""
        if self.folder is not None:
            rows = [
                {"dialogue": e.dialogue, "category": e.category}
                | ({} if e.label is None else {"label": e.label})
                for e in exchanges
            ]
            lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            write_text(self._file("exchanges.jsonl"), lines)

    def manifest(self, seed: int, name: str, manifest: Manifest) -> None:
        """Write what was planted under one seed.

        Raises:
            DataError: An earlier run planted something else there.
        """
        if self.folder is None:
            return
        path = self._file(f"seed-{seed}", f"{name}.jsonl")
        old = _read(path, _planted)
        self._require(old in (None, manifest.summary.poisoned_fingerprint), what_is_planted(seed))
        manifest.write(path)

    def arm(self, seed: int, arm: str) -> Answers | None:
        """Return a finished arm of an interrupted run, if there is one that is not damaged."""
        if self.folder is None:
            return None
        if (seed, arm) not in self._arms:
            path = self._file(f"seed-{seed}", arm)
            answers = finished_arm(path, arm_digest(self._config, arm), show_text=self.show_text)
            other = path / RESPONSES[not self.show_text]
            if answers is None and (path / "scores.npz").exists() and not other.exists():
                logger.warning("%s is damaged; the arm is trained again", path)
            self._arms[seed, arm] = answers
        return self._arms[seed, arm]

    def model_at(self, seed: int, arm: str) -> Path | None:
        """Return where the model is kept that an arm was the first to need; None for nowhere."""
        if self.folder is None or not self.keep_models:
            return None
        return self._file(f"seed-{seed}", arm, "model").absolute()

    @property
    def checkpoints(self) -> Path | None:
        """Where trainings write how far they are; None for nowhere."""
        return None if self.folder is None else self._file(CHECKPOINTS).absolute()

    def write_arm(
        self, seed: int, arm: str, answers: Answers, exchanges: Sequence[Exchange]
    ) -> Answers:
        """Write one arm's responses and scores; the scores, written last, mark it as finished.

        Returns:
            The answers as they were written, or as they came where nothing is written.
        """
        if self.folder is None:
            return answers
        self.folder.touch()
        path = self._file(f"seed-{seed}", arm)
        # An earlier run may have left the responses of the other kind, and a page that shows them.
        (path / RESPONSES[not self.show_text]).unlink(missing_ok=True)
        self._file(PAGES[True]).unlink(missing_ok=True)
        answers = as_written(answers, show_text=self.show_text)
        lines = response_lines(answers, exchanges, show_text=self.show_text)
        write_text(path / RESPONSES[self.show_text], lines)
        if answers.cleaning:
            write_text(path / "cleaning.jsonl", answers.cleaning)
        answers = replace(answers, cleaning="")
        own = {"config": arm_digest(self._config, arm), "responses": content_hash(lines.encode())}
        answers = replace(answers, record={**answers.record, **own})
        write_answers(path / "scores.npz", answers)
        return answers

    def finish(self, report: SpilloverReport, exchanges: ExchangeTable) -> None:
        """Write report, plots and environment, and move the folder to its place."""
        if self.folder is None or self.folder.untouched:
            return
        # Matplotlib is heavy, and only a run that writes plots needs it.
        from semspill.report._page import charts, draw, report_page

        write_text(self._file("report.md"), report.to_markdown())
        write_text(self._file("references.bib"), report.to_bibtex())
        figures = draw(report)
        drawn = charts(report, figures)
        date = datetime.now(UTC).date().isoformat()
        page = partial(report_page, report, drawn=drawn, date=date)
        write_text(self._file(PAGES[False]), page(exchanges.masked()))
        if exchanges.unmasked:
            write_text(self._file(PAGES[True]), page(exchanges))
        write_figures(self._file("plots"), figures)
        spent = {
            "seconds": round(self.seconds, 1),
            "peak_memory_mib": peak_memory(),
            "resumed": self.folder.resumed,
        }
        environment = {
            "date": date, "versions": versions(), "machine": machine(), "spent": spent
        }  # fmt: skip
        write_text(self._file("environment.json"), json.dumps(environment, indent=2) + "\n")
        write_text(self._file("report.json"), report.to_json())
        # Of trainings that an earlier run had begun and this one has no use for.
        shutil.rmtree(self._file(CHECKPOINTS), ignore_errors=True)
        self.folder.finish()

    def tidy(self) -> None:
        """Remove the partial folder of a run that failed before anything was worth keeping."""
        if self.folder is not None:
            self.folder.tidy()

    def _file(self, *names: str) -> Path:
        assert self.folder is not None, "whoever writes has a folder"
        return self.folder.path.joinpath(*names)

    def _require(self, same: bool, what: str) -> None:
        if self.folder is not None and not same:
            raise DataError(
                f"The run in {self.folder.path} was made before this changed: {what}; remove that "
                "folder to start over."
            )


def what_is_planted(seed: int) -> str:
    """Return what messages call the manifest of a seed."""
    return f"what is planted under seed {seed}"


def write_figures(folder: Path, figures: Mapping[str, Any]) -> None:
    """Write matplotlib figures by name, each as .png and .svg."""
    options: dict[str, dict[str, Any]] = {"png": {"dpi": 150}, "svg": {"metadata": {"Date": None}}}
    for name, figure in figures.items():
        for kind, settings in options.items():
            with atomic_path(folder / f"{name}.{kind}") as temporary:
                figure.savefig(temporary, format=kind, **settings)


def _read(path: Path, parse: Callable[[Path], T]) -> T | None:
    """Return what an interrupted run wrote; None where it is missing or damaged."""
    try:
        return parse(path) if path.is_file() else None
    except Exception as error:  # whatever the damage is, the file is written again
        logger.warning("%s is damaged (%s); it is written again", path, type(error).__name__)
        return None


def _similarities(path: Path) -> tuple[Similarities, ...]:
    return tuple(
        Similarities(
            name=row["name"],
            method=row["method"],
            categories=tuple(row["categories"]),
            matrix=np.array(row["matrix"], dtype=np.float64),
        )
        for row in parse_json(path.read_bytes())
    )


def _fingerprints(path: Path) -> dict[str, str]:
    return dict(parse_json(path.read_bytes()))


def _planted(path: Path) -> str:
    return Manifest.read(path).summary.poisoned_fingerprint
