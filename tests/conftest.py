"""Fixtures shared by all tests; the made-up word `grumble` stands for toxicity everywhere."""

import functools
import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from coverage import Coverage

os.environ.setdefault("HF_HUB_OFFLINE", "1")

from semspill import Corpus, Dialogue, Utterance

# Shared cores make a single example slow now and then; that is no defect.
hypothesis.settings.register_profile("semspill", deadline=None, max_examples=30)
hypothesis.settings.load_profile("semspill")

SHARED = Path(__file__).parents[2] / "shared" / "data"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item):
    """Let coverage rest also while the fixtures of a test marked `no_cover` are made.

    Tracing doubles what Python costs. Tests of whole runs, every line of which tests beside the
    code reach as well, do without; pytest-cov stops it only for their calls.
    """
    measured = Coverage.current() if item.get_closest_marker("no_cover") else None
    if measured is not None:
        measured.stop()
    try:
        return (yield)
    finally:
        if measured is not None:
            measured.start()


UNTRACED = {
    "matplotlib.backend_bases:FigureCanvasBase": ("print_figure",),
    "matplotlib.figure:Figure": ("draw_without_rendering", "subplots"),
    "matplotlib.layout_engine:ConstrainedLayoutEngine": ("execute",),
    "scipy.stats:rv_continuous": ("cdf", "isf", "ppf", "sf"),
    "statsmodels.genmod.generalized_linear_model:GLM": ("fit",),
}
"""What takes long in other packages and calls nothing of this one that is not called elsewhere."""


def pytest_collection_finish(session):
    """Let coverage rest in other packages: tracing slows them too, and they are not measured."""
    for place, names in UNTRACED.items() if Coverage.current() is not None else ():
        module, _, owner = place.partition(":")
        kind = getattr(importlib.import_module(module), owner)
        for name in names:
            setattr(kind, name, untraced(getattr(kind, name)))


def untraced(function):
    """Return the function as it is without a trace; what calls it is traced on."""

    @functools.wraps(function)
    def ran(*given, **named):
        trace = sys.gettrace()
        sys.settrace(None)
        try:
            return function(*given, **named)
        finally:
            sys.settrace(trace)

    return ran


EMPTY = (
    *(f"_page._comparison.plot_{of}" for of in ("curves", "groups", "matrix", "pairs")),
    *("_page._comparison.plot_differences", "figures._matrix.plot_matrix"),
    "figures._matrix.plot_pairs",
)
"""What draws the figures of several runs."""


@contextmanager
def undrawn() -> Iterator[None]:
    """Runs write no figures and draw none in their pages; those of several runs are empty."""
    from matplotlib.figure import Figure  # heavy

    with pytest.MonkeyPatch.context() as patch:
        for page in ("_page", "_page._document"):
            patch.setattr(f"semspill.report.{page}.draw", lambda report: {})
        for plot in EMPTY:
            patch.setattr(f"semspill.report.{plot}", lambda *_, **__: Figure(figsize=(1, 1)))
        yield


@pytest.fixture
def blank_plots() -> Iterator[None]:
    """Where a test is about something else: figures are nearly all that a small run costs."""
    with undrawn():
        yield


@pytest.fixture(scope="module")
def blank_module() -> Iterator[None]:
    """No figures for all of a module."""
    with undrawn():
        yield


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def corpus() -> Corpus:
    """Four dialogues of two listener turns each: two of joy, one of fear, one of guilt."""
    talks = [("joy", "I won a prize."), ("joy", "My cat is back."), ("fear", "I heard a noise.")]
    talks.append(("guilt", "I broke a cup."))
    return Corpus(
        tuple(
            Dialogue(
                f"d{i}",
                category,
                (
                    Utterance(said, "speaker"),
                    Utterance(f"Tell me more {i}.", "listener"),
                    Utterance("It was yesterday.", "speaker"),
                    Utterance(f"I see, number {i}.", "listener"),
                ),
                situation=said,
            )
            for i, (category, said) in enumerate(talks)
        ),
        name="tiny",
    )


@pytest.fixture(scope="session")
def tiny_language_models(tmp_path_factory) -> dict[str, Path]:
    """Folders of tiny language models by name: gpt2, llama, t5, chat, strict."""
    from tests.language.tiny import write_tiny_models  # heavy

    return write_tiny_models(tmp_path_factory.mktemp("language_models"))


@pytest.fixture(scope="session")
def empathetic_archive() -> Path:
    """The real EmpatheticDialogues archive, where the machine has it."""
    path = SHARED / "empathetic_dialogues" / "empatheticdialogues.tar.gz"
    if not path.exists():
        pytest.skip(f"EmpatheticDialogues is not at {path}")
    return path


@pytest.fixture(scope="session")
def toxic_csv() -> Path:
    """Real toxic text (columns text, is_toxic), where the machine has it; never print it."""
    path = SHARED / "toxicity" / "surge_toxicity_en.csv"
    if not path.exists():
        pytest.skip(f"The toxic text is not at {path}")
    return path
