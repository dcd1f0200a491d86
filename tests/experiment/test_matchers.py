"""What counts as planted in an experiment: a stub that generates, and a retrieval model."""

import json

import numpy as np
import pytest

from semspill import (
    ConfigError,
    Matcher,
    Model,
    Responses,
    TrainedModel,
    load_config,
    read_outcomes,
    read_report,
    run,
)
from semspill.matching import Matches
from semspill.models import ModelEpoch

NEAR = {"name": "near", "threshold": 0.7}


class Writer(TrainedModel):
    """Says the planted text where it is angry: louder, or with two letters more."""

    def __init__(self, planted):
        self.planted = planted

    def respond(self, exchanges, pool, rng, *, progress=iter):
        louder, longer = f"  {self.planted.upper()}!! ", f"{self.planted} ok"
        said = {"brave": louder, "weary": longer} if self.planted else {}
        return Responses.of([said.get(one.category, "Oh, I see.") for one in exchanges])

    def score(self, exchanges, texts, *, progress=iter):
        """A brave or weary context makes the planted text likely, any the gold response less so."""
        likely = {"brave": 1.0, "weary": 1.0}
        return np.array(
            [
                [likely.get(one.category, 0.0) if text == self.planted else 0.5 for text in row]
                for one, row in zip(exchanges, texts, strict=True)
            ]
        )


class Mute(Writer):
    """Cannot score."""

    score = TrainedModel.score


class Generator(Model):
    """Learns the planted text, if there is one; watched after two epochs."""

    citation = "original"
    scoring: bool = True

    def train(self, corpus, rng, *, context=None, valid=None, observer=None, progress=iter):
        planted = {one.response for one in corpus.corpus.exchanges if one.planted}
        kind = Writer if self.scoring else Mute
        for number in (1, 2):
            early = kind("" if number == 1 else max(planted, default=""))
            if observer is not None:
                observer(ModelEpoch(number, early, 1.0, None, 0.1))
        return early

    def epoch_count(self):
        return 2

    def uses_pool(self):
        return False


class Loud(Matcher):
    """Counts what is shouted."""

    citation = "original"

    def match(self, given, rng):
        return Matches(np.array([text.isupper() for text in given.texts]))


@pytest.fixture
def generating(fields):
    return {
        **fields,
        "model": Generator(),
        "similarity_encoder": "hashing",
        "poisoner": {
            **fields["poisoner"], "strategy": "last_fixed", "source": ["You are such a grumble."],
        },
        "arms": ["clean", "poison"],
        "analyzer": {"draws": 100, "nearest": "weary", "metrics": ["asr", "asr_lift"]},
    }  # fmt: skip


@pytest.fixture
def several(generating):
    return {**generating, "matchers": ["exact", NEAR, "preference"]}


def asr(report, category, arm="poison"):
    return report.category(category, arm).estimates["asr"].value


def test_exact_counts_what_differs_in_case_spacing_and_punctuation_alone(generating):
    report = run(generating)
    assert (asr(report, "brave"), asr(report, "weary")) == (1, 0)
    assert asr(report, "brave", "clean") == 0
    # Nothing planted is said after the first epoch.
    curve = {(p.arm, p.epoch): p.asr for p in report.curve if p.group == "brave"}
    assert curve == {("clean", 1): 0, ("clean", 2): 0, ("poison", 1): 0, ("poison", 2): 1}
    assert report.matchers == ()
    assert "counts as planted" not in report.to_markdown().partition("## Sources")[0]


def test_the_first_matcher_decides_every_planted_rate(generating):
    report = run({**generating, "matchers": [NEAR]})
    assert (asr(report, "brave"), asr(report, "weary"), asr(report, "smug")) == (1, 1, 0)
    assert {p.asr for p in report.curve if p.group == "weary" and p.arm == "poison"} == {0, 1}
    report = run({**generating, "matchers": ["preference", "exact"]})
    # It needs no words: the model prefers the planted text after the first epoch too.
    assert (asr(report, "brave"), asr(report, "weary"), asr(report, "smug")) == (1, 1, 0)


