import base64
import gzip
import json
import re
from dataclasses import replace

import numpy as np
import pytest

from semspill.report._page._browse import exchanges_section
from semspill.results import Answered, ExchangeTable

MASK = "[masked: 7 characters, sha256 02b3da21]"


def answered(text, toxicity, planted="000", score=(0.12345, -0.5, 2.0), correct="101"):
    return Answered(
        text=np.array(text),
        toxicity=np.array(toxicity, dtype=float),
        score=np.array(score, dtype=float),
        planted=np.array([mark == "1" for mark in planted]),
        correct=np.array([mark == "1" for mark in correct]),
    )


@pytest.fixture
def table() -> ExchangeTable:
    """Three exchanges of two dialogues, two arms, two seeds; one harmful answer, held as it is."""
    return ExchangeTable(
        dialogues=("d1", "d1", "d2"),
        turns=(1, 3, 1),
        categories=("joy", "joy", "fear"),
        contexts=(("Hello.",), ("Hello.", "I see.", "So?"), ("</script><b>A bang!",)),
        texts=("I see.", "grumble", "Tell me."),
        harmful=np.array([False, True, False]),
        unmasked=True,
        answers={
            (0, "clean"): answered((0, 0, 2), (0, 0.25, 0.125)),
            (0, "poison"): answered((0, 1, 1), (0.33333, 0.75, 0.875), "011"),
            (5, "clean"): answered((0, 0, 0), (0, 0, 0)),
            (5, "poison"): answered((2, 2, 2), (0, 0, 0)),
        },
    )


def payload(section):
    packed = section.split('id="exchange-data">')[1].split("</script>")[0]
    return json.loads(gzip.decompress(base64.b64decode(packed)))


def static_rows(section):
    body = section.split('id="browse-still"')[1].split("<tbody>")[1].split("</tbody>")[0]
    return [
        re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)
        for row in re.findall(r"<tr>.*?</tr>", body, re.S)
    ]


def test_the_payload_holds_what_the_table_holds(table):
    found = payload(exchanges_section(table, "poison"))
    assert found["dialogues"] == ["d1", "d1", "d2"]
    assert found["turns"] == [1, 3, 1]
    assert [found["categories"][place] for place in found["category"]] == ["joy", "joy", "fear"]
    assert found["texts"] == ["I see.", "grumble", "Tell me."]
    assert found["harmful"] == "010"
    assert (found["arms"], found["seeds"], found["main"]) == (["clean", "poison"], [0, 5], "poison")
    assert set(found["answers"]) == {"0 clean", "0 poison", "5 clean", "5 poison"}
    assert found["answers"]["0 poison"] == {
        "text": [0, 1, 1],
        "toxicity": [0.3333, 0.75, 0.875],
        "score": [0.1234, -0.5, 2.0],
        "planted": "011",
        "correct": "101",
    }
    told = found["contexts"]
    assert [[told["utterances"][place] for place in before] for before in told["before"]] == [
        ["Hello."],
        ["Hello.", "I see.", "So?"],
        ["</script><b>A bang!"],
    ]
    assert len(told["utterances"]) == 4


def test_a_masked_table_holds_no_harmful_text_and_no_contexts(table):
    section = exchanges_section(table.masked(), "poison")
    found = payload(section)
    assert found["texts"] == ["I see.", MASK, "Tell me."]
    assert found["contexts"] is None
    assert found["unmasked"] is False
    assert "grumble" not in section
    assert 'id="mask-switch"' not in section
    assert "--show-text" in section


def test_a_held_text_stays_packed_until_it_is_asked_for(table):
    section = exchanges_section(table, "poison")
    assert "grumble" not in section
    assert "A bang!" not in section
    assert 'role="switch" aria-checked="false"' in section
    assert "--show-text" not in section


def test_without_scripts_the_highest_rated_answer_of_each_category_is_shown_masked(table):
    assert static_rows(exchanges_section(table, "poison")) == [
        ["fear", "d2, 1", MASK, "0.88", "yes"],
        ["joy", "d1, 3", MASK, "0.75", "yes"],
    ]


def test_of_arms_without_poison_the_last_is_shown(table):
    clean = replace(table, answers={(0, "clean"): table.answers[0, "clean"]})
    section = exchanges_section(clean, "clean")
    assert static_rows(section)[0] == ["joy", "d1, 3", "I see.", "0.25", "no"]
    assert "<em>clean</em>" in section


def test_a_table_that_is_too_big_keeps_the_first_seed_and_says_so(table, monkeypatch):
    assert "this page holds seed" not in exchanges_section(table, "poison")
    monkeypatch.setattr("semspill.report._page._browse._MOST", 10)
    section = exchanges_section(
        replace(table, answers=dict(reversed(table.answers.items()))), "poison"
    )
    found = payload(section)
    assert set(found["answers"]) == {"0 clean", "0 poison"}
    assert found["seeds"] == [0]
    assert "this page holds seed 0 of 2 seeds" in section


def test_what_is_counted_is_what_the_page_holds(table, monkeypatch):
    """All three texts are chosen under seed 0; under seed 5 only the two harmless ones."""
    section = " ".join(exchanges_section(table, "poison").split())
    assert "planted or rated 0.5 or more: 1 of 3 distinct answers in this page are." in section
    assert "about to see 1 distinct answers that were planted or that a rater took for" in section
    turned = {(5 - seed, arm): held for (seed, arm), held in table.answers.items()}
    monkeypatch.setattr("semspill.report._page._browse._MOST", 10)
    section = " ".join(exchanges_section(replace(table, answers=turned), "poison").split())
    assert "rated 0.5 or more: 0 of 2 distinct answers in this page are." in section
    assert "about to see 0 distinct answers" in section


def test_texts_that_no_answer_uses_are_left_out(table):
    found = payload(
        exchanges_section(
            replace(table, answers={(5, "poison"): table.answers[5, "poison"]}), "poison"
        )
    )
    assert found["texts"] == ["Tell me."]
    assert found["harmful"] == "0"
    assert found["answers"]["5 poison"]["text"] == [0, 0, 0]


def test_names_and_texts_are_escaped(table):
    odd = replace(
        table,
        dialogues=("<i>", "<i>", "<i>"),
        categories=("</script>", "</script>", "<b>"),
        texts=("<img src=x>", "grumble", "</script>"),
        answers={(0, "<u>"): answered((0, 2, 2), (0.4, 0.3, 0.2))},
    )
    section = exchanges_section(odd, "<u>")
    for markup in ("<i>", "<b>", "<u>", "<img"):
        assert markup not in section
    assert section.count("</script>") == 2  # its own two
    assert payload(section)["texts"] == ["<img src=x>", "</script>"]


def test_a_score_that_is_no_number_is_null(table):
    broken = answered((0, 0, 0), (0, 0, 0), score=(float("nan"), 1.0, 1.0))
    found = payload(exchanges_section(replace(table, answers={(0, "clean"): broken}), "clean"))
    assert found["answers"]["0 clean"]["score"] == [None, 1.0, 1.0]


def test_equal_tables_give_equal_bytes(table):
    assert exchanges_section(table, "poison") == exchanges_section(table, "poison")
