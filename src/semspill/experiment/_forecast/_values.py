"""What a forecast says, as numbers and as text."""

import textwrap
from collections.abc import Mapping
from statistics import median_low

from pydantic import Field

from semspill._model import FrozenModel

_WIDTH = 71  # 80 with the head of the line


class ForecastPart(FrozenModel):
    """One part of the time that a run would take."""

    name: str
    """Which part."""
    seconds: float = Field(ge=0)
    """Expected wall time on this machine, as busy as it is now."""
    said: str
    """How it was reckoned."""


class Forecast(FrozenModel):
    """What a run would do, and what it would take on this machine."""

    target: str
    """The category whose neighbours are watched."""
    seeds: tuple[int, ...]
    """The training seeds."""
    arms: tuple[str, ...]
    """The training-and-pool conditions."""
    trainings: int
    """How many models would be trained; arms that train on the same corpus share one."""
    epochs: int
    """Epochs of each training."""
    batches: int
    """Batches of each epoch."""
    batch_size: int
    """Exchanges per batch."""
    train_dialogues: int
    """Dialogues that are trained on."""
    train_exchanges: int
    """Exchanges that are learned from."""
    candidates: int
    """Distinct clean responses that the model can answer with, after the filters."""
    planted: Mapping[int, int]
    """Planted exchanges under each seed."""
    limit: int
    """Planted exchanges that the budget allows."""
    dropped: int
    """Planted texts that the filters keep out of the pool, under the first seed."""
    tests: Mapping[str, int]
    """Test dialogues of each category."""
    test_exchanges: int
    """Test exchanges of all categories."""
    parts: tuple[ForecastPart, ...]
    """The time, part by part."""
    low: float
    """Seconds that it takes at least, likely."""
    high: float
    """Seconds that it takes at most, likely."""
    measured: float
    """Seconds that this forecast took."""
    memory_mib: int | None
    """Most memory at once, in MiB, without that of a GPU; None where the system is silent."""
    disk_mib: float
    """Size of the output folder, in MiB."""
    smallest_lift: float | None
    """Smallest toxicity lift that the test of one category of median size finds with 80 % power;
    None where a category has one test dialogue, and where nothing is compared with `clean`."""
    folder: str
    """What would become of the output folder."""
    refused: bool
    """Whether a run would refuse the folder."""

    @property
    def seconds(self) -> float:
        """Expected wall time, in seconds."""
        return sum(part.seconds for part in self.parts)

    @property
    def _compares(self) -> bool:
        return len(self.arms) > 1  # with the clean arm, which is always among them

    def __str__(self) -> str:
        rows = [*self._design(), *self._time(), *self._rest()]
        return "\n".join(line for head, said in rows for line in _wrapped(head, said))

    def _design(self) -> list[tuple[str, str]]:
        planted = sorted(set(self.planted.values()))
        counts = "-".join(str(count) for count in sorted({planted[0], planted[-1]}))
        dropped = f"; the filters keep {self.dropped} planted texts out" if self.dropped else ""
        others = [count for name, count in self.tests.items() if name != self.target]
        span = "-".join(str(count) for count in sorted({min(others), max(others)}))
        models = "model" if self.trainings == 1 else "models"
        plants = [("Plants", f"{counts} exchanges per seed, of at most {self.limit}")]
        added = f" and what was planted{dropped}"
        return [
            ("Trains", f"{self.trainings} {models}: arms {', '.join(self.arms)}; seeds "
             f"{', '.join(map(str, self.seeds))}; arms that train alike share one"),
            ("", f"{self.epochs} epochs of {self.batches} batches of {self.batch_size}, on "
             f"{self.train_exchanges} exchanges of {self.train_dialogues} dialogues"),
            *(plants if self._compares else []),
            ("Answers", f"{self.test_exchanges} test exchanges, each from {self.candidates} "
             f"responses{added if self._compares else ''}"),
            ("", f"{sum(self.tests.values())} test dialogues: {self.tests[self.target]} of the "
             f"target {self.target}, {span} of each of {len(others)} other categories"),
        ]  # fmt: skip

    def _time(self) -> list[tuple[str, str]]:
        between = f"{duration(self.low)} to {duration(self.high)}"
        total = f"about {duration(self.seconds)} ({between}), measured for "
        rows = [("Time", f"{total}{duration(self.measured)} on this machine, as busy as it is now")]
        return rows + [
            ("", f"{duration(part.seconds):>9}  {part.name:<10}  {part.said}")
            for part in self.parts
        ]

    def _rest(self) -> list[tuple[str, str]]:
        memory = (
            "not known, because this system does not say"
            if self.memory_mib is None
            else f"about {self.memory_mib} MiB without a GPU's: the most that this measurement "
            "held, with all data, the model, its optimizer and the vectors of a whole pool"
        )
        size = median_low(self.tests.values())
        finds = (
            f"nothing in single categories: one of median size has {size} test dialogue"
            if self.smallest_lift is None
            else f"a toxicity lift of {self.smallest_lift:.2g} or more in a category of {size} "
            "dialogues (the median), with 80 % power, uncorrected for looking at several; the "
            "noise of training, which only a run shows, is left out"
        )
        return [
            ("Memory", memory),
            ("Disk", f"about {self.disk_mib:.0f} MiB"),
            *([("Finds", finds)] if self._compares else []),
            ("Folder", self.folder),
        ]


def _wrapped(head: str, said: str) -> list[str]:
    # What belongs to a column of its own hangs below it.
    indent = " " * (said.rfind("  ") + 2 if "  " in said else 0)
    lines = textwrap.wrap(said, _WIDTH, subsequent_indent=indent)
    return [
        f"{head if number == 0 else '':<8} {line}".rstrip() for number, line in enumerate(lines)
    ]


def duration(seconds: float) -> str:
    """Return seconds in words that are as exact as a forecast is.

    Example:
        >>> duration(0.2), duration(41.3), duration(400.0), duration(9000.0)
        ('under 1 s', '41 s', '7 min', '2.5 h')
    """
    if seconds < 1:
        return "under 1 s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
