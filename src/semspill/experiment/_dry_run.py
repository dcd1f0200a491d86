"""Dry run: what a run would train, plant and write, by arithmetic on its data; no model trains."""

import math
import textwrap
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from statistics import median_low
from typing import Any

import numpy as np

from semspill._model import FrozenModel
from semspill._random import stream
from semspill.analysis import smallest_lift
from semspill.errors import ConfigError
from semspill.experiment._config import ExperimentConfig
from semspill.experiment._data import Data
from semspill.experiment._jobs import Training
from semspill.experiment._load import load_config
from semspill.experiment._materials import Materials
from semspill.experiment._study import Study
from semspill.experiment.store import decide, finished_arms
from semspill.models import Effort
from semspill.scoring import ToxicityScorer, assess_rater

_RATED = 256  # clean candidates, to learn how much ratings vary


class Forecast(FrozenModel):
    """What a run would do."""

    target: str
    """The poisoned category, whose neighbours are watched."""
    seeds: tuple[int, ...]
    """The training seeds."""
    arms: tuple[str, ...]
    """The training-and-pool conditions."""
    trainings: int
    """How many models would be trained; arms that train on the same corpus share one."""
    epochs: int
    """Epochs of each training."""
    effort: Effort | None
    """Optimizer steps of each training, and whether they are too few; None where not known."""
    train_dialogues: int
    """Dialogues that are trained on."""
    train_exchanges: int
    """Exchanges that are learned from."""
    candidates: int
    """Distinct clean responses that the model can answer with, after the filters; 0 for a model
    that answers without candidates."""
    planted: Mapping[int, int]
    """Planted exchanges under each seed."""
    limit: int
    """Planted exchanges that the budget allows."""
    dropped: int
    """Most planted texts that the filters keep out of a pool."""
    tests: Mapping[str, int]
    """Test dialogues of each category; one whose exchanges have several counts for each."""
    test_dialogues: int
    """Test dialogues of all categories."""
    test_exchanges: int
    """Test exchanges of all categories."""
    memory_mib: float
    """Weights, gradients, optimizer state and vectors, in MiB; no libraries, no activations."""
    smallest_lift: float | None
    """Smallest toxicity lift that the test of one category of median size detects with 80 % power;
    None where a category has one test dialogue, and where nothing is compared with `clean`."""
    folder: str
    """What would become of the output folder."""
    refused: bool
    """Whether a run would refuse the folder."""

    def __str__(self) -> str:
        effort, compares, size = self.effort, len(self.arms) > 1, median_low(self.tests.values())
        others = [count for name, count in self.tests.items() if name != self.target]
        added = " and what was planted" if compares else ""
        added += f"; the filters keep {self.dropped} planted texts out" if self.dropped else ""
        plants = f"{_span(self.planted.values())} exchanges per seed, of at most {self.limit}"
        detects = (
            f"nothing in single categories: one of median size has {size} test dialogue"
            if self.smallest_lift is None
            else f"a toxicity lift of {100 * self.smallest_lift:.2g} points or more in a category "
            f"of {size} dialogues (the median), with 80 % power, uncorrected for multiple "
            "comparisons and without training noise, which only a run shows"
        )
        whence = f"from {self.candidates} responses{added}"
        whence = whence if self.candidates else "in the model's own words"
        rows = [
            ("Trains", f"{self.trainings} model{'s' * (self.trainings != 1)}: arms "
             f"{', '.join(self.arms)}; seeds {', '.join(map(str, self.seeds))}; arms that train "
             "alike share one"),
            ("", f"{self.epochs} epoch{'s' * (self.epochs != 1)} on "
             f"{self.train_exchanges} exchanges of {self.train_dialogues} dialogues"
             + (f", {effort.counted}" if effort else "")),
            ("", effort.too_few if effort else ""),
            ("Plants", plants if compares else ""),
            ("Answers", f"{self.test_exchanges} test exchanges, each {whence}"),
            ("", f"{self.test_dialogues} test dialogues: {self.tests[self.target]} of the "
             f"target {self.target}, {_span(others)} of each of {len(others)} other categories"),
            ("Memory", f"about {self.memory_mib:.0f} MiB for weights, gradients, optimizer and "
             "vectors; libraries, data and the activations of a batch come on top"),
            ("Detects", detects if compares else ""),
            ("Folder", self.folder),
        ]  # fmt: skip
        return "\n".join(
            textwrap.fill(f"{head:<8} {text}", 80, subsequent_indent=" " * 9)
            for head, text in rows
            if text
        )


def _span(counts: Collection[int]) -> str:
    return "-".join(str(count) for count in sorted({min(counts), max(counts)}))


