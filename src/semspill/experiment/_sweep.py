"""Sweeps: experiments that differ in a few fields, with shared work done once."""

import json
import logging
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from semspill._atomic import write_text
from semspill._progress import Progress
from semspill.analysis import Outcome, Similarities, spillover_matrix
from semspill.analysis._targets._pooled import LEAST_TARGETS
from semspill.errors import ConfigError, DataError
from semspill.experiment._config import ExperimentConfig
from semspill.experiment._events import Observer, ignore
from semspill.experiment._load import load_config
from semspill.experiment._run import carry_out
from semspill.experiment._vary import Vary, names_target, spelled_out, variants
from semspill.experiment._watching import watching
from semspill.experiment.executors import Executor
from semspill.experiment.store import (
    COMPARISON,
    PAGES,
    RunStore,
    Side,
    comparison_of,
    locked,
    sweep_page,
    swept_arm,
    write_figures,
)
from semspill.results import Quantity, SpilloverMatrix, SpilloverReport

logger = logging.getLogger(__name__)

_QUANTITIES: tuple[Quantity, ...] = ("asr", "toxicity")


@dataclass(frozen=True, eq=False)
class Variant:
    """One experiment of a sweep."""

    name: str
    """Its values, such as `budget=0.01`; also the name of its folder."""
    config: ExperimentConfig
    """The whole config."""
    report: SpilloverReport
    """Its report."""
    outcomes: tuple[Outcome, ...]
    """The arms' outcomes, to analyze in another way."""
    similarities: tuple[Similarities, ...]
    """How near categories are, by every definition of the config."""


def sweep(
    config: ExperimentConfig | Mapping[str, Any] | str | Path,
    vary: Vary,
    *,
    dataset: object = None,
    out: str | Path | None = None,
    show_text: bool = False,
    executor: Executor | str = "serial",
    cache: str | Path | None = None,
    progress: Progress | None = None,
    observer: Observer = ignore,
) -> tuple[Variant, ...]:
    """Run an experiment for every combination of some fields' values.

    Arms that train alike, such as the clean arm of all targets, are trained once. With `out`, each
    variant has its folder there, as `run` writes it; a sweep that was interrupted goes on where it
    stopped, and one with further values keeps the variants it finds. When several targets are all
    that varies, their target-by-victim matrix is written too, else how the variants differ from
    the first.

    Args:
        config: What all variants share.
        vary: Values by dotted field, such as `{"poisoner.budget": [0.01, 0.03]}`. For
            `poisoner.selector.category`, `"all"` stands for every category of the test split.
        dataset: Data in place of the config's: a mapping of splits to corpora, data frames or data
            sets of Hugging Face, such as `{"train": train, "test": test}`, or what a config takes.
        out: Folder to write; None writes nothing.
        show_text: Whether the written responses show planted and toxic text unmasked.
        executor: Where jobs are performed: `"serial"`, `"processes"`, `"ray"`, or an executor of
            `semspill.experiment.executors` with its settings.
        cache: Folder of answers that experiments share. It holds harmful text.
        progress: Wraps the iterables of long stages, for example `tqdm.tqdm`. By default a line in
            a notebook, and bars where standard error is a terminal, show how far it is; `iter`
            shows nothing.
        observer: Takes every stage, epoch and finished arm; what it raises stops the sweep.

    Raises:
        ConfigError: A field is unknown or a value not allowed.
        DataError: The data are not as promised.
        PluginError: A component does not keep its contract.
    """
    base = load_config(config, dataset=dataset)
    with watching(progress, observer) as (tracked, observed):
        return carry_out_sweep(
            base,
            vary,
            out=out,
            show_text=show_text,
            executor=executor,
            cache=cache,
            progress=tracked,
            observer=observed,
        )


def carry_out_sweep(
    base: ExperimentConfig, vary: Vary, *, out: str | Path | None, show_text: bool, **options: Any
) -> tuple[Variant, ...]:
    """Do what `sweep` does, with the further options of `carry_out`."""
    values = spelled_out(base, vary)
    configs = variants(base, values)
    warn_of_few(base, values)
    folder = None if out is None else Path(out)
    with nullcontext() if folder is None else locked(folder):
        _require_own(folder)
        finished = _swept(configs, folder, show_text, **options)
        if folder is not None:
            shared = {"config": base.model_dump(mode="json"), "vary": values}
            _write_shared(folder, {**shared, "variants": list(configs)}, finished)
    return finished


