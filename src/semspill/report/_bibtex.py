"""What a report asks to be cited, as BibTeX: semspill, and the works behind the components used."""

from collections.abc import Mapping
from importlib.metadata import version

from semspill._model import PAPER
from semspill.report._latex import escaped
from semspill.report._works import Work, works_of
from semspill.results import SpilloverReport

BIBTEX = "As BibTeX: `references.bib` in the folder of the run, or `report.to_bibtex()`."


def bibtex(report: SpilloverReport) -> str:
    """Return one entry per work; what is original to semspill has none of its own.

    Args:
        report: Whose components are cited.
    """
    own = report.provenance.versions.get("semspill", version("semspill"))
    fields = {
        "author": "{The semspill contributors}",
        "title": "{semspill}: how far planted behaviour spills over to semantic neighbours",
        "note": f"Software, version {escaped(own)}",
    }
    entries = {"semspill": fields}
    for work, names in _cited(report.provenance.citations):
        key = work.key or f"semspill-{names[0]}"
        while key in entries:
            key += "b"
        entries[key] = _fields(work, names)
    return "\n".join(_entry(key, fields) for key, fields in entries.items())


def _cited(citations: Mapping[str, str]) -> list[tuple[Work, list[str]]]:
    """Return every work once, with the components that cite it."""
    found: dict[str, tuple[Work, list[str]]] = {}
    for name, text in citations.items():
        for work in works_of(text):
            _, names = found.setdefault(work.arxiv or work.key or work.title, (work, []))
            if name not in names:
                names.append(name)
    return list(found.values())


def _fields(work: Work, names: list[str]) -> dict[str, str]:
    fields = {
        "author": escaped(work.authors).replace(r"\{", "{").replace(r"\}", "}"),
        "title": f"{{{escaped(work.title)}}}",
        "year": work.year,
        "eprint": work.arxiv,
        "archiveprefix": "arXiv" if work.arxiv else "",
        "url": work.url,
    }
    used = f"Used by semspill: {escaped(', '.join(names))}"
    if work.title == PAPER:
        used = (
            f"The paper whose experiment semspill reproduces; its authors are to be added. {used}"
        )
    return {**{name: value for name, value in fields.items() if value}, "note": used}


def _entry(key: str, fields: Mapping[str, str]) -> str:
    lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items())
    return f"@misc{{{key},\n{lines}}}\n"
