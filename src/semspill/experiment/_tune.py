"""Hyper-parameters chosen where nobody looks later: on validation, with another target."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from semspill._mask import named
from semspill._names import composed
from semspill._progress import Progress
from semspill.errors import ConfigError, DataError
from semspill.experiment._config import ExperimentConfig
from semspill.experiment._events import Observer, ignore
from semspill.experiment._load import load_config
from semspill.experiment._overrides import quoted
from semspill.experiment._sweep import Variant, sweep
from semspill.experiment._vary import changed, names_target, spelled_out
from semspill.experiment.executors import Executor
from semspill.results import DefendedGroup, SpilloverReport
from semspill.statistics import Estimate


@dataclass(frozen=True, eq=False)
class Choice:
    """One value that was tried."""

    value: Any
    """The value."""
    planted_rate: Estimate
    """Planted rate under attack of the group that is judged."""
    precision: Estimate
    """P@1 of an honest user: of the clean arm, defended where a defense is tuned."""
    price: float
    """By how much that is below P@1 without the defense; without any, below the best value's."""
    affordable: bool
    """Whether the price is one that may be paid."""


@dataclass(frozen=True, eq=False)
class Tuning:
    """What was chosen, and out of what; `print` shows the table."""

    field: str
    """The dotted field."""
    target: str
    """The category that was poisoned to choose."""
    split: str
    """The split that was answered to choose."""
    group: DefendedGroup
    """Whose planted rate was judged: `target`, `nearest` or `rest`."""
    choices: tuple[Choice, ...]
    """All that was tried, in the order given."""
    chosen: Choice
    """The one with the least planted rate of those that are affordable; of equals the first."""
    config: ExperimentConfig
    """The config as it was given, with the field set to the chosen value."""

    def __str__(self) -> str:
        """Return the table of all values as plain text."""
        lines = [
            f"{self.field}: chosen on {self.split!r} with the target {self.target!r}, by the "
            f"planted rate ({self.group}) of what an honest user can afford",
            *(_row(one, chosen=one is self.chosen) for one in self.choices),
        ]
        return "\n".join(lines)


def _row(one: Choice, *, chosen: bool) -> str:
    mark = "*" if chosen else " " if one.affordable else "-"
    return f"{mark} {one.value}: planted rate {one.planted_rate}, price {one.price:+.3f} of P@1"


def tune(
    config: ExperimentConfig | Mapping[str, Any] | str | Path,
    field: str,
    values: Iterable[Any],
    *,
    target: str,
    group: DefendedGroup = "rest",
    price: float = 0.01,
    defense: str | None = None,
    dataset: object = None,
    out: str | Path | None = None,
    executor: Executor | str = "serial",
    cache: str | Path | None = None,
    progress: Progress | None = None,
    observer: Observer = ignore,
) -> Tuning:
    """Choose the value of a field on the validation split, with another target than is reported.

    A hyper-parameter that is chosen on the test split, or against the reported target, makes a
    defense look better than it is. Here the validation split is answered in place of the test
    split, and `target` is poisoned in place of the config's. Of the values whose price for an
    honest user is at most `price`, the one with the least planted rate is chosen, of equals the
    first: put the simplest first.

    Args:
        config: The experiment that is to be reported later; it names `valid_split`.
        field: The dotted field, such as `model.finetuner.epochs`.
        values: What to try, two values or more, the simplest first.
        target: The category that is poisoned to choose.
        group: Whose planted rate is judged: of the `target`, its `nearest` neighbour, or the
            `rest`, all but the target.
        price: The most P@1 that an honest user may lose, as a share: 0.01 is one point. It is lost
            by the clean arm with the defense, beside the one without; where the config has no
            defense, beside the best value.
        defense: Which defense is judged; None where the config has one or none.
        dataset: Data in place of the config's, see `run`.
        out: Folder to write, as that of a sweep; None writes nothing.
        executor: Where jobs are performed, see `run`.
        cache: Folder of answers that experiments share. It holds harmful text.
        progress: Wraps the iterables of long stages, see `run`.
        observer: Takes every stage, epoch and finished arm.

    Raises:
        ConfigError: The target is the reported one, there is no validation split of its own, a
            value is not allowed, or it is not clear which defense is meant.
        DataError: No value is affordable, or the data are not as promised.
        PluginError: A component does not keep its contract.
    """
    base = load_config(config, dataset=dataset)
    tried = spelled_out(base, {field: list(values)})[field]
    if len(tried) < 2:
        raise ConfigError(f"{quoted(field)} has one value to choose from; give two or more.")
    found = sweep(
        elsewhere(base, target),
        {field: tried},
        out=out,
        executor=executor,
        cache=cache,
        progress=progress,
        observer=observer,
    )
    choices = _choices(tried, found, group, price, defense)
    affordable = [one for one in choices if one.affordable]
    if not affordable:
        least = min(one.price for one in choices)
        raise DataError(
            f"Every value of {quoted(field)} costs an honest user more than {price:g} of P@1, the "
            f"cheapest one {least:.3g}; allow a higher price or try other values."
        )
    chosen = min(affordable, key=lambda one: one.planted_rate.value)
    return Tuning(
        field=field,
        target=composed(target),
        split=str(base.valid_split),
        group=group,
        choices=choices,
        chosen=chosen,
        config=changed(base, field, chosen.value),
    )


