"""One finished run, its two pages, and a headless Chromium that watches what a page does."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from semspill import ResponseSource, run

PATIENCE = 300_000
"""Milliseconds until a page is given up: what is waited for comes at once unless the machine is
busy, or never."""
QUIET = (
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class Grumbles(ResponseSource):
    """Texts that the rater of the run rates 0.6."""

    citation = "original"

    def load(self):
        return tuple(f"grumble number {i}" for i in range(20))


@dataclass(frozen=True)
class Finished:
    """A run written with `show_text`: its masked page, the other one, and what is on disk."""

    folder: Path

    @property
    def masked(self) -> Path:
        return self.folder / "report.html"

    @property
    def unmasked(self) -> Path:
        return self.folder / "report.UNMASKED-HARMFUL-TEXT.html"

    def responses(self, arm: str = "poison", seed: int = 0) -> list[dict[str, Any]]:
        """The answers of an arm, as the run wrote them."""
        path = self.folder / f"seed-{seed}" / arm / "responses.UNMASKED-HARMFUL-TEXT.jsonl"
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Finished:
    folder = tmp_path_factory.mktemp("browser")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("semspill.scoring._scorer.user_cache_dir", lambda name: folder / "cache")
        run(
            {
                "dataset": {"name": "synthetic", "train": 90, "test": 48, "categories": 6},
                "poisoner": {
                    "selector": {"name": "category", "category": "brave"},
                    "strategy": "each_random",
                    "source": Grumbles(),
                    "budget": 0.2,
                },
                "model": {
                    "encoder": {"name": "hashing", "dim": 8, "buckets": 512, "char_ngrams": None},
                    "finetuner": {"epochs": 2, "batch_size": 32},
                },
                "rater": {"name": "lexicon", "words": {"grumble": 0.6, "the": 0.4}},
                "analyzer": {"draws": 100},
                "similarities": ["label", "discriminative"],
                "arms": ["clean", "poison", "train_only", "pool_only"],
                "list_size": 20,
                "seeds": [0, 2],
            },
            out=folder / "out",
            show_text=True,
        )
    return Finished(folder / "out")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if found is None:
        pytest.skip("no chromium on this machine; Debian's package is called chromium")
    playwright.expect.set_options(timeout=PATIENCE)
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path=found, chromium_sandbox=False, args=list(QUIET), timeout=PATIENCE
        )
        yield browser
        browser.close()


@dataclass
class Seen:
    """What pages did that they should not do."""

    faults: list[str] = field(default_factory=list)
    """Errors, and what the console said."""
    requests: list[str] = field(default_factory=list)
    """Addresses that were asked for."""


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def show(chromium, seen) -> Iterator[Callable[..., Any]]:
    """Open a page; at the end nothing may have been said in the console or asked of the network."""
    contexts, opened = [], []

    def show(path: Path, width: int = 1280, theme: str = "light", scripts: bool = True) -> Any:
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=theme,
            java_script_enabled=scripts,
            reduced_motion="reduce",
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("console", lambda said: seen.faults.append(f"{said.type}: {said.text}"))
        page.on("pageerror", lambda error: seen.faults.append(str(error)))
        page.on("request", lambda request: seen.requests.append(request.url))
        opened.append(path)
        page.goto(path.as_uri())
        if scripts and page.locator("#browser").count():
            page.locator("#browser").wait_for()
        return page

    yield show
    for context in contexts:
        context.close()
    assert seen.faults == []
    assert set(seen.requests) == {path.as_uri() for path in opened}