def warn_of_few(base: ExperimentConfig, values: Mapping[str, Sequence[Any]]) -> None:
    """Warn before anything is trained where the targets are too few to be tested together.

    Args:
        base: What all variants share.
        values: What varies, spelled out.
    """
    (field, varied), *more = values.items()
    few = not more and len(base.arms) > 1 and 1 < len(varied) < LEAST_TARGETS
    if few and names_target(base, field):
        logger.warning(
            "%d targets are too few to test whether lifts follow similarity; that takes %d or "
            "more. Each target is reported by itself. Targets can be added later: the same command "
            "with further values keeps what is finished.",
            len(varied),
            LEAST_TARGETS,
        )


def _require_own(folder: Path | None) -> None:
    """Refuse a folder in which this sweep would replace files that no sweep wrote."""
    if folder is not None and not (folder / "sweep.json").is_file():
        for path in [*_shared_files(folder), folder / PAGES[False]]:
            if path.exists():
                raise ConfigError(f"{path} was not written by a sweep; choose another folder.")


def _swept(
    configs: Mapping[str, ExperimentConfig],
    folder: Path | None,
    show_text: bool,
    **options: Any,
) -> tuple[Variant, ...]:
    """Run every variant, each in its own folder."""
    stores: dict[str, RunStore] = {}
    try:
        for name, config in configs.items():
            place = None if folder is None else folder / name
            stores[name] = RunStore(config, place, reuse=True, show_text=show_text)
    except BaseException:
        for store in stores.values():
            store.tidy()
        raise
    carried = carry_out(configs, stores, **options)
    return tuple(
        Variant(name, configs[name], report, tuple(study.outcomes()), study.similarities)
        for name, (study, report) in carried.items()
    )


def _write_shared(folder: Path, shared: Mapping[str, Any], finished: Sequence[Variant]) -> None:
    """Write what is about all variants together."""
    text = json.dumps(shared, indent=2, ensure_ascii=False, default=str)
    write_text(folder / "sweep.json", text + "\n")
    for left in _shared_files(folder):  # by an earlier sweep
        left.unlink(missing_ok=True)
    first, varied = finished[0].config, list(shared["vary"])
    targets = len(varied) == 1 and names_target(first, varied[0])
    comparison = None
    if targets and len(finished) > 1 and len(first.arms) > 1:
        try:
            _write_matrices(folder, finished)
        except DataError as error:  # the runs themselves are good
            logger.warning("no target-by-victim matrix: %s", error)
    elif len(finished) > 1:
        arm = swept_arm(folder, finished[0].report)
        sides = {variant.name: Side(folder / variant.name, arm) for variant in finished}
        comparison = comparison_of(sides)
        write_text(folder / COMPARISON, comparison.to_json())
    write_text(folder / PAGES[False], sweep_page(folder, folder / PAGES[False], comparison))


def target_matrix(
    variants: Sequence[Variant], *, of: Quantity = "asr", arm: str = "poison"
) -> SpilloverMatrix:
    """Return what every category caught when each target of a sweep was poisoned in turn.

    Args:
        variants: What `sweep` returned for several targets and nothing else.
        of: Whether the lift is of the planted rate or of rated toxicity.
        arm: The arm that is compared with the clean one.

    Raises:
        ConfigError: There is no variant.
        DataError: A target comes twice, or the variants differ in more than the target.
    """
    if not variants:
        raise ConfigError("There is no variant; give what sweep() returned.")
    outcomes = [outcome for variant in variants for outcome in variant.outcomes]
    return spillover_matrix(outcomes, variants[0].similarities[0], of=of, arm=arm)


def _shared_files(folder: Path) -> list[Path]:
    drawn = [
        folder / "plots" / f"{what}-{of}.{kind}"
        for what in ("matrix", "pairs")
        for of in _QUANTITIES
        for kind in ("png", "svg")
    ]
    drawn.append(folder / COMPARISON)
    return drawn + [folder / f"matrix-{of}.{kind}" for of in _QUANTITIES for kind in ("json", "md")]


def _write_matrices(folder: Path, finished: Sequence[Variant]) -> None:
    from semspill.report.figures._matrix import plot_matrix, plot_pairs  # matplotlib is heavy

    arm = finished[0].report.main_arm
    for of in _QUANTITIES:
        matrix = target_matrix(finished, of=of, arm=arm)
        write_text(folder / f"matrix-{of}.json", matrix.to_json())
        write_text(folder / f"matrix-{of}.md", matrix.to_markdown())
        figures = {f"matrix-{of}": plot_matrix(matrix), f"pairs-{of}": plot_pairs(matrix)}
        write_figures(folder / "plots", figures)
