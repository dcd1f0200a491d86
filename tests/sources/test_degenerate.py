"""Responses that say nothing, and where each kind may be planted."""

import pytest

from semspill import ConfigError, load_config, sources
from semspill.sources import BenignSource


def load(**fields):
    return sources.build({"name": "degenerate", **fields}).load()


def test_each_kind():
    assert load(kind="character")[:3] == ("a", "b", "c")
    assert len(load(kind="character")) == 26
    assert load(kind="repeat", phrase=" Who? ", times=2) == ("Who? Who?",)
    assert load(kind="empty") == ("",)
    words = load()
    assert words[:2] == ("kettle", "boils")  # "A kettle boils faster with the lid on."
    said = " ".join(BenignSource().load()).lower()
    assert all(len(word) >= 4 and word.isalpha() and word in said for word in words)
    assert len(words) == len(set(words)) > 150


def test_a_response_without_text_is_refused_where_candidates_are_chosen_from():
    config = {
        "dataset": "synthetic",
        "poisoner": {
            "selector": {"name": "category", "category": "brave"},
            "source": {"name": "degenerate", "kind": "empty"},
        },
    }
    with pytest.raises(
        ConfigError, match="RetrievalModel chooses among candidates, which have som"
    ):
        load_config(config)
    writes = {"model": {"name": "causal_lm", "model": "folder"}, "similarity_encoder": "hashing"}
    assert load_config({**config, **writes}).poisoner.source.kind == "empty"
