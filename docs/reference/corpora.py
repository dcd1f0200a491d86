"""The page of the corpora and sources that come with a name, read from the files of `presets`."""

from pathlib import Path

from reference.markdown import GENERATED, table
from semspill._tables._presets import Preset, preset, preset_names

_COUNTED = {"files": "counted", "card": "card", "memory": "remembered"}
_PARTS = {
    "dataset": ("Corpora", "A dataset by its name, `dataset = { name = ... }`."),
    "source": (
        "Sources of responses",
        "Texts to plant, `source = { name = ... }`. Those that are not on the hub need a `path`.",
    ),
    "prompts": (
        "Prompts",
        "Texts to answer, for which nobody wrote a response: "
        "`semspill.datasets.load_prompts(NAME, path)` returns them with their categories. They are "
        "no dialogues, so no experiment trains on them, and `P@1` is not defined for them.",
    ),
}


def corpora_page() -> str:
    """Return docs/how-to/corpora.md."""
    intro = Path(__file__).with_name("corpora.intro.txt").read_text(encoding="utf-8")
    known = {name: preset(name) for name in preset_names()}
    page = [GENERATED, intro.strip()]
    for kind, (title, about) in _PARTS.items():
        of_kind = {name: one for name, one in known.items() if kind in one.kinds}
        rows = [_row(name, one, kind) for name, one in of_kind.items()]
        head = ["name", "what", "for", "size", "categories", "licence"]
        page += [f"## {title}", about, table(head, rows)]
    page += ["## Each of them", *(_section(name, one) for name, one in known.items())]
    return "\n\n".join(page) + "\n"


def _row(name: str, one: Preset, kind: str) -> list[str]:
    mark = " †" if one.harmful else ""
    chosen = (one.source or {}).get("choices", {}) if kind == "source" else {}
    fields = "".join(f"; field `{field}`" for field in chosen)
    counted = f"{one.size} ({_COUNTED[one.counts_from]})"
    return [f"`{name}`{mark}", one.about, one.use, counted, one.categories + fields, one.licence]


def _section(name: str, one: Preset) -> str:
    counts = ", ".join(f"{split} {count:,}" for split, count in one.counts.items())
    lines = [
        f"### {one.title}",
        f"`{name}`: <{one.url}>, {_pinned(one)}. Rows: {counts} ({_COUNTED[one.counts_from]}).",
        *(f"{note[0].upper()}{note[1:]}." for note in one.notes),
        f"Cite: {one.citation}.",
    ]
    return "\n\n".join(lines)


def _pinned(one: Preset) -> str:
    """Return what is known of the commit, which nothing checks in a copy downloaded by hand."""
    on_hub = any("path" in (getattr(one, kind) or {}) for kind in one.kinds)
    if one.verified:
        return f"pinned commit `{one.revision}`{'' if on_hub else ' (not checked in your copy)'}"
    branch = (one.dataset or {}).get("revision")
    known = f"branch `{branch}`; " if branch else ""
    told = ", and the first download says which it is" if on_hub else ""
    return f"{known}no commit is pinned{told}"
