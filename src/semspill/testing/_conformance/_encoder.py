"""What an encoder promises: a bi-encoder whose vectors depend on one text each."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from semspill.encoders import BiEncoder, Encoder, encoders
from semspill.testing._conformance._check import Broken, Checks
from semspill.testing._conformance._common import (
    add_common,
    built,
    errors_pickle,
    missing_files,
    pickled,
)
from semspill.testing._conformance._numbers import ROUNDING, Numbers, scale
from semspill.testing._conformance._probes import tiny_corpus
from semspill.testing._conformance._repeat import WITH_RNG, add_repeatable
from semspill.testing._conformance._vectors import PROMISES, SIDES, Given


def _given() -> Given:
    """Return what is encoded: some exchanges, no two of one dialogue."""
    import torch  # noqa: F401  # else nobody would see what the first load does to its generator

    return tiny_corpus().exchanges[::8]


def check_encoder(encoder: Encoder | str | Mapping[str, Any]) -> None:
    """Run all checks of an encoder.

    A bi-encoder that is no TwoTower cannot be fine-tuned or saved, and is not asked to be.

    Args:
        encoder: An object, a registered name, or a mapping with `name` and fields.

    Raises:
        ConformanceError: With one sentence for each broken promise.

    Example:
        >>> check_encoder({"name": "hashing", "buckets": 512, "dim": 8})
    """
    __tracebackhide__ = True
    CHECKS.run(built(encoders, encoder))


CHECKS: Checks[Encoder, Given] = Checks("encoder", _given)
"""All checks of an encoder."""

add_common(CHECKS, encoders)


@CHECKS.add("loads a BiEncoder")
def loads_a_biencoder(encoder: Encoder, given: Given) -> None:
    """Look at the type of what comes."""
    model: object = encoder.load(np.random.default_rng(0))
    if not isinstance(model, BiEncoder):
        raise Broken(
            f"load gave {type(model).__name__}",
            "Return a semspill.encoders.two_tower.TwoTower, or extend BiEncoder",
        )


@CHECKS.add("gives the vectors of its pickled copy")
def copies_give_the_same(encoder: Encoder, given: Given) -> None:
    """Load both with equal rngs."""
    copy = pickled(encoder, "Define its class at the top of a module, and keep models out of it")
    if _again(copy, given) != _again(encoder, given):
        raise Broken("the copy gave others", "Let all that the vectors hang on be a field")


@CHECKS.add("raises a DataError that gets out of a worker where a file is missing")
def missing_file_is_a_data_error(encoder: Encoder, given: Given) -> None:
    """Point the fields that name a file at none."""
    missing_files(encoder, _loaded)


@CHECKS.add("raises errors that get out of a worker")
def errors_get_out(encoder: Encoder, given: Given) -> None:
    """Give what is no text, and pickle the error that comes."""
    nothing: Any = [None]
    errors_pickle(lambda: _loaded(encoder).encode_responses(nothing))


def _again(encoder: Encoder, given: Given) -> list[Numbers]:
    model = _loaded(encoder)
    made = [encode(model, given) for encode in SIDES.values()]
    return [Numbers(rows, ROUNDING * scale(rows)) for rows in made]


add_repeatable(CHECKS, _again, "vectors", WITH_RNG)


def _of_model(test: Callable[[BiEncoder, Given], None]) -> Callable[[Encoder, Given], None]:
    def tried(encoder: Encoder, given: Given) -> None:
        test(_loaded(encoder), given)

    return tried


def _of_towers(name: str) -> Callable[[Encoder, Given], None]:
    def tried(encoder: Encoder, given: Given) -> None:
        from semspill.encoders.two_tower import TwoTower
        from semspill.testing._conformance import _towers

        model = _loaded(encoder)
        if isinstance(model, TwoTower):
            getattr(_towers, name)(encoder, model, given)

    return tried


_OF_TOWERS = {
    "declared_dim": "gives vectors of the length that its towers declare as `dim`",
    "declared_unit": "gives vectors of length 1 where a tower declares `unit`",
    "any_batch": "gives the same vectors whatever the `encode_batch` of its towers",
    "cuts_what_is_too_long": "reads of no text more than `max_tokens`",
    "keeps_label_and_newest": "keeps the label and the newest words of a context that is cut, and "
    "the start of a response",
    "can_be_fine_tuned": "learns from a step of fine-tuning, in both towers",
    "loads_untouched_weights": "loads the same after what it loaded was fine-tuned",
    "table_is_only_looked_up": "learns the same from the part of a `table` that occurs",
    "comes_back_saved": "comes back with the same vectors when what it loaded is saved",
}


def _add_of_models() -> None:
    for promise, test in PROMISES.items():
        CHECKS.add(promise, test.__name__)(_of_model(test))
    for name, promise in _OF_TOWERS.items():
        CHECKS.add(promise, name)(_of_towers(name))


_add_of_models()


def _loaded(encoder: Encoder) -> BiEncoder:
    return encoder.load(np.random.default_rng(0))
