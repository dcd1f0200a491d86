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
    found = entries(report, A="original", B="original: an axis", C="original; see Fieller 1954")
    assert set(found) == {"semspill", "semspill-C"}


def test_author_year_title_and_arxiv_number_are_told_apart(report):
    cited = "Rashkin et al. 2019, Towards Models: a New Benchmark, Data and More, arXiv:1811.00207"
    assert entries(report, Talks=cited)["semspill-Talks"] == {
        "author": "Rashkin and others",
        "title": "{Towards Models: a New Benchmark, Data and More}",
        "year": "2019",
        "eprint": "1811.00207",
        "archiveprefix": "arXiv",
        "note": "Used by semspill: Talks",
    }


@pytest.mark.parametrize(
    ("cited", "title"),
    [
        ("Wolf et al. 2020, arXiv:1910.03771", "Wolf et al. 2020, arXiv:1910.03771"),
        ("Doe 1999, One; Roe 2001, Two", "Doe 1999, One; Roe 2001, Two"),
        ("R&D_1 at 50% {odd}", r"R\&D\_1 at 50\% \{odd\}"),
    ],
)
def test_what_cannot_be_told_apart_is_all_title(report, cited, title):
    fields = entries(report, Thing=cited)["semspill-Thing"]
    assert fields["title"] == f"{{{title}}}"
    assert "author" not in fields


def test_a_page_is_given_as_its_address(report):
    cited = "Hanu and Unitary (2020), Detoxify, https://example.org/a_b?x=1"
    fields = entries(report, Rates=cited)["semspill-Rates"]
    assert fields["url"] == "https://example.org/a_b?x=1"
    assert (fields["author"], fields["title"]) == ("Hanu and Unitary", "{Detoxify}")


def test_one_work_is_one_entry_however_many_components_cite_it(report):
    found = entries(
        report,
        One="Gu et al. 2017, BadNets, arXiv 1708.06733; exact here",
        Two="Gu et al. 2017, BadNets, arXiv:1708.06733; here as a difference",
        Three=PAPER,
        Four=f"{PAPER}, Figure 1a",
    )
    assert set(found) == {"semspill", "semspill-One", "semspill-Three"}
    assert found["semspill-One"]["note"].endswith(": One, Two")
    assert found["semspill-Three"]["title"] == f"{{{PAPER}}}"


def test_every_built_in_component_can_be_cited(report):
    from semspill._registry import registries

    cited = {
        registry.get(name).__name__: registry.get(name).citation
        for registry in registries().values()
        for name in registry.names()
    }
    found = entries(report, **cited)
    assert f"{{{PAPER}}}" in {fields["title"] for fields in found.values()}
    notes = " ".join(fields["note"] for fields in found.values())
    missing = [name for name in cited if not re.search(rf"\b{name}\b", notes)]
    assert [name for name in missing if not cited[name].startswith("original")] == []
