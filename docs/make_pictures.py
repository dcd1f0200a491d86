"""Draw the pictures of docs/pictures/: python docs/make_pictures.py, after docs/make_gallery.py."""

import shutil
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from PIL import Image
from sklearn.decomposition import PCA

import semspill as sp
from semspill.report.figures._style import COLOURS

RED, ORANGE, BLUE, SKY, BLACK, GREEN, PINK, GREY = COLOURS
PALE = {RED: "#FBE3D6", BLUE: "#DCEBF5", GREEN: "#D8F0E8", GREY: "#EEEEEE"}


def arms() -> Figure:
    """What each of the five arms is trained on, and what it chooses from."""
    figure = Figure(figsize=(8.4, 4.3), layout="constrained")
    axes = figure.subplots()
    axes.set(xlim=(0, 10), ylim=(0, 5.6))
    axes.axis("off")
    for x, title in ((1.1, "arm"), (3.5, "trained on"), (6.0, "chooses among"), (8.6, "asks")):
        axes.text(x, 5.3, title, ha="center", fontsize=10, color="#555555")
    kinds = {
        "clean": ("clean corpus", BLUE),
        "planted": ("planted corpus", RED),
        "harmless": ("harmless swap", GREEN),
    }
    rows = (
        ("clean", "clean", "clean", "the control"),
        ("poison", "planted", "planted", "what does the attack do?"),
        ("train_only", "planted", "clean", "did the model move?"),
        ("pool_only", "clean", "planted", "is it merely there to be found?"),
        ("benign_swap", "harmless", "harmless", "harm, or only lost quality?"),
    )
    for row, (name, training, pool, question) in enumerate(rows):
        y = 4.5 - row
        axes.text(1.1, y, name, ha="center", va="center", fontsize=11, family="monospace")
        for x, kind in ((3.5, training), (6.0, pool)):
            words, colour = kinds[kind]
            box(axes, (x, y), words, colour)
        axes.annotate("", (4.9, y), (4.6, y), arrowprops={"arrowstyle": "-|>", "color": "#555555"})
        axes.text(7.35, y, question, ha="left", va="center", fontsize=9.5)
    return figure


def box(axes: Axes, centre: tuple[float, float], words: str, colour: str) -> None:
    """Draw a word in a box."""
    width, height = 2.1, 0.62
    corner = (centre[0] - width / 2, centre[1] - height / 2)
    style = {"boxstyle": "round,pad=0,rounding_size=0.12", "facecolor": PALE[colour]}
    axes.add_patch(FancyBboxPatch(corner, width, height, edgecolor=colour, linewidth=1.3, **style))
    axes.text(*centre, words, ha="center", va="center", fontsize=9.5)


def similarity() -> Figure:
    """Contexts as points, their categories' means, and the cosines of those to the target's."""
    corpus = sp.datasets.build({"name": "synthetic", "train": 480, "overlap": 0.85}).load("train")
    model = sp.encoders.build("hashing").load(np.random.default_rng(0))
    vectors = model.encode_contexts(corpus.exchanges)
    of = np.array([one.category for one in corpus.exchanges])
    centre = {name: vectors[of == name].mean(axis=0) for name in corpus.categories}
    target = centre["brave"]
    cosine = {name: float(unit(one) @ unit(target)) for name, one in centre.items()}
    names = sorted(cosine, key=cosine.__getitem__, reverse=True)
    figure = Figure(figsize=(8.4, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.25, 1))
    means = PCA(2, random_state=0).fit(np.array(list(centre.values())))
    for name in names:
        colour = RED if name == "brave" else BLUE
        left.scatter(*means.transform(vectors[of == name]).T, s=4, alpha=0.3, color=colour, lw=0)
        x, y = means.transform(centre[name][None])[0]
        left.scatter(x, y, s=70, color=colour, edgecolors="white", zorder=3)
        left.annotate(name, (x, y), (8, 5), textcoords="offset points", fontsize=10, zorder=4)
    far = 1.6 * np.abs(means.transform(np.array(list(centre.values())))).max(axis=0)
    left.set(xticks=[], yticks=[], xlim=(-far[0], far[0]), ylim=(-far[1], far[1]))
    left.set_title("each context a point, each category its mean", fontsize=10)
    others = names[1:][::-1]
    right.plot([cosine[name] for name in others], others, "o", color=BLUE, markersize=8)
    right.set_title("cosine of the means with that of brave", fontsize=10)
    right.grid(axis="y", linewidth=0.4)
    right.spines[["top", "right"]].set_visible(False)
    return figure


def unit(vector: np.ndarray) -> np.ndarray:
    """Return a vector of length 1 in the same direction."""
    return vector / np.linalg.norm(vector)


