"""What a run leaves on disk, written whole; harmful text stays masked unless asked for."""

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from semspill._atomic import atomic_path, write_text
from semspill._read import parse_json
from semspill.analysis import Similarities
from semspill.corpus import Exchange
from semspill.errors import DataError
from semspill.experiment._answers_file import read_answers, write_answers
from semspill.experiment._config import ExperimentConfig
from semspill.experiment._exchanges import as_written, read_texts, response_lines
from semspill.experiment._folder import PAGES, RESPONSES, RunFolder, is_finished, may_grow
from semspill.experiment._provenance import machine, peak_memory, versions
from semspill.experiment._similarities import read_similarities, write_similarities
from semspill.experiment._trained import config_print
from semspill.poison import Manifest
from semspill.results import Answers, ExchangeTable, SpilloverReport

logger = logging.getLogger(__name__)


class Artifacts:
    """The files of one run; without a folder, every method does nothing.

    Args:
        folder: Where to write, or None.
        show_text: Whether planted and toxic responses are written unmasked.
        config: What is run, as JSON.
    """

    def __init__(
        self, folder: RunFolder | None, *, show_text: bool = False, config: str = ""
    ) -> None:
        self.folder = folder
        self.show_text = show_text
        self.seconds = 0.0
        self._config = config
        self._kept: dict[tuple[int, str], Answers | None] = {}

    @classmethod
    def open(
        cls,
        config: ExperimentConfig,
        out: str | Path | None,
        *,
        overwrite: bool = False,
        reuse: bool = False,
        show_text: bool = False,
    ) -> "Artifacts":
        """Claim the output folder, and resume what an interrupted run left there.

        Args:
            config: What is run.
            out: The folder; None writes nothing.
            overwrite: Whether `out` may be replaced.
            reuse: Whether `out` may be what the same config wrote; its arms are not run again. One
                that is finished may be, unless it is to be replaced.
            show_text: Whether planted and toxic responses are written unmasked.
        """
        if out is None:
            return cls(None)
        fields = config.model_dump(mode="json")
        done = not overwrite and is_finished(Path(out), fields, show_text=show_text)
        grows = not overwrite and may_grow(Path(out), fields)
        folder = RunFolder(out, fields, overwrite=overwrite, reuse=reuse or done or grows)
        return cls(folder, show_text=show_text, config=json.dumps(fields))

    def similarities(
        self, found: Sequence[Similarities] | None = None
    ) -> tuple[Similarities, ...] | None:
        """Keep the similarities when given; else return those an interrupted run kept."""
        if self.folder is None:
            return None
        path = self.folder.path / "similarity.json"
        if found is None:
            return read_similarities(path)
        write_similarities(path, found)
        return tuple(found)

    def same_data(self, fingerprints: Mapping[str, str]) -> None:
        """Refuse to go on with arms that an earlier run trained, tested or rated otherwise.

        Raises:
            DataError: What changed since.
        """
        if self.folder is None:
            return
        path = self.folder.path / "fingerprints.json"
        kept = _read_fingerprints(path)
        for name in kept.keys() & fingerprints.keys():
            self._require(kept[name] == fingerprints[name], name)
        write_text(path, json.dumps(kept | dict(fingerprints), indent=2) + "\n")

    def same_arm(self, made: Answers, fingerprints: Mapping[str, str]) -> None:
        """Refuse a finished arm that was made from other data, texts or weights.

        Raises:
            DataError: What changed since.
        """
        for name, kept in made.record.get("fingerprints", {}).items():
            self._require(fingerprints.get(name, kept) == kept, name)

    def exchanges(self, exchanges: Sequence[Exchange]) -> None:
        """Write which test exchange the columns of all arrays are, without any text."""
        if self.folder is not None:
            rows = [
                {"dialogue": e.dialogue, "category": e.category}
                | ({} if e.label is None else {"label": e.label})
                for e in exchanges
            ]
            lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            write_text(self.folder.path / "exchanges.jsonl", lines)

    def manifest(self, seed: int, name: str, manifest: Manifest) -> None:
        """Write what was planted under one seed.

        Raises:
            DataError: An earlier run planted something else there.
        """
        if self.folder is None:
            return
        path = self.folder.path / f"seed-{seed}" / f"{name}.jsonl"
        if path.is_file():
            kept = _planted_by(path)
            same = kept in (None, manifest.summary.poisoned_fingerprint)
            self._require(same, what_is_planted(seed))
        manifest.write(path)

    def arm(self, seed: int, arm: str) -> Answers | None:
        """Return a finished arm of an interrupted run, if there is one that is not damaged."""
        if self.folder is None:
            return None
        if (seed, arm) not in self._kept:
            self._kept[seed, arm] = self._read_arm(seed, arm)
        return self._kept[seed, arm]

    def arm_done(
        self, seed: int, arm: str, answers: Answers, exchanges: Sequence[Exchange]
    ) -> Answers:
        """Write one arm's responses and scores; the scores, written last, say it is finished.

        Returns:
            The answers as they were written, or as they came where nothing is written.
        """
        if self.folder is None:
            return answers
        self.folder.touch()
        path = self._arm_path(self.folder, seed, arm)
        # An earlier run may have left the responses of the other kind, and a page that shows them.
        (path / RESPONSES[not self.show_text]).unlink(missing_ok=True)
        (self.folder.path / PAGES[True]).unlink(missing_ok=True)
        answers = as_written(answers, show_text=self.show_text)
        lines = response_lines(answers, exchanges, show_text=self.show_text)
        write_text(path / RESPONSES[self.show_text], lines)
        own = {"config": config_print(self._config, arm), "responses": _sha256(lines.encode())}
        answers = replace(answers, record={**answers.record, **own})
        write_answers(path / "scores.npz", answers)
        return answers

    def finish(self, report: SpilloverReport, exchanges: ExchangeTable) -> None:
        """Write report, plots and environment, and move the folder to its place."""
        if self.folder is None or self.folder.untouched:
            return
        # Matplotlib is heavy, and only a run that writes plots needs it.
        from semspill.report._page import charts, draw, report_page

        path = self.folder.path
        write_text(path / "report.md", report.to_markdown())
        figures = draw(report)
        drawn = charts(report, figures)
        write_text(path / PAGES[False], report_page(report, exchanges.masked(), drawn))
        if exchanges.unmasked:
            write_text(path / PAGES[True], report_page(report, exchanges, drawn))
        write_figures(path / "plots", figures)
        spent = {
            "seconds": round(self.seconds, 1),
            "peak_memory_mib": peak_memory(),
            "resumed": self.folder.resumed,
        }
        said = {"versions": versions(), "machine": machine(), "spent": spent}
        write_text(path / "environment.json", json.dumps(said, indent=2) + "\n")
        write_text(path / "report.json", report.to_json())
        self.folder.finish()

    def tidy(self) -> None:
        """Remove the partial folder of a run that failed before anything was worth keeping."""
        if self.folder is not None:
            self.folder.tidy()

    def _require(self, same: bool, what: str) -> None:
        if self.folder is not None and not same:
            raise DataError(
                f"The run in {self.folder.path} was made before this changed: {what}; remove that "
                "folder to start anew."
            )

    @staticmethod
    def _arm_path(folder: RunFolder, seed: int, arm: str) -> Path:
        return folder.path / f"seed-{seed}" / arm

    def _read_arm(self, seed: int, arm: str) -> Answers | None:
        if self.folder is None:
            return None
        path = self._arm_path(self.folder, seed, arm)
        made = finished_arm(path, config_print(self._config, arm), show_text=self.show_text)
        other = path / RESPONSES[not self.show_text]
        if made is None and (path / "scores.npz").exists() and not other.exists():
            logger.warning("%s is damaged and is made anew", path)
        return made


