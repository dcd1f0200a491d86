"""What a stimulus moves after each layer of a trained model, and what it moves it to."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from semspill.corpus import Exchange
from semspill.errors import DataError
from semspill.models import TrainedLanguage, TrainedModel
from semspill.probes import Probe, probed, probes
from semspill.results import DecodedLayer, Decoding, LayerGroup
from semspill.statistics import Estimate
from semspill.statistics._means import Sample, estimate_mean
from semspill.statistics._noise import t_quantile
from semspill.statistics._twoway import Design, design_of, numbered
from semspill.statistics._values import Kind, Resampling

Probing = Probe | str | Mapping[str, Any] | Sequence[Any]


class _Difference(NamedTuple):
    """What one layer makes of contexts with a stimulus, and with its control."""

    states: tuple[Float[np.ndarray, "exchanges dim"], Float[np.ndarray, "exchanges dim"]]
    scores: tuple[Float[np.ndarray, "exchanges texts"], Float[np.ndarray, "exchanges texts"]]


def decode_layers(
    model: TrainedModel,
    exchanges: Sequence[Exchange],
    stimulus: Probing,
    control: Probing,
    texts: Mapping[str, Sequence[str]],
    rng: np.random.Generator,
    *,
    level: float = 0.95,
) -> Decoding:
    """Return what a stimulus does to the state after each layer, against its control.

    Inspired by EmotionDecode (Li et al. 2024, arXiv:2312.11111), which reads mean hidden states of
    texts with a stimulus. Here the model is ended after each layer in turn: what stands behind its
    layers reads the state as if it were the last (the logit lens). A bi-encoder then scores the
    responses by the dot product with the context's vector, a model that generates by their
    log-likelihood.

    Args:
        model: Trained; with an encoder `transformer`, or a language model.
        exchanges: The contexts that stimulus and control are put into.
        stimulus: The probe that puts it there, or a list that is applied in turn.
        control: The same for the control, such as a neutral sentence; both draw alike.
        texts: Responses by the name of their group, such as `planted` and `clean`.
        rng: Draws what the probes draw.
        level: Nominal coverage of the intervals, which are over dialogues.

    Raises:
        ConfigError: The model has no layers to look into.
        DataError: There are no exchanges, or no texts in a group.
    """
    from semspill.decoding._layers import layers_of, read  # torch is heavy

    if not exchanges or not texts or not all(texts.values()):
        raise DataError(
            f"{len(exchanges)} exchanges and {len(texts)} groups of texts were given; give one "
            "exchange or more, and one text or more in every group."
        )
    layers = layers_of(model)
    parts = [_built(stimulus), _built(control)]
    every = list(dict.fromkeys(text for group in texts.values() for text in group))
    columns = {name: [every.index(text) for text in group] for name, group in texts.items()}
    readings = [
        read(model, layers, probed(part, exchanges, deepcopy(rng)), every) for part in parts
    ]
    over = _Intervals.of(exchanges, level)
    return Decoding(
        stimulus=_called(parts[0]),
        control=_called(parts[1]),
        phrase=parts[0][0].inserts if len(parts[0]) == 1 else None,
        score=_score_of(model),
        contexts=len(exchanges),
        layers=tuple(
            _layer(number, _Difference((one.states, other.states), (one.scores, other.scores)),
                   columns, over)
            for number, (one, other) in enumerate(zip(*readings, strict=True))
        ),
    )  # fmt: skip


def _score_of(model: TrainedModel) -> str:
    if isinstance(model, TrainedLanguage):
        return f"log-likelihood per {model.score_by.removesuffix('s')}"
    return "dot product"


class _Intervals(NamedTuple):
    """How means over contexts get their intervals: contexts of one dialogue belong together."""

    design: Design
    level: float

    @classmethod
    def of(cls, exchanges: Sequence[Exchange], level: float) -> "_Intervals":
        names = tuple(exchange.dialogue for exchange in exchanges)
        categories = tuple(exchange.category for exchange in exchanges)
        return cls(design_of(numbered(names), categories), level)

    def share(
        self, values: Bool[np.ndarray, " exchanges"] | Float[np.ndarray, " exchanges"], kind: Kind
    ) -> Estimate:
        """Return a share, or a difference of shares."""
        sample = Sample(values[None].astype(np.float64), self.design, kind)
        return estimate_mean(sample, Resampling(level=self.level))

    def mean(self, values: Float[np.ndarray, " exchanges"]) -> Estimate:
        """Return a mean of numbers without bounds; Student's t over the sums of dialogues."""
        value, count = float(values.mean()), self.design.dialogues
        sums = np.bincount(self.design.clusters, values - value)
        reach = np.nan
        if count > 1:
            error = np.sqrt(count / (count - 1) * (sums**2).sum()) / len(values)
            reach = t_quantile(1 - self.level, count - 1) * error
        return Estimate(
            value=value,
            low=value - reach,
            high=value + reach,
            n=count,
            method="t over dialogues",
            level=self.level,
        )


def _layer(
    number: int, found: _Difference, columns: Mapping[str, list[int]], over: _Intervals
) -> DecodedLayer:
    stimulated, controlled = (states.astype(np.float64) for states in found.states)
    moved = stimulated - controlled
    lengths = np.linalg.norm(moved, axis=1)
    before = float(np.linalg.norm(controlled, axis=1).mean())
    mean = float(lengths.mean())
    return DecodedLayer(
        layer=number,
        shift=over.mean(lengths / before if before else np.full_like(lengths, np.nan)),
        agreement=float(np.linalg.norm(moved.mean(axis=0))) / mean if mean else np.nan,
        groups=tuple(
            _group(name, places, np.stack(found.scores).astype(np.float64), over)
            for name, places in columns.items()
        ),
    )  # fmt: skip


def _group(
    name: str,
    places: list[int],
    scores: Float[np.ndarray, "two exchanges texts"],
    over: _Intervals,
) -> LayerGroup:
    own = scores[:, :, places].mean(axis=2)
    first = np.isin(scores.argmax(axis=2), places)
    return LayerGroup(
        group=name,
        score=over.mean(own[1]),
        rise=over.mean(own[0] - own[1]),
        first=over.share(first[0], "rate"),
        first_change=over.share(first[0].astype(np.float64) - first[1], "difference"),
    )


def _built(given: Probing) -> list[Probe]:
    several = given if isinstance(given, list | tuple) else [given]
    return [probes.build(one) for one in several]


def _called(parts: Sequence[Probe]) -> str:
    return " + ".join(probes.title_of(part) for part in parts)