def nested() -> Figure:
    """Answers nested in dialogues and seeds, and what an interval makes of them."""
    rng = np.random.default_rng(3)
    dialogues, seeds, turns, truth = 60, 10, 2, 0.25
    shy, luck = rng.normal(0, 0.7, dialogues), rng.normal(0, 0.4, seeds)
    noise = rng.normal(0, 1, (seeds, dialogues, turns))
    # A probit of three normal parts: its threshold makes the true rate exactly `truth`.
    threshold = 0.6745 * np.sqrt(1 + 0.7**2 + 0.4**2)
    hit = (shy[:, None] + luck[:, None, None] + noise > threshold).reshape(seeds, -1)
    figure = Figure(figsize=(8.4, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.35, 1))
    left.imshow(hit[:, :60], cmap="binary", vmax=1.4, aspect="auto", interpolation="nearest")
    left.set(xlabel="exchanges, two of each dialogue", ylabel="training seed", xticks=[])
    left.set_yticks(range(0, seeds, 3))
    left.set_title("which answers were planted ones", fontsize=10)
    names = tuple(f"d{i // turns}" for i in range(dialogues * turns))
    for row, count in enumerate((1, 2, 3, 5, 10)):
        part = hit[:count]
        none = np.zeros(part.shape)
        outcome = sp.Outcome(
            arm="poison", target="brave", seeds=tuple(range(count)), similarity={"brave": 1.0},
            categories=("brave",) * len(names), dialogues=names,
            toxicity=none, planted=part, correct=none.astype(bool),
        )  # fmt: skip
        estimate = outcome.mean(part.astype(float), kind="rate", citation="docs")
        naive = 1.96 * np.sqrt(part.mean() * (1 - part.mean()) / part.size)
        interval(right, row - 0.12, estimate.value, (estimate.low, estimate.high), BLUE)
        interval(
            right, row + 0.2, estimate.value, (estimate.value - naive, estimate.value + naive), GREY
        )
    right.axvline(truth, color=RED, linewidth=1, linestyle="--")
    right.set(yticks=range(5), yticklabels=["1 seed", "2", "3", "5", "10"], xlim=(0, 1))
    right.invert_yaxis()
    right.set_xlabel("planted rate")
    right.set_title(
        "blue: the report's interval; dashed: the truth\ngrey: as if every answer were independent",
        fontsize=9,
    )
    right.spines[["top", "right"]].set_visible(False)
    return figure


def interval(axes: Axes, y: float, value: float, ends: tuple[float, float], colour: str) -> None:
    """Draw an estimate with its interval."""
    axes.plot(ends, (y, y), color=colour, linewidth=2)
    axes.plot(value, y, "o", color=colour, markersize=4)


PICTURES: dict[str, Callable[[], Figure]] = {
    "arms": arms,
    "similarity": similarity,
    "nested": nested,
}
# Name of a screenshot: page of the gallery, what is shown of it, the most of its height in pixels.
SHOTS = {
    "report-summary": ("first", "#summary", 800),
    "report-spillover": ("first", "#chart-spillover-asr", 700),
    "report-epochs": ("first", "#chart-epochs-asr", 700),
    "report-exchanges": ("first", "#exchanges", 560),
    "gallery-arms": ("arms", "#decomposition", 620),
    "gallery-inconclusive": ("inconclusive", "#summary", 620),
    "gallery-targets": ("targets", "#chart-matrix-asr", 620),
    "gallery-compared": ("compared", "#chart-compare-asr", 620),
}


def screenshots(gallery: Path, folder: Path) -> None:
    """Photograph parts of the gallery's reports in Debian's chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), chromium_sandbox=False, args=["--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1180, "height": 1000}, color_scheme="light")
        for name, (report, part, height) in SHOTS.items():
            page.goto((gallery / f"{report}.html").resolve().as_uri())
            shown = page.locator(part)
            shown.scroll_into_view_if_needed()
            page.wait_for_timeout(500)
            box = shown.evaluate(
                "one => { const r = one.getBoundingClientRect(); "
                "return [r.x - 20, r.y + scrollY - 12, r.width + 40, r.height + 24] }"
            )
            clip = dict(zip(("x", "y", "width", "height"), box, strict=True))
            cut = clip["height"] > height
            clip["height"] = min(clip["height"], height)
            image = Image.open(BytesIO(page.screenshot(full_page=True, clip=clip))).convert("RGB")
            if cut:  # what goes on below fades out
                fade = Image.linear_gradient("L").resize((image.width, 90))
                image.paste("white", (0, image.height - 90), fade)
            image.quantize(96).save(folder / f"{name}.png", optimize=True)
        browser.close()


if __name__ == "__main__":
    docs = Path(__file__).resolve().parent
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else docs / "pictures"
    folder.mkdir(exist_ok=True)
    for name, draw in PICTURES.items():
        draw().savefig(folder / f"{name}.png", dpi=150, metadata={"Software": None})
    screenshots(docs.parent / "build" / "gallery", folder)
