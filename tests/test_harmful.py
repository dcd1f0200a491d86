"""Fields of harmful text are marked by type and masked wherever a person reads."""

import json

from pydantic import Field

import semspill as sp
from semspill._model import shown

WORDS = ("grumble", "mutter")


class Marked(sp.FrozenModel):
    """Any value, not a component."""

    slurs: sp.Harmful[tuple[str, ...]] = ()
    worst: sp.Harmful[str] | None = None
    names: tuple[str, ...] = ("grumble",)


class Inner(sp.Rater):
    """A rater whose author marked nothing but what may be seen."""

    citation = "original"
    listed: tuple[str, ...] = WORDS
    weights: dict[str, float] = Field(default={"grumble": 1.0})
    says: str = "You grumble."
    model: str = "someone/tiny-rater"
    labels: sp.Harmless[tuple[str, ...]] = ("toxic", "not toxic")
    marked: Marked = Marked(slurs=WORDS)
    sizes: tuple[int, ...] = (1, 2)

    def rate(self, texts):
        return [0.0 for _ in texts]


def test_what_is_marked_is_masked_anywhere():
    held = Marked(slurs=WORDS, worst="grumble", names=("calm",))
    assert "grumble" not in repr(held)
    assert "mutter" not in str(held)
    assert "names=('calm',)" in repr(held)
    assert shown(held)["slurs"].startswith("2 words in config.json (sha256 ")
    assert shown(held)["worst"].startswith("1 word in config.json (sha256 ")
    assert "slurs" not in shown(Marked())
    assert shown(Marked())["worst"] is None
    assert held.slurs == WORDS


def test_texts_of_a_rater_are_masked_unless_it_says_that_they_are_harmless():
    rater = Inner(listed=("mutter",), weights={"mutter": 1.0})
    said = shown(rater)
    for printed in (repr(rater), json.dumps(said)):
        assert "mutter" not in printed
        assert "You grumble" not in printed
    assert said["model"] == "someone/tiny-rater"
    assert said["labels"] == ["toxic", "not toxic"]
    assert said["sizes"] == [1, 2]
    assert said["weights"].startswith("1 word in config.json")
    assert said["listed"].startswith("1 word in config.json")
    assert "says" not in said  # a default needs no mask to be built again
    assert said["marked"]["slurs"].startswith("2 words in config.json")


def test_what_is_masked_can_still_be_written_and_built():
    rater = sp.raters.build({"name": "lexicon", "words": {"mutter": 0.5}})
    described = sp.raters.describe(rater)
    assert described["words"] == [["mutter", 0.5]]
    assert sp.raters.build(described) == rater
    assert "mutter" not in repr(rater)


def test_a_filter_of_rows_is_shown():
    source = sp.sources.build({"name": "csv", "path": "x.csv", "where": {"label": "very toxic"}})
    assert shown(source)["where"] == {"label": ["very toxic"]}
    assert "'very toxic'" in repr(source)


def test_a_report_of_a_config_masks_it():
    base = {"dataset": "synthetic", "poisoner": {"selector": {"name": "random"}}, "target": "brave"}
    rater = {"name": "lexicon", "words": {"mutter": 0.5}}
    config = sp.load_config({**base, "rater": rater})
    assert "mutter" in config.model_dump_json()
    assert "mutter" not in json.dumps(shown(config))
    assert "mutter" not in repr(config)
    assert shown(config)["poisoner"]["source"] == {"name": "builtin"}
