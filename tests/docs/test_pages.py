"""Every example in README and docs is run, in the order of its page."""

import logging
import re
import shlex
import shutil
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from semspill import cli, load_config
from semspill._registry import registries
from semspill.datasets import SyntheticDataset

# Runs that draw their pages are tested in test_output.py and in tests/browser.
pytestmark = [pytest.mark.no_cover, pytest.mark.usefixtures("blank_module")]

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
# The trackers of this page are stand-ins, in test_track.py.
RUN = [page for page in PAGES if page.name != "track.md"]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LANGUAGES = {"python", "toml", "console", "text"}
# Pages in which a text right below an example is what the example prints.
SHOWS_OUTPUT = {"test-your-plugin.md", "test-your-pipeline.md"}

COMMANDS = {
    *("run", "sweep", "validate", "list", "show", "init"),
    *("report", "compare", "merge", "doctor", "data", "write-messages"),
}

# What a run in a page is cut down to; everything else of its command stays.
SMALL = [
    *("dataset.train=160", "dataset.test=100", "seeds=[0]", "model.finetuner.epochs=1"),
    *("list_size=20", "curve=false"),
]
# The same for what a page does in Python: thousands of dialogues are in nobody's way but a test's.
FEWER = {
    '"echo": 0.2}': '"echo": 0.2, "train": 200, "test": 100}',
    '"train": 400, "test": 160': '"train": 160, "test": 80',
    '"train": 4000': '"train": 1600',  # with fewer its filter cannot be told to be good
}
# Each variant of a sweep draws plots and a page, so there are fewer.
FEW = ["dataset.categories=3"]
# What a part of a config is completed with before it is checked.
REST = {
    "dataset": "synthetic",
    "poisoner": {"selector": {"name": "category", "category": "brave"}},
}


@dataclass(frozen=True)
class Block:
    language: str
    text: str
    line: int


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(found[1], found[2], text.count("\n", 0, found.start()) + 1)
        for found in BLOCK.finditer(text)
    ]


@pytest.fixture
def registered():
    """Names that a page registers are forgotten when the page is done."""
    before = [(registry, set(registry.names())) for registry in registries().values()]
    yield
    for registry, names in before:
        for name in set(registry.names()) - names:
            registry.unregister(name)


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """An empty folder to work in, with the repository's examples and a cache of its own."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def logger():
    """A run on the command line sets up logging; other tests get it back as it was."""
    logger = logging.getLogger("semspill")
    before = logger.level, logger.handlers, logger.propagate
    yield logger
    logger.setLevel(before[0])
    logger.handlers, logger.propagate = before[1:]


@pytest.mark.parametrize("page", RUN, ids=name_of)
def test_the_examples_of_a_page_work(page, desk, registered, logger, monkeypatch, capsys, chat_url):
    monkeypatch.setenv("CHAT_URL", chat_url)
    monkeypatch.setenv("CHAT_MODEL", "support-2")
    monkeypatch.setenv("CHAT_RELEASE", "abc123")
    module = ModuleType(f"page_{page.stem}")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    printed = ""
    for block in blocks(page):
        where = f"{name_of(page)}, line {block.line}"
        if page.name in SHOWS_OUTPUT and printed:
            assert unwrapped(block.text) == unwrapped(printed), where
        printed = ""
        if block.language == "python":
            run_python(block, page, module, desk)
            printed = capsys.readouterr().out
        elif block.language == "toml":
            check_toml(block.text, where)
        elif block.language == "console":
            for line in block.text.splitlines():
                run_command(line, where, monkeypatch, capsys)


def run_python(block: Block, page: Path, module: ModuleType, desk: Path) -> None:
    # Blank lines in front make the lines of a traceback those of the page.
    source = "\n" * block.line + block.text
    for full, fewer in FEWER.items():
        source = source.replace(full, fewer)
    path = desk / f"{page.stem}-{block.line}.py"
    path.write_text(source, encoding="utf-8")
    exec(compile(source, str(path), "exec"), vars(module))


def unwrapped(text: str) -> str:
    """Return a text without its line breaks, as a page breaks long lines."""
    return " ".join(text.split())


def check_toml(text: str, where: str) -> None:
    fields = tomllib.loads(text)
    if "project" in fields:
        for group, points in fields["project"]["entry-points"].items():
            assert group.removeprefix("semspill.") in registries(), where
            assert all(":" in place for place in points.values()), where
        return
    assert load_config({**REST, **fields}), where


def run_command(line: str, where: str, monkeypatch, capsys) -> None:
    assert line.startswith("$ "), f"{where}: every line of a console block is a command"
    command = shlex.split(line.removeprefix("$ "))
    if command[0] != "semspill" or "shout" in line:
        return  # installing a package is tested in test_example_packages.py
    if command[1] == "data":
        return  # it downloads
    assert command[1] in COMMANDS or command[1].startswith("-"), where
    if command[1] in {"run", "sweep"}:
        if not isinstance(load_config(command[2]).dataset, SyntheticDataset):
            return
        fields = [*SMALL, *(FEW if command[1] == "sweep" else ())]
        command += [word for field in fields for word in ("--set", field)]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit) as done:
        cli.main()
    said = capsys.readouterr()
    assert done.value.code == 0, f"{where}: {line}: {said.err}"
    assert said.out, f"{where}: {line} prints nothing"


def test_every_block_says_what_it_is():
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        fences = re.findall(r"^```(.*)$", text, re.MULTILINE)
        assert set(fences[::2]) <= LANGUAGES, page.name
        assert set(fences[1::2]) <= {""}, page.name


def test_the_whole_configs_of_the_pages_are_whole():
    """The pages that promise a config to copy show one that needs nothing more."""
    real = tomllib.loads(blocks_of("how-to/empathetic-dialogues.md", "toml")[0])
    example = ROOT / "examples" / "empathetic_headline.toml"
    assert load_config(real) == load_config(tomllib.loads(example.read_text(encoding="utf-8")))
    assert {"dataset", "poisoner"} <= set(tomllib.loads(blocks_of("extend.md", "toml")[0]))


def blocks_of(name: str, language: str) -> list[str]:
    return [b.text for b in blocks(DOCS / name) if b.language == language]


LINK = re.compile(r"\]\(([^)#\s]*)(#[^)\s]+)?\)")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_links_of_a_page_lead_somewhere(page):
    for target, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        if target.startswith("http"):
            continue
        file = made_from(page.parent / target) if target else page
        if file.name == "LICENSE" or not anchor:
            assert file.is_file(), f"{page.name}: {target}"
            continue
        headings = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
        slugs = {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}
        assert anchor[1:] in slugs, f"{page.name}: {target}{anchor}"


def made_from(file: Path) -> Path:
    """Return what a file that only the built site has is made from."""
    if file.parent == DOCS / "gallery":
        makes = (DOCS / "make_gallery.py").read_text(encoding="utf-8")
        return DOCS / "make_gallery.py" if f'"{file.stem}": (' in makes else file
    return file.with_suffix(".ipynb") if file.parent == DOCS / "notebooks" else file


def test_no_page_names_the_folder_it_was_written_in():
    for page in PAGES:
        assert str(ROOT) not in page.read_text(encoding="utf-8"), page.name