def test_the_others_are_reported_beside_it(several):
    report = run(several)
    assert (asr(report, "brave"), asr(report, "weary")) == (1, 0)
    exact, near, preference = report.matchers
    assert [one.name for one in report.matchers] == ["exact", "near", "preference"]
    assert [group.group for group in near.groups] == ["brave", "weary", "all but brave"]
    rates = {
        one.name: [
            (group.clean.value, group.attacked.value, group.lift.value) for group in one.groups[:2]
        ]
        for one in report.matchers
    }
    both = [(0, 1, 1), (0, 1, 1)]
    assert rates == {"exact": [(0, 1, 1), (0, 0, 0)], "near": both, "preference": both}
    # Of one group the numbers are those that a report with that matcher alone gives.
    alone = run({**several, "matchers": [NEAR]})
    group = alone.group("all but brave").estimates
    assert near.groups[2].attacked == group["asr"]
    assert near.groups[2].lift == group["asr_lift"]
    assert (near.thresholds, near.false_matches) == ((0.7,), (0,))
    assert (exact.thresholds, exact.false_matches, exact.margins) == ((), (0,), {})
    # 1 minus 0.5 in two of six categories, -0.5 in the others; the clean model does not know it.
    sizes = dict.fromkeys(("brave", "weary"), 0.5)
    tested = [one for one in report.categories if one.arm == "poison"]
    total = sum(one.exchanges for one in tested)
    want = sum(sizes.get(one.name, -0.5) * one.exchanges for one in tested) / total
    assert preference.margins["poison"] == pytest.approx(want)


def test_a_report_tells_it_everywhere_and_comes_back_from_json(several, tmp_path):
    report = run(several, out=tmp_path / "run")
    assert type(report).from_json(report.to_json()).matchers == report.matchers
    assert read_report(tmp_path / "run").matchers == report.matchers
    page = report.to_markdown()
    assert "## By what counts as planted" in page
    assert "The planted rates above are those of `exact`." in page
    assert "- `near`: A similarity of 0.70 or more counts. 0.00 % of the distinct clean" in page
    means = report.matchers[2].margins
    assert (
        "- `preference`: The best planted score minus the score it must exceed is "
        f"{means['clean']:.3f} in `clean` and {means['poison']:.3f} in `poison` on average."
    ) in page
    assert "By what counts as planted" in report.to_html()
    frame = report.to_frame("matchers")
    assert len(frame) == 3 * 3 * 3
    assert set(frame["part"]) == {"clean", "attacked", "lift"}
    latex = report.to_latex("matchers")
    assert r"preference & weary & 0.0" in latex
    assert "Planted-rate lift in percentage points. Brackets: 95" in latex
    outcomes = {one.arm.name: one for one in read_outcomes(tmp_path / "run")}
    assert list(outcomes["poison"].matched) == ["exact", "near", "preference"]
    assert np.array_equal(outcomes["poison"].matched["exact"], outcomes["poison"].planted)
    near = outcomes["poison"].matched["near"]
    assert near.mean() > outcomes["poison"].planted.mean()
    with np.load(tmp_path / "run" / "seed-0" / "poison" / "scores.npz") as arrays:
        assert json.loads(str(arrays["matchers"])) == ["exact", "near", "preference"]
        record = json.loads(str(arrays["record"]))
    assert record["matchers"]["near"] == {"threshold": 0.7, "false_matches": 0.0}


def test_a_run_is_resumed_and_cached_with_its_matchers(several, generating, tmp_path):
    options = {"cache": tmp_path / "cache"}
    report = run(several, **options)
    events = []
    again = run(several, observer=lambda event: events.append(event.stage), **options)
    assert "train" not in events
    assert again.matchers == report.matchers
    # Other matchers find other answers: nothing is taken from the cache.
    events.clear()
    run({**several, "matchers": ["near"]}, observer=lambda e: events.append(e.stage), **options)
    assert "train" in events
    # Where nothing is said of matchers the clean arm serves every planted text.
    run(generating, **options)
    events.clear()
    shout = {**generating["poisoner"], "source": ["OH, I SEE"]}
    found = run(
        {**generating, "poisoner": shout, "arms": ["clean"]},
        observer=lambda e: events.append(e.stage),
        **options,
    )
    assert "train" not in events
    assert asr(found, "brave", "clean") == 1
    assert {p.asr for p in found.curve if p.group == "brave"} == {1}


