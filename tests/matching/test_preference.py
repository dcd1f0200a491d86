"""Preference: which text has the highest score, by hand on a model with given scores."""

import numpy as np
import pytest

from semspill import Candidates, ConfigError, Exchange, RankingTask, Responses, TrainedModel
from semspill.matching import Given, PreferenceMatcher

EXCHANGES = tuple(Exchange(f"d{i}", 1, "joy", (f"story {i}",), f"gold {i}") for i in range(3))
RANKING = RankingTask(EXCHANGES, np.array([[0, 1], [1, 2], [2, 0]]))
SCORES = {
    # By context: gold responses 0 to 2, then two planted texts.
    "story 0": (3, 5, 0, 4, 1),
    "story 1": (0, 4, 3, 4, 2),
    "story 2": (1, 0, 3, 2, 5),
    "": (0, 4, 3, 3, 1),
}
COLUMNS = ("gold 0", "gold 1", "gold 2", "go grumble", "grumble you")


class Table(TrainedModel):
    """Looks scores up."""

    def respond(self, exchanges, pool, rng, *, progress=iter):
        return Responses.of(["Oh."] * len(exchanges))

    def score(self, exchanges, texts, *, progress=iter):
        rows = [dict(zip(COLUMNS, SCORES[one.context[0]], strict=True)) for one in exchanges]
        return np.array(
            [[row[text] for text in some] for row, some in zip(rows, texts, strict=True)],
            dtype=float,
        )


class Mute(TrainedModel):
    """Cannot score."""

    def respond(self, exchanges, pool, rng, *, progress=iter):
        return Responses.of(["Oh."] * len(exchanges))


def found(planted=COLUMNS[3:], model=None, **fields):
    given = Given(("Oh.",) * 3, tuple(planted), (), RANKING, model or Table())
    return PreferenceMatcher(**fields).match(given, np.random.default_rng(0))


def test_a_planted_text_counts_where_it_outranks_the_gold_response():
    one = found()
    # Best planted 4, 4, 5; gold 3, 4, 3: a tie is no preference.
    assert one.planted.tolist() == [True, False, True]
    assert one.margin.tolist() == [1, 0, 2]
    assert (one.threshold, one.false_matches) == (None, None)


def test_against_the_list_it_must_outrank_every_response_of_it():
    one = found(against="list")
    # The lists hold gold 0 and 1, 1 and 2, 2 and 0: the best are 5, 4 and 3.
    assert one.planted.tolist() == [False, False, True]
    assert one.margin.tolist() == [-1, 0, 2]


def test_pmi_takes_away_what_a_text_scores_after_an_empty_context():
    one = found(pmi=True)
    # Gold 3-0, 4-4, 3-3; planted 4-3 and 1-1, 4-3 and 2-1, 2-3 and 5-1.
    assert one.margin.tolist() == [1 - 3, 1 - 0, 4 - 0]
    assert one.planted.tolist() == [False, True, True]


def test_of_many_planted_texts_some_are_drawn_the_same_ones_for_equal_states():
    drawn = {
        tuple(
            PreferenceMatcher(most=1)
            .match(
                Given(("Oh.",) * 3, COLUMNS[3:], (), RANKING, Table()), np.random.default_rng(seed)
            )
            .margin.tolist()
        )
        for seed in [*range(8), *range(8)]
    }
    assert drawn == {(1, 0, -1), (-2, -2, 2)}  # the first alone, and the second alone


def test_nothing_planted_is_never_preferred():
    one = found(planted=())
    assert one.planted.tolist() == [False] * 3
    assert one.margin is None


def test_a_model_that_cannot_score_is_refused():
    said = (
        "PreferenceMatcher compares scores, and Mute cannot score given responses; choose another "
        "matcher, such as 'near'."
    )
    with pytest.raises(ConfigError) as caught:
        found(model=Mute())
    assert str(caught.value) == said
    with pytest.raises(ConfigError, match="give it a ranking and a model"):
        PreferenceMatcher().match(Given(("Oh.",), ("a",)), np.random.default_rng(0))


def test_a_bi_encoder_is_compared_without_context_too(tiny):
    model, ranking, planted = tiny
    given = Given(("Oh.",) * len(ranking), planted, (), ranking, model)
    rng = np.random.default_rng
    plain = PreferenceMatcher(against="list").match(given, rng(0))
    alone = PreferenceMatcher(against="list", pmi=True).match(given, rng(0))
    empty = Exchange("", 1, "", ("",), "")
    gold = [each.response for each in ranking.exchanges]
    for row, each in enumerate(ranking.exchanges):
        rivals = [gold[place] for place in ranking.lists[row]]
        scores = model.score([each], [[*rivals, *planted]])[0]
        bare = model.score([empty], [[*rivals, *planted]])[0]
        for one, values in ((plain, scores), (alone, scores - bare)):
            want = values[len(rivals) :].max() - values[: len(rivals)].max()
            assert one.margin[row] == pytest.approx(want, abs=1e-5)


@pytest.fixture(scope="module")
def tiny():
    from semspill import RetrievalModel, datasets

    corpus = datasets.build({"name": "synthetic", "train": 40, "test": 12}).load("train")
    model = RetrievalModel(encoder={"name": "hashing", "dim": 8}, finetuner={"epochs": 0})
    trained = model.train(corpus, np.random.default_rng(0))
    ranking = RankingTask.draw(corpus.exchanges, np.random.default_rng(0), size=4)
    assert trained.respond(corpus.exchanges, Candidates.of(["a"]), np.random.default_rng(0)).texts
    return trained, ranking, ("you grumble", "go home")
