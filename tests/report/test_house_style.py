"""Figures are drawn whatever the reader's settings are, and whatever categories are called."""

import io

import matplotlib as mpl
import pytest

from semspill.report.figures._matrix import plot_matrix, plot_pairs

pytestmark = pytest.mark.no_cover

HOSTILE = {
    "text.usetex": True,
    "font.family": ["no such font"],
    "font.size": 40,
    "axes.facecolor": "black",
    "figure.dpi": 300,
    "figure.autolayout": True,
    "savefig.bbox": "tight",
    "svg.fonttype": "path",
    "axes.formatter.use_mathtext": True,
}
NAMES = {
    "Japanese": ("\u60b2\u3057\u3044", "\u5b09\u3057\u3044"),
    "emoji": ("\U0001f600", "\U0001f621 joy"),
    "Hindi": ("\u0917\u094d\u0930\u092e", "\u092c\u093f"),
    "Arabic": ("\u062d\u0632\u064a\u0646", "\u0633\u0639\u064a\u062f"),
    "dollars": ("$x^{$", "a_$b$"),
    "control characters": ("fear\x1b[1m", "dread\x00"),
    "half a surrogate": ("fear\ud83d", "dread\udc00"),
    "long": ("fear " * 60, "dread" * 60),
    "backslashes": (r"\alpha", r"\undefined{"),
}


def written(figure, kind):
    made = io.BytesIO()
    options = {"svg": {"metadata": {"Date": None}}, "png": {"dpi": 60}}
    figure.savefig(made, format=kind, **options.get(kind, {}))
    return made.getvalue()


def renamed(report, fear, dread):
    """The report with other names for its two categories."""
    names = {"fear": fear, "dread": dread, "all but fear": f"all but {fear}"}

    def of(parts, field):
        return tuple(
            part.replace(**{field: names.get(getattr(part, field), getattr(part, field))})
            for part in parts
        )

    return report.replace(
        target=fear,
        nearest=names.get(report.nearest, report.nearest),
        far=tuple(names.get(name, name) for name in report.far),
        categories=of(report.categories, "name"),
        groups=of(report.groups, "name"),
        curve=of(report.curve, "group"),
        decomposition=of(report.decomposition, "group"),
        labels=report.labels
        and report.labels.replace(channels=of(report.labels.channels, "group")),
    )


def test_settings_of_the_reader_change_nothing_and_stay(labelled):
    plain = {name: written(labelled.figure(name), "svg") for name in labelled.figures}
    with mpl.rc_context(HOSTILE):
        again = {name: written(labelled.figure(name), "svg") for name in labelled.figures}
        assert again == plain
        assert mpl.rcParams["text.usetex"] is True
        assert mpl.rcParams["font.size"] == 40


@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
def test_any_name_can_be_drawn(labelled, names):
    report = renamed(labelled, *names)
    for name in report.figures:
        assert len(written(report.figure(name), "png")) > 1000
    for kind in ("svg", "pdf"):
        assert len(written(report.figure("epochs"), kind)) > 1000


@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
def test_any_name_can_be_drawn_in_a_matrix(matrix, names):
    first, second, *_ = matrix.victims
    other = {first: names[0], second: names[1]}
    said = matrix.replace(
        targets=tuple(other.get(name, name) for name in matrix.targets),
        victims=tuple(other.get(name, name) for name in matrix.victims),
    )
    for plot in (plot_matrix, plot_pairs):
        assert len(written(plot(said), "png")) > 1000


def test_an_svg_keeps_the_name_that_its_font_lacks(full):
    svg = written(renamed(full, *NAMES["Japanese"]).figure("spillover"), "svg").decode()
    assert "\u60b2\u3057\u3044" in svg