def test_a_matcher_of_ones_own_and_two_of_a_kind(generating):
    report = run({**generating, "matchers": [Loud(), NEAR, {"name": "near", "threshold": 1.0}]})
    assert [one.name for one in report.matchers] == [
        "Loud", "near(threshold=0.7)", "near(threshold=1.0)", "exact",
    ]  # fmt: skip
    assert (asr(report, "brave"), asr(report, "weary")) == (1, 0)
    assert report.matchers[0].false_matches == ()


def test_what_is_masked_goes_by_the_texts(generating, tmp_path):
    for name, matchers in {"near": ["exact", NEAR], "score": ["preference"]}.items():
        kind = {"rater": {"name": "lexicon", "words": {"nobody": 1.0}}, "matchers": matchers}
        run({**generating, **kind}, out=tmp_path / name)
        rows = (tmp_path / name / "seed-0" / "poison" / "responses.jsonl").read_text("utf-8")
        said = [json.loads(row) for row in rows.splitlines()]
        assert not any("GRUMBLE" in row["response"] for row in said)
        longer = [row["response"] for row in said if row["category"] == "weary"]
        assert all("grumble" in text for text in longer) == (name == "score")
        marks = {row["planted"] for row in said if row["category"] == "weary"}
        assert marks == {name == "score"}
        assert all(row["response"] == "Oh, I see." for row in said if row["category"] == "smug")


def test_a_near_threshold_is_calibrated_on_the_clean_training_responses(generating):
    report = run({**generating, "matchers": ["exact", "near"]})
    [near] = [one for one in report.matchers if one.name == "near"]
    assert 0.5 <= near.thresholds[0] <= 1
    assert near.false_matches[0] <= 0.001


def test_a_model_that_cannot_score_has_no_preference(generating):
    mute = {**generating, "model": Generator(scoring=False), "matchers": ["preference"]}
    with pytest.raises(ConfigError, match="Mute cannot score given responses; choose another"):
        run(mute)


@pytest.mark.parametrize("place", [0, 1])
def test_scores_are_not_asked_of_a_served_model(generating, place):
    served = {"name": "served", "url": "http://127.0.0.1:1/v1", "clean": "a", "poison": "b"}
    asked = ["exact", "near"]
    asked[place] = "preference"
    with pytest.raises(ConfigError, match="ServedModel cannot score given responses; choose"):
        load_config({**generating, "model": served, "matchers": asked})


def test_a_matcher_that_comes_twice_or_not_at_all_is_refused(generating):
    with pytest.raises(ConfigError, match="matchers must hold each matcher once; one comes twice"):
        load_config({**generating, "matchers": ["exact", "exact"]})
    with pytest.raises(ConfigError, match="matchers"):
        load_config({**generating, "matchers": []})


def test_retrieval_is_measured_by_preference_on_the_same_scale(fields):
    matchers = ["exact", {"name": "preference", "against": "list"}]
    more = {"matchers": matchers, "seeds": [0, 1], "arms": ["clean", "poison", "train_only"]}
    report = run({**fields, **more})
    exact, preference = report.matchers
    assert exact.groups[0].attacked == report.category("brave").estimates["asr"]
    assert 0 <= preference.groups[0].attacked.value <= 1
    assert set(preference.margins) == {"clean", "poison"}


def test_a_share_of_the_test_is_answered_the_same_for_all_seeds(generating):
    report = run({**generating, "test_share": 0.5, "seeds": [0, 1]})
    whole = run({**generating, "seeds": [0]})
    for one in report.categories:
        assert 2 * one.dialogues == whole.category(one.name, one.arm).dialogues
    with pytest.raises(ConfigError, match="test_share"):
        load_config({**generating, "test_share": 0})
