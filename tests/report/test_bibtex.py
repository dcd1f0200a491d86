"""What a report asks to be cited, as BibTeX that BibTeX can read."""

import re

import pytest

import semspill as sp

PAPER = sp.strategies.build("last_fixed").citation


def entries(report, **citations):
    """Return the fields of every entry by its key; the text must consist of entries alone."""
    text = report.replace(
        provenance=report.provenance.replace(citations=citations, versions={"semspill": "1.2.3"})
    ).to_bibtex()
    found = re.findall(r"^@misc\{([\w-]+),\n((?:  \w+ = \{.*\},\n)+)\}\n", text, re.MULTILINE)
    whole = "\n".join(f"@misc{{{key},\n{body}}}\n" for key, body in found)
    assert whole == text
    for _, body in found:
        assert body.replace("\\{", "").count("{") == body.replace("\\}", "").count("}")
    return {key: dict(re.findall(r"  (\w+) = \{(.*)\},", body)) for key, body in found}


def test_semspill_itself_comes_first_with_its_version(report):
    (key,), (fields,) = zip(*entries(report).items(), strict=True)
    assert key == "semspill"
    assert "1.2.3" in fields["note"]
    assert fields["author"] == "{The semspill contributors}"


def test_what_is_original_has_no_entry_of_its_own(report):
    found = entries(report, A="original", B="original: an axis", C="original; cf. Doe 1999, Words")
    assert set(found) == {"semspill", "doe1999words"}


def test_author_year_title_and_arxiv_number_are_told_apart(report):
    cited = "Doe et al. 2019, Towards Models: a New Benchmark, Data and More, arXiv:1234.56789"
    assert entries(report, Talks=cited)["doe2019towards"] == {
        "author": "Doe and others",
        "title": "{Towards Models: a New Benchmark, Data and More}",
        "year": "2019",
        "eprint": "1234.56789",
        "archiveprefix": "arXiv",
        "note": "Used by semspill: Talks",
    }


@pytest.mark.parametrize(
    ("cited", "author"),
    [
        ("Doe 1999, Words", "Doe"),
        ("see Doe and Roe 1999, Words", "Doe and Roe"),
        ("cf. Doe, Roe and Poe (1999), Words", "Doe and Roe and Poe"),
        ("the interval: Doe et al. 1999, Words (here a ratio)", "Doe and others"),
        ("Institute of Words 1999, Words", "{Institute of Words}"),
        ("here twice, cf. Doe 1999, Words", "Doe"),
    ],
)
def test_authors_are_written_as_bibtex_does(report, cited, author):
    (key, fields) = list(entries(report, Thing=cited).items())[1]
    assert (fields["author"], fields["title"], fields["year"]) == (author, "{Words}", "1999")
    assert key.endswith("1999words")


def test_every_work_of_a_citation_has_an_entry(report):
    cited = "original; A: Doe 1999, The One; B: Roe 2001, Two, arXiv:1234.56789; as of old"
    found = entries(report, Thing=cited)
    assert set(found) == {"semspill", "doe1999one", "roe2001two"}
    assert found["roe2001two"]["eprint"] == "1234.56789"
    assert "eprint" not in found["doe1999one"]


@pytest.mark.parametrize(
    ("cited", "title"),
    [
        ("Doe et al. 2020, arXiv:1234.56789", "Doe et al. 2020, arXiv:1234.56789"),
        ("R&D_1 at 50% {odd}", r"R\&D\_1 at 50\% \{odd\}"),
    ],
)
def test_what_cannot_be_told_apart_is_all_title(report, cited, title):
    fields = entries(report, Thing=cited)["semspill-Thing"]
    assert fields["title"] == f"{{{title}}}"
    assert "author" not in fields


def test_a_page_is_given_as_its_address(report):
    cited = "Doe and Roe (2020), Rates, https://example.org/a_b?x=1"
    fields = entries(report, Rates=cited)["doe2020rates"]
    assert fields["url"] == "https://example.org/a_b?x=1"
    assert (fields["author"], fields["title"]) == ("Doe and Roe", "{Rates}")


def test_one_work_is_one_entry_however_many_components_cite_it(report):
    found = entries(
        report,
        One="Gu et al. 2017, BadNets, arXiv:1708.06733 (exact here)",
        Two="Gu et al. 2017, BadNets, arXiv:1708.06733 (here as a difference)",
        Three=PAPER,
        Four=f"{PAPER}, Figure 1a",
    )
    assert set(found) == {"semspill", "gu2017badnets", "semspill-paper"}
    badnets = found["gu2017badnets"]
    assert badnets["note"].endswith(": One, Two")
    assert badnets["author"] == "Gu, Tianyu and Dolan-Gavitt, Brendan and Garg, Siddharth"
    assert found["semspill-paper"]["title"] == f"{{{PAPER}}}"
    assert "author" not in found["semspill-paper"]  # they are not known


def test_two_works_of_one_author_and_year_have_keys_of_their_own(report):
    found = entries(
        report,
        One="Doe 2017, Words one, arXiv:1234.56789; Doe 2017, Words two, arXiv:1234.56780",
    )
    assert len(found) == 3


def test_every_built_in_citation_gives_entries_that_can_be_used(report):
    from semspill._registry import registries

    cited = {
        registry.get(name).__name__: registry.get(name).citation
        for registry in registries().values()
        for name in registry.names()
        if registry.get(name).__module__.startswith("semspill.")
    }
    found = entries(report, **cited)
    assert found.pop("semspill-paper")["title"] == f"{{{PAPER}}}"
    del found["semspill"]
    for key, fields in found.items():
        assert {"author", "title", "year"} <= set(fields), key
        assert not re.search(r"arXiv|https?:|\bcf\.|;", fields["author"] + fields["title"]), key
    notes = " ".join(fields["note"] for fields in found.values())
    missing = [name for name in cited if not re.search(rf"\b{name}\b", notes)]
    told = [name for name in missing if not cited[name].startswith(("original", PAPER))]
    assert told == []
