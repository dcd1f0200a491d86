"""`semspill doctor`: what is installed, what works offline, and what is missing."""

import os
import platform
import re
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
import typer
from rich.table import Table

from semspill._registry import Registry
from semspill.cli._app import MACHINE, AsJson, app, out_console, say_json
from semspill.cli._errors import DATA
from semspill.cli._kinds import KINDS
from semspill.encoders import encoders
from semspill.errors import SemspillError
from semspill.experiment import load_config
from semspill.experiment._environment import versions
from semspill.experiment._template import TEMPLATE
from semspill.scoring import raters


@app.command(rich_help_panel=MACHINE)
def doctor(as_json: AsJson = False) -> None:
    """Say what is installed, what works offline here, and whether the demo can run.

    Nothing is downloaded. Exit code 0 if the config of `semspill init` can run, else 3.
    """
    state = {
        "versions": versions(),
        "device": _device(),
        "extras": dict(_extras()),
        "encoders": {name: _state(encoders, name) for name in encoders.names()},
        "raters": {name: _state(raters, name) for name in raters.names()},
        "plugins": dict(_plugins()),
        "folders": dict(_folders()),
        "demo": _demo(),
    }
    if as_json:
        say_json({"ok": state["demo"] is None, **state})
    else:
        _show(state)
    if state["demo"] is not None:
        raise typer.Exit(DATA)


def _device() -> str:
    try:
        import torch
    except (ImportError, OSError) as error:  # OSError: a library of its own that does not load
        return f"torch cannot be imported: {error}"
    threads = f"{torch.get_num_threads()} of {os.cpu_count()} cores"
    if torch.cuda.is_available():
        return f"{torch.cuda.get_device_name()} (CUDA), CPU with {threads}"
    return f"CPU with {threads}, no CUDA device"


def _extras() -> Iterator[tuple[str, str]]:
    """Yield each extra of the package, and whether it is installed."""
    wanted = requires("semspill") or []
    for extra in metadata("semspill").get_all("Provides-Extra") or []:
        lines = [line for line in wanted if re.search(rf"extra == ['\"]{extra}['\"]", line)]
        names = [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in lines]
        absent = [name for name in names if _version(name) is None]
        there = ", ".join(f"{name} {_version(name)}" for name in names if name not in absent)
        lacking = f'without {", ".join(absent)}: pip install "semspill[{extra}]"'
        yield extra, "; ".join(filter(None, [there, lacking if absent else ""]))


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _state(registry: Registry[Any], name: str) -> str:
    """Return what a component lacks with the fields it has by default."""
    try:
        cls = registry.get(name)
        needed = [field for field, info in cls.model_fields.items() if info.is_required()]
        if needed:
            return f"depends on {', '.join(needed)}"
        return cls().unavailable() or "works offline"
    except SemspillError as error:
        return f"broken: {error}"
    except Exception as error:  # whatever a plugin raises is what there is to say of it
        return f"broken: {type(error).__name__}: {error}"


def _plugins() -> Iterator[tuple[str, str]]:
    """Yield each component that is not semspill's own, and where it comes from."""
    for kind, registry in KINDS.items():
        for name in registry.names():
            origin = registry.origin(name)
            if not re.match(r"semspill \d", origin):
                state = _state(registry, name)
                broken = f"; {state}" if state.startswith("broken") else ""
                yield f"{kind} {name}", f"{origin}{broken}"


def _folders() -> Iterator[tuple[str, str]]:
    """Yield the folders that are read and written, their sizes, and whether they can be."""
    from huggingface_hub.constants import HF_HUB_CACHE

    places = {
        "cache": platformdirs.user_cache_dir("semspill"),
        "hub": HF_HUB_CACHE,
        "torch": os.environ.get("TORCH_HOME", platformdirs.user_cache_dir("torch")),
    }
    for name, place in places.items():
        yield name, f"{place}: {_size(Path(place)) / 2**20:.1f} MiB{_rights(Path(place))}"
    yield "here", f"{Path.cwd()}{_rights(Path.cwd()) or ': can be written'}"


def _size(place: Path) -> int:
    total = 0
    for path in place.rglob("*"):
        with suppress(FileNotFoundError):  # a download has renamed it meanwhile
            total += path.lstat().st_size if path.is_file() else 0
    return total


def _rights(place: Path) -> str:
    there = next(path for path in (place, *place.parents) if path.exists())
    return "" if os.access(there, os.W_OK) else ", cannot be written"


def _demo() -> str | None:
    """Return why the config of `semspill init` cannot run; None where it can."""
    try:
        config = load_config(tomllib.loads(TEMPLATE))
        config.dataset.load(config.train_split)
        config.poisoner.source.load()
        config.rater.rate(("Hello.",))
        config.measuring_encoder.load(np.random.default_rng(0)).encode_responses(("Hello.",))
    except (SemspillError, ImportError, OSError) as error:
        return str(error)
    return None


def _show(state: dict[str, Any]) -> None:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    packages = dict(state["versions"])
    own, python = packages.pop("semspill"), packages.pop("python")
    table.add_row("semspill", own, f"Python {python}, {platform.platform()}")
    table.add_row("packages", "", ", ".join(f"{name} {each}" for name, each in packages.items()))
    table.add_row("device", "", state["device"])
    for kind in ("extras", "encoders", "raters", "plugins", "folders"):
        for number, (name, text) in enumerate(state[kind].items()):
            table.add_row(kind if number == 0 else "", name, text)
    table.add_row("demo", "", state["demo"] or "can run: semspill init, then semspill run")
    out_console.print(table)