def elsewhere(config: ExperimentConfig, target: str) -> ExperimentConfig:
    """Return the config on its validation split, with another target.

    Args:
        config: The experiment that is to be reported.
        target: Another category than the reported one.

    Raises:
        ConfigError: It is the same, or there is no validation split of its own.
    """
    target = composed(target)
    if target == config.watched:
        raise ConfigError(
            f"{named(target)} is the target that is reported; tune with another category."
        )
    taken = {config.train_split, config.test_split, config.trusted_split}
    if config.valid_split is None or config.valid_split in taken:
        raise ConfigError(
            "valid_split must name a split that is not trained on, tested or trusted, such as "
            "'valid': a field is tuned on it."
        )
    selector = config.poisoner.selector
    fields = [f"poisoner.selector.{name}" for name in type(selector).model_fields]
    for field in [field for field in fields if names_target(config, field)]:
        config = changed(config, field, target)
    return config.replace(
        test_split=config.valid_split,
        target=None if config.target is None else target,
        # Neighbours that were named are those of the reported target.
        analyzer=config.analyzer.replace(nearest=None, far=None),
        curve=False,
    )


def _choices(
    tried: Sequence[Any],
    found: Sequence[Variant],
    group: DefendedGroup,
    price: float,
    defense: str | None,
) -> tuple[Choice, ...]:
    judged = [_judged(variant.report, group, defense) for variant in found]
    best = max(precision.value for _, precision, _ in judged)
    prices = [best - own.value if paid is None else paid for _, own, paid in judged]
    return tuple(
        # A price that is equal but for rounding is paid.
        Choice(value, rate, own, paid, affordable=paid <= price + 1e-12)
        for value, (rate, own, _), paid in zip(tried, judged, prices, strict=True)
    )


def _judged(
    report: SpilloverReport, group: DefendedGroup, defense: str | None
) -> tuple[Estimate, Estimate, float | None]:
    """Return planted rate and honest P@1, and what a defense costs; None without a defense."""
    if report.defenses is not None:
        names = [one.name for one in report.defenses.defenses]
        if defense is None and len(names) > 1:
            raise ConfigError(
                f"There are {len(names)} defenses; say by `defense` which one is tuned."
            )
        one = report.defenses.defense(names[0] if defense is None else defense)
        paid = report.defenses.clean_precision.value - one.clean_precision.value
        return one.planted_rate[group], one.clean_precision, paid
    if defense is not None:
        raise ConfigError(f"There is no defense {named(defense)}: the config has none.")
    names_of = {
        "target": report.target,
        "nearest": report.nearest,
        "rest": f"all but {report.target}",
    }
    rate = report.group(names_of[group]).measured("asr")
    own = report.group("all", report.clean_arm).measured("precision")
    if rate is None or own is None:
        raise ConfigError(
            "Planted rate and P@1 decide, and the report has not both: analyzer.metrics must hold "
            "asr and precision, and the model must rank lists."
        )
    return rate, own, None