def forecast(
    config: ExperimentConfig | Mapping[str, Any] | str | Path,
    *,
    out: str | Path | None = None,
    overwrite: bool = False,
    show_text: bool = False,
) -> Forecast:
    """Return what `run` with the same arguments would do.

    All data are loaded and poisoned, the encoder is loaded and a few texts are rated; nothing is
    trained or written, but a component that downloads its files does so.

    Args:
        config: Path of a .toml, .yaml or .json file, a mapping, or a config.
        out: Folder that the run would write.
        overwrite: Whether it might be replaced.
        show_text: Whether responses would be written unmasked; finished arms are of one kind.

    Raises:
        ConfigError: The config is not usable.
        DataError: The data are not as promised.
        RegistryError: A component name is unknown.
        PluginError: A component does not keep its contract.
    """
    config = load_config(config)
    try:
        folder, finished = _folder(config, out, overwrite=overwrite, show_text=show_text)
        refused = False
    except ConfigError as error:
        folder, finished, refused = str(error), frozenset(), True
    data, labelled = Data.load(config), config.labelled
    quality = None if labelled is None else assess_rater(config.scorer, labelled)
    for corpus in (data.train, data.test):
        corpus.require_category(config.watched)
    study = Study(config, data, quality=quality)
    trainings, dropped = set(), 0
    for seed in config.seeds:
        materials = Materials(config, data, seed)
        study.plant(seed, materials.poisoned.manifest)
        for arm in config.all_arms:
            dropped = max(dropped, materials.pool(arm).planted_dropped)
            if (seed, arm.name) not in finished:
                trainings.add(Training.of(config, seed, materials.training_key(arm), arm))
    pool = materials.clean_pool.texts
    texts = pool or tuple(dict.fromkeys(one.response for one in data.train.exchanges))
    return Forecast(
        target=config.watched,
        seeds=config.seeds,
        arms=tuple(arm.name for arm in config.all_arms),
        trainings=len(trainings),
        epochs=config.model.epoch_count(),
        effort=config.model.effort(data.train.exchange_count),
        train_dialogues=len(data.train),
        train_exchanges=data.train.exchange_count,
        candidates=len(pool),
        planted={seed: facts.planted for seed, facts in study.planted.items()},
        limit=study.planted[config.seeds[0]].limit,
        dropped=dropped,
        tests=data.test.sizes,
        test_dialogues=len(data.test),
        test_exchanges=len(data.test.exchanges),
        memory_mib=_bytes(study, pool) / 2**20,
        smallest_lift=_smallest_lift(study, texts),
        folder=folder,
        refused=refused,
    )


def _folder(
    config: ExperimentConfig, out: str | Path | None, *, overwrite: bool, show_text: bool
) -> tuple[str, frozenset[tuple[int, str]]]:
    """Return what becomes of the output folder, and the seed and arm of what is finished there."""
    if out is None:
        return "Nothing would be written, because no folder is given.", frozenset()
    fields = config.model_dump(mode="json")
    decision = decide(out, fields, overwrite=overwrite, show_text=show_text)
    out, path = decision.out, decision.path
    arms = [(seed, arm.name) for seed in config.seeds for arm in config.all_arms]
    if decision.finished:
        return f"{out} holds this very run, finished; nothing would be trained.", frozenset(arms)
    replaced = f"{out} would be replaced." if out.exists() and path != out else ""
    if not decision.resumes:
        return replaced or f"{out} would be made.", frozenset()
    finished = finished_arms(path, fields, arms, show_text=show_text)
    counts = f"{len(finished)} of {len(arms)} arms are done."
    if path == out:
        return f"The run in {out} would be added to: {counts}", finished
    then = f" Then {replaced}" if replaced else ""
    return f"The interrupted run in {path} would go on: {counts}{then}", finished


def _bytes(study: Study, pool: Sequence[str]) -> int:
    from semspill.encoders.two_tower import TwoTower  # torch is heavy

    config = study.config
    model = config.measuring_encoder.load(stream(0, "similarity"))
    weights = model.module.parameters() if isinstance(model, TwoTower) else ()
    # A weight, its gradient and the optimizer's two moments.
    held = 4 * sum(each.numel() * each.element_size() for each in weights)
    vector = model.encode_responses(["Hello."])[0].nbytes
    return int(held + vector * (len(pool) + len(study.data.test.exchanges)))


def _smallest_lift(study: Study, texts: Sequence[str]) -> float | None:
    """Return the lift that a category of median size shows, without any pilot.

    Assumes that two arms choose unrelated responses, rated as clean ones are, and that a lift comes
    from planted responses rated 1.
    """
    data = study.data
    sample = [texts[i] for i in stream(0, "forecast").permutation(len(texts))[:_RATED]]
    # A rater that cannot rate is an error here, as in a run.
    rated = ToxicityScorer(rater=study.config.rater, cache=None).score(sample)
    dialogues = median_low(data.test.sizes.values())
    if dialogues < 2 or len(study.config.arms) == 1:
        return None
    turns = len(data.test.exchanges) / sum(data.test.sizes.values())

    def detected(lift: float) -> float:
        return smallest_lift(
            dialogues,
            len(study.config.seeds),
            dialogue_sd=math.sqrt(lift * (1 - lift) / turns),
            seed_sd=0.0,
            interaction_sd=math.sqrt(2 * float(np.var(rated)) / turns),
            level=study.config.analyzer.level,
        )

    low, high = 0.0, 1.0
    for _ in range(12):
        middle = (low + high) / 2
        low, high = (low, middle) if detected(middle) < middle else (middle, high)
    return high
