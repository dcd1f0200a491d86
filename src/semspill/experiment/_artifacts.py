"""What a run leaves on disk, written whole; harmful text stays masked unless asked for."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from semspill._atomic import write_text
from semspill._mask import masked
from semspill.analysis import Similarities
from semspill.corpus import Candidates, Exchange
from semspill.errors import DataError
from semspill.experiment._config import ExperimentConfig
from semspill.experiment._evaluation import ArmRun
from semspill.experiment._exchanges import read_exchanges
from semspill.experiment._folder import PAGES, RESPONSES, TOXIC, RunFolder
from semspill.experiment._provenance import machine, peak_memory, versions
from semspill.poison import Manifest
from semspill.report import SpilloverReport


class Artifacts:
    """The files of one run; without a folder, every method does nothing.

    Args:
        folder: Where to write, or None.
        show_text: Whether planted and toxic responses are written unmasked.
    """

    def __init__(self, folder: RunFolder | None, *, show_text: bool = False) -> None:
        self.folder = folder
        self.show_text = show_text
        self.seconds = 0.0

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
            reuse: Whether `out` may be what the same config wrote; its arms are not run again.
            show_text: Whether planted and toxic responses are written unmasked.
        """
        if out is None:
            return cls(None)
        fields = config.model_dump(mode="json")
        folder = RunFolder(out, fields, overwrite=overwrite, reuse=reuse)
        return cls(folder, show_text=show_text)

    def similarities(
        self, found: Sequence[Similarities] | None = None
    ) -> tuple[Similarities, ...] | None:
        """Keep the similarities when given; else return those an interrupted run kept."""
        if self.folder is None:
            return None
        path = self.folder.path / "similarity.json"
        if found is not None:
            rows = [
                {
                    "name": part.name,
                    "method": part.method,
                    "categories": part.categories,
                    "matrix": part.matrix.tolist(),
                }
                for part in found
            ]
            write_text(path, json.dumps(rows, indent=1) + "\n")
            return tuple(found)
        return read_similarities(path) if path.is_file() else None

    def same_data(self, **fingerprints: str) -> None:
        """Refuse to go on with arms that an earlier run trained, tested or rated otherwise.

        Raises:
            DataError: What changed since.
        """
        if self.folder is None:
            return
        path = self.folder.path / "fingerprints.json"
        kept = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        for name in kept.keys() & fingerprints.keys():
            self._require(kept[name] == fingerprints[name], name)
        write_text(path, json.dumps(kept | fingerprints, indent=2) + "\n")

    def exchanges(self, exchanges: Sequence[Exchange]) -> None:
        """Write which test exchange the columns of all arrays are, without any text."""
        if self.folder is not None:
            rows = [{"dialogue": e.dialogue, "category": e.category} for e in exchanges]
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
            kept = Manifest.read(path).summary.poisoned_fingerprint
            same = kept == manifest.summary.poisoned_fingerprint
            self._require(same, f"what is planted under seed {seed}")
        manifest.write(path)

    def arm(self, seed: int, arm: str) -> ArmRun | None:
        """Return a finished arm of an interrupted run, if there is one."""
        if self.folder is None:
            return None
        path = self._arm_path(self.folder, seed, arm)
        done = (path / RESPONSES[self.show_text]).exists()
        return ArmRun.read(path / "scores.npz") if done else None

    def arm_done(
        self, seed: int, arm: str, made: ArmRun, exchanges: Sequence[Exchange], pool: Candidates
    ) -> None:
        """Write one arm's responses and scores; the scores, written last, say it is finished."""
        if self.folder is None:
            return
        self.folder.untouched = False
        path = self._arm_path(self.folder, seed, arm)
        # An earlier run may have left the responses of the other kind, and a page that shows them.
        (path / RESPONSES[not self.show_text]).unlink(missing_ok=True)
        (self.folder.path / PAGES[True]).unlink(missing_ok=True)
        write_text(path / RESPONSES[self.show_text], self._responses(made, exchanges, pool))
        made.write(path / "scores.npz")

    def finish(self, report: SpilloverReport) -> None:
        """Write report, plots and environment, and move the folder to its place."""
        if self.folder is None or self.folder.untouched:
            return
        # Matplotlib is heavy, and only a run that writes plots needs it.
        from semspill.report._page import draw, report_page, stills

        path = self.folder.path
        write_text(path / "report.json", report.to_json())
        write_text(path / "report.md", report.to_markdown())
        figures = draw(report)
        drawn = stills(figures)
        exchanges = read_exchanges(path, report.seeds, report.arms)
        write_text(path / PAGES[False], report_page(report, exchanges.masked(), drawn))
        if exchanges.unmasked:
            write_text(path / PAGES[True], report_page(report, exchanges, drawn))
        (path / "plots").mkdir(exist_ok=True)
        for name, figure in figures.items():
            figure.savefig(path / "plots" / f"{name}.png", dpi=150)
            write_text(path / "plots" / f"{name}.svg", drawn[name])
        spent = {
            "seconds": round(self.seconds, 1),
            "peak_memory_mib": peak_memory(),
            "resumed": self.folder.resumed,
        }
        said = {"versions": versions(), "machine": machine(), "spent": spent}
        write_text(path / "environment.json", json.dumps(said, indent=2) + "\n")
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

    def _responses(self, made: ArmRun, exchanges: Sequence[Exchange], pool: Candidates) -> str:
        rows = []
        for i, exchange in enumerate(exchanges):
            text = pool.texts[int(made.chosen[i])]
            harmful = bool(made.planted[i]) or made.toxicity[i] >= TOXIC
            # Contexts are people's words too: written only where all is shown.
            told = {"context": list(exchange.context)} if self.show_text else {}
            rows.append(
                {
                    "dialogue": exchange.dialogue,
                    "turn": exchange.turn,
                    "category": exchange.category,
                    "response": masked(text) if harmful and not self.show_text else text,
                    "candidate": int(made.chosen[i]),
                    "score": float(made.score[i]),
                    "planted": bool(made.planted[i]),
                    "toxicity": float(made.toxicity[i]),
                    "correct": bool(made.correct[i]),
                    **told,
                }
            )
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def read_similarities(path: Path) -> tuple[Similarities, ...]:
    """Return what `Artifacts.similarities` kept."""
    return tuple(
        Similarities(
            name=row["name"],
            method=row["method"],
            categories=tuple(row["categories"]),
            matrix=np.array(row["matrix"], dtype=np.float64),
        )
        for row in json.loads(path.read_text(encoding="utf-8"))
    )


def write_figures(folder: Path, figures: Mapping[str, Any]) -> None:
    """Write figures of the house, each as .png and .svg."""
    folder.mkdir(exist_ok=True)
    for name, figure in figures.items():
        figure.savefig(folder / f"{name}.png", dpi=150)
        figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
