"""What a report asks to be cited, as BibTeX: semspill, and the works behind the components used."""

import re
from collections.abc import Mapping
from importlib.metadata import version

from semspill._model import PAPER
from semspill.report._latex import escaped
from semspill.results import SpilloverReport

BIBTEX = "As BibTeX: `references.bib` in the folder of the run, or `report.to_bibtex()`."

_YEAR = re.compile(r"\b(1[89]\d\d|20\d\d)\b")
_ARXIV = re.compile(r"\barXiv[: ](\d{4}\.\d{4,5})\b")
_URL = re.compile(r"https?://[^\s,;{}]+")
# "Rashkin et al. 2019, Towards ..., arXiv:1811.00207": one work, with its title.
_WORK = re.compile(r"([^;:,\d]+?) \(?(\d{4})\)?, ([^;]+?)(?:, (?:ACL, )?(?:arXiv|https)[^;]*)?")


def bibtex(report: SpilloverReport) -> str:
    """Return the entries; what is original to semspill has none of its own.

    Args:
        report: Whose components are cited.
    """
    own = report.provenance.versions.get("semspill", version("semspill"))
    fields = {
        "author": "{The semspill contributors}",
        "title": "{semspill}: how far planted behaviour spills over to semantic neighbours",
        "note": f"Software, version {escaped(own)}",
    }
    entries = [_entry("semspill", fields)]
    for text, names in _works(report.provenance.citations).items():
        entries.append(_entry(f"semspill-{names[0]}", _fields(text, names)))
    return "\n".join(entries)


def _works(citations: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the components that cite each work, by how the first of them cites it."""
    texts = {PAPER: PAPER}
    works: dict[str, list[str]] = {}
    for name, text in citations.items():
        if text.startswith("original") and not _years(text):
            continue
        found = {PAPER} if text.startswith(PAPER) else set(_ARXIV.findall(text))
        text = texts.setdefault(found.pop() if len(found) == 1 else text, text)
        works.setdefault(text, []).append(name)
    return works


def _fields(text: str, names: list[str]) -> dict[str, str]:
    """Return the fields that can be told from a citation; one of several works is all title."""
    work, years = _WORK.fullmatch(text), _years(text)
    arxiv, urls = _ARXIV.findall(text), _URL.findall(text)
    fields = {"title": f"{{{escaped(text)}}}"}
    if work and not work[3].startswith("arXiv"):
        authors = work[1].replace(" et al.", " and others")
        fields = {"author": escaped(authors), "title": f"{{{escaped(work[3])}}}"}
    if len(set(years)) == 1 and not text.startswith("original"):
        fields["year"] = years[0]
    if len(set(arxiv)) == 1:
        fields |= {"eprint": arxiv[0], "archiveprefix": "arXiv"}
    if len(urls) == 1:
        fields["url"] = urls[0]
    return {**fields, "note": f"Used by semspill: {escaped(', '.join(names))}"}


def _years(text: str) -> list[str]:
    return _YEAR.findall(_ARXIV.sub("", text))  # a number of arXiv begins like a year


def _entry(key: str, fields: Mapping[str, str]) -> str:
    lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items())
    return f"@misc{{{key},\n{lines}}}\n"
