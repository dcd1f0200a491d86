"""The works that a citation names, told apart: authors, year, title and where to find them."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from semspill._model import PAPER

# "cf. Gu et al. 2017, BadNets: ..., arXiv:1708.06733 (exact here)", with a label before it.
_WORK = re.compile(
    r"(?:[^;]*?(?:: |\bcf\. |\bsee ))??"
    r"(?P<authors>(?!cf\. |see )[^\W\d](?:[^;:,()\d]|, (?=[^;:()\d]* and ))*?)"
    r" \(?(?P<year>\d{4})\)?, "
    r"(?P<title>(?!arXiv[: ]|https?:)[^;]+?)"
    r"(?:, arXiv[: ](?P<arxiv>\d{4}\.\d{4,5}))?(?:, (?P<url>https?://[^\s;{}]+))?"
    r"(?: \([^()]*\))?"
)
_PLACED = re.compile(r"\barXiv[: ]\d{4}\.\d{4,5}\b|https?://|\b(?:1[89]|20)\d\d\b")
_ARXIV = re.compile(r"\barXiv[: ](\d{4}\.\d{4,5})\b")
_YEAR = re.compile(r"\b(1[89]\d\d|20\d\d)\b")
_URL = re.compile(r"https?://[^\s,;{}]+")

_AUTHORS: Mapping[str, str] = {
    "1607.01759": "Joulin, Armand and Grave, Edouard and Bojanowski, Piotr and Mikolov, Tomas",
    "1607.04606": "Bojanowski, Piotr and Grave, Edouard and Joulin, Armand and Mikolov, Tomas",
    "1610.01644": "Alain, Guillaume and Bengio, Yoshua",
    "1705.00652": "Henderson, Matthew and others",
    "1708.06733": "Gu, Tianyu and Dolan-Gavitt, Brendan and Garg, Siddharth",
    "1802.08232": "Carlini, Nicholas and Liu, Chang and Erlingsson, Ulfar and Kos, Jernej and "
    "Song, Dawn",
    "1811.00207": "Rashkin, Hannah and Smith, Eric Michael and Li, Margaret and Boureau, Y-Lan",
    "1811.00636": "Tran, Brandon and Li, Jerry and Madry, Aleksander",
    "1811.03728": "Chen, Bryant and others",
    "1908.10084": "Reimers, Nils and Gurevych, Iryna",
    "1910.03771": "Wolf, Thomas and others",
    "2002.10957": "Wang, Wenhui and Wei, Furu and Dong, Li and Bao, Hangbo and Yang, Nan and "
    "Zhou, Ming",
    "2006.14026": "Jagielski, Matthew and others",
    "2011.10369": "Qi, Fanchao and others",
    "2012.15761": "Vidgen, Bertie and Thrush, Tristan and Waseem, Zeerak and Kiela, Douwe",
    "2101.06983": "Gao, Luyu and Zhang, Yunyi and Han, Jiawei and Callan, Jamie",
    "2104.08315": "Holtzman, Ari and West, Peter and Shwartz, Vered and Choi, Yejin and "
    "Zettlemoyer, Luke",
    "2107.06499": "Lee, Katherine and others",
    "2109.02846": "Lhoest, Quentin and others",
    "2110.06283": "Zhu, Zhaowei and Dong, Zihao and Liu, Yang",
    "2110.11571": "Li, Yige and others",
    "2210.17546": "Ippolito, Daphne and others",
    "2305.00944": "Wan, Alexander and Wallace, Eric and Shen, Sheng and Klein, Dan",
    "2406.11036": "Derczynski, Leon and others",
    "2505.23015": "Chen, Jinwen and Zhang, Hainan and Sun, Fei and Zhang, Qinnan and Wen, Sijia "
    "and Wang, Ziwei and Zheng, Zhiming",
    "2507.05660": "Cheruvu, Aravind and others",
}
"""Authors with their first names, by arXiv number, of works that built-in components cite."""


class Work(NamedTuple):
    """One cited work; what a citation does not tell of it is empty."""

    title: str
    """Its title; of a citation that is not understood, all of it."""
    authors: str = ""
    """As BibTeX writes them."""
    year: str = ""
    """Year of publication."""
    arxiv: str = ""
    """Its number at arXiv."""
    url: str = ""
    """Its page."""

    @property
    def key(self) -> str:
        """A key of first author, year and first word of the title; empty without authors."""
        if not self.authors:
            return "semspill-paper" if self.title == PAPER else ""
        first = re.split(r", | and ", self.authors)[0].strip("{}").split()[0]
        words = [word for word in re.findall(r"\w+", self.title.lower()) if word not in _SMALL]
        return re.sub(r"\W", "", f"{first.lower()}{self.year}{words[0] if words else ''}")


_SMALL = ("a", "an", "the", "on")


def works_of(citation: str) -> tuple[Work, ...]:
    """Return the works that a component's citation names, none where it is original.

    They are divided by semicolons, each `Author(s) year, Title, arXiv:number` or with a page in
    place of the number; before it may stand a label that ends with a colon, or cf., and after it a
    remark in brackets.

    Args:
        citation: The `citation` of a component.

    Example:
        >>> works_of("original; cf. Doe and Roe 1999, On Words, arXiv:1234.56789")
        (Work(title='On Words', authors='Doe and Roe', year='1999', arxiv='1234.56789', url=''),)
        >>> works_of("original: a planned contrast")
        ()
    """
    if citation.startswith(PAPER):
        return (Work(PAPER),)
    found = tuple(filter(None, map(_work, citation.split("; "))))
    if found or citation.startswith("original"):
        return found
    return (Work(citation),)


def _work(part: str) -> Work | None:
    """Return the work that a part of a citation names; None where it is only a remark."""
    told = _WORK.fullmatch(part)
    if told:
        arxiv = told["arxiv"] or ""
        authors = _AUTHORS.get(arxiv) or _bibtex_authors(told["authors"])
        return Work(told["title"], authors, told["year"], arxiv, told["url"] or "")
    if not _PLACED.search(part):
        return None
    # Not understood, but no work may be lost: all of it is the title.
    years = set(_YEAR.findall(_ARXIV.sub("", part)))
    numbers, urls = set(_ARXIV.findall(part)), set(_URL.findall(part))
    one = [found.pop() if len(found) == 1 else "" for found in (years, numbers, urls)]
    return Work(part, "", *one)


def _bibtex_authors(names: str) -> str:
    """Return authors as BibTeX writes them: organisations of several words are one name."""
    several = re.split(r", (?:and )?| and ", names.replace(" et al.", " and others"))
    return " and ".join(f"{{{name}}}" if " " in name else name for name in several)