def finished_arm(path: Path, config: str, *, show_text: bool) -> Answers | None:
    """Return an arm that lies in a folder as it was written; None for any other.

    Args:
        path: The arm's folder.
        config: The `config_print` that it must have been made with.
        show_text: Whether its responses must be unmasked or masked.
    """
    responses = path / RESPONSES[show_text]
    answers = read_answers(path / "scores.npz", read_texts(responses))
    if answers is None or answers.record.get("config") != config or not responses.is_file():
        return None
    return answers if answers.record.get("responses") == _sha256(responses.read_bytes()) else None


def what_is_planted(seed: int) -> str:
    """Return what messages call the manifest of a seed."""
    return f"what is planted under seed {seed}"


def _planted_by(path: Path) -> str | None:
    try:
        return Manifest.read(path).summary.poisoned_fingerprint
    except DataError as error:
        logger.warning("a manifest is damaged and is made anew: %s", error)
        return None


def _read_fingerprints(path: Path) -> dict[str, str]:
    try:
        return dict(parse_json(path.read_bytes()))
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError) as error:
        # Every arm holds those it was made from, so that nothing is mixed.
        logger.warning("%s is damaged (%s) and is made anew", path, type(error).__name__)
        return {}


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def write_figures(folder: Path, figures: Mapping[str, Any]) -> None:
    """Write figures of the house, each as .png and .svg."""
    for name, figure in figures.items():
        _save(figure, folder / f"{name}.png", dpi=150)
        _save(figure, folder / f"{name}.svg", metadata={"Date": None})


def _save(figure: Any, path: Path, **options: Any) -> None:
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format=path.suffix[1:], **options)
