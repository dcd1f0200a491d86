"""What the pages of a run hold, taken out of the files themselves: no browser is needed."""

import base64
import gzip
import json
import re

import pytest

from semspill import ResponseSource, run


class Grumbles(ResponseSource):
    """Texts that the rater of the run rates 0.6."""

    citation = "original"

    def load(self):
        return tuple(f"grumble number {i}" for i in range(20))


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """The folder of a run written with `show_text`."""
    folder = tmp_path_factory.mktemp("pages")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("semspill.scoring._scorer.user_cache_dir", lambda name: folder / "cache")
        run(
            {
                "dataset": {"name": "synthetic", "train": 60, "test": 24, "categories": 4},
                "poisoner": {
                    "selector": {"name": "category", "category": "brave"},
                    "strategy": "each_random",
                    "source": Grumbles(),
                    "budget": 0.2,
                },
                "model": {
                    "encoder": {"name": "hashing", "dim": 8, "buckets": 512, "char_ngrams": None},
                    "finetuner": {"epochs": 2, "batch_size": 32},
                },
                "rater": {"name": "lexicon", "words": {"grumble": 0.6, "the": 0.4}},
                "analyzer": {"draws": 100},
                "arms": ["clean", "poison"],
                "list_size": 20,
                "seeds": [0],
            },
            out=folder / "out",
            show_text=True,
        )
    return folder / "out"


def test_a_masked_page_holds_none_of_the_planted_texts(out):
    """Neither as it is nor in anything packed in it; the other page does hold them, packed."""
    written = out / "seed-0" / "poison" / "responses.UNMASKED-HARMFUL-TEXT.jsonl"
    rows = map(json.loads, written.read_text(encoding="utf-8").splitlines())
    planted = {row["response"] for row in rows if row["planted"]}
    assert planted
    assert all(text.startswith("grumble number") for text in planted)
    for name, held in (("report.html", False), ("report.UNMASKED-HARMFUL-TEXT.html", True)):
        html = (out / name).read_text(encoding="utf-8")
        packed = re.findall(r'<script type="text/plain"[^>]*>(.*?)</script>', html, re.S)
        unpacked = [gzip.decompress(base64.b64decode(text)).decode() for text in packed]
        assert len(packed) == 1
        assert "grumble" not in html
        assert any("grumble number" in text for text in unpacked) is held


def test_a_page_is_small_enough_to_be_sent(out):
    assert (out / "report.UNMASKED-HARMFUL-TEXT.html").stat().st_size < 6_000_000
