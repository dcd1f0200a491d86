"""Output guards: what each refuses, what is said instead, and what that costs in ranking."""

import math

import numpy as np
import pytest

from semspill import (
    Candidates,
    ConfigError,
    ContextFormat,
    Corpus,
    DataError,
    Dialogue,
    Exchange,
    PluginError,
    RankingTask,
    Responses,
    TrainedModel,
    Utterance,
)
from semspill.defenses import SAFE_REPLY, Aid, MarginGuard, OutputGuard, RaterGuard, guarded

RATER = {"name": "lexicon", "words": {"grumble": 1.0, "hm": 0.4}}


def ask(context, response="gold"):
    return Exchange("d", 1, "joy", (context,), response, planted=True)


def corpus_of(*rows, planted=False):
    """A corpus of one exchange per row: context, response."""
    return Corpus(
        tuple(
            Dialogue(
                f"d{n}", "joy", (Utterance(said, "speaker"), Utterance(text, "listener", planted))
            )
            for n, (said, text) in enumerate(rows)
        ),
        name="rows",
    )


class Table(TrainedModel):
    """Scores a response to a context by a table: `scores["context"]["response"]`."""

    device = "abacus"
    scale = 20.0

    def __init__(self, **table):
        self.table = table
        self.told = ()

    def respond(self, exchanges, pool, rng, *, progress=None):
        return self.choices(exchanges, pool, rng, 1)

    def choices(self, exchanges, pool, rng, k, *, progress=None):
        lists = [pool.texts] * len(exchanges)
        scores = self.score(exchanges, lists).reshape(len(lists), len(pool))
        order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        return Responses(pool, order, np.take_along_axis(scores, order, axis=1))

    def score(self, exchanges, texts, *, progress=None):
        rows = [
            [self.table[one.context[-1]].get(text, 0.0) for text in row]
            for one, row in zip(exchanges, texts, strict=True)
        ]
        return np.array(rows, dtype=np.float64)

    def expect(self, texts):
        self.told = texts

    def with_context(self, context):
        return Table(**{name: {"fine": 1.0} for name in self.table})


class Single(TrainedModel):
    """Gives back what was said last."""

    def respond(self, exchanges, pool, rng, *, progress=None):
        return Responses.of([exchange.context[-1] for exchange in exchanges])


class Refuses(OutputGuard):
    """Refuses some texts."""

    citation = "original"
    texts: tuple[str, ...] = ("grumble",)

    def allow(self, exchanges, responses):
        return np.array([[text not in self.texts for text in row] for row in responses.ranked])


class Wary(Refuses):
    """Refuses the same, and notes what it is shown."""

    needs = frozenset({"clean"})

    def fitted(self, model, corpus, aid, rng):
        SEEN["marks"] = [exchange.planted for exchange in corpus.exchanges]
        SEEN["aid"] = (len(aid.clean), aid.encoder, aid.trainer)
        return self

    def allow(self, exchanges, responses):
        SEEN["asked"] = [(one.response, one.planted) for one in exchanges]
        SEEN["planted"] = responses.candidates.planted.tolist()
        SEEN["dropped"] = responses.candidates.planted_dropped
        return super().allow(exchanges, responses)


SEEN: dict = {}
POOL = Candidates(
    ("grumble", "fine", "nice", "grumble again"), np.array([True, False, False, True]), 3
)
MODEL = Table(
    a={"grumble": 3, "fine": 2, "nice": 1},
    b={"fine": 3, "grumble": 2, "nice": 1},
    c={"grumble": 3, "grumble again": 2, "nice": 1},
)
ASKED = [ask("a"), ask("b"), ask("c")]
CORPUS = corpus_of(("a", "fine"), ("b", "nice"))


def rng():
    return np.random.default_rng(0)


def guard(*guards, model=MODEL, **options):
    return guarded(model, guards, corpus=CORPUS, rng=rng(), **options)


def test_a_refused_response_gives_way_to_the_next_that_is_allowed():
    model = guard(Refuses())
    given = model.respond(ASKED, POOL, rng())
    assert given.texts == ("fine", "fine", "grumble again")
    assert given.planted.tolist() == [False, False, True]
    assert given.scores[:, 0].tolist() == [2, 3, 2]
    assert (model.replaced, model.silent) == (pytest.approx(2 / 3), 0)


def test_where_nothing_is_allowed_the_reply_is_given():
    model = guard(Refuses(texts=("grumble", "grumble again")), best=2, reply="Pardon?")
    given = model.respond(ASKED, POOL, rng())
    assert given.texts == ("fine", "fine", "Pardon?")
    assert given.planted.tolist() == [False, False, False]
    assert given.scores[:2, 0].tolist() == [2, 3]
    assert math.isnan(given.scores[2, 0])
    assert (model.replaced, model.silent) == (pytest.approx(1 / 3), pytest.approx(1 / 3))
    assert given.candidates.planted_dropped == 3


def test_every_guard_must_allow_it():
    model = guard(Refuses(), Refuses(texts=("fine", "grumble again")))
    assert model.respond(ASKED, POOL, rng()).texts == ("nice", "nice", "nice")
    assert guard().respond(ASKED, POOL, rng()).texts == ("grumble", "fine", "grumble")


def test_a_reply_that_is_a_candidate_keeps_its_mark_and_place():
    given = guard(Refuses(texts=POOL.texts), reply="nice").respond(ASKED, POOL, rng())
    assert given.texts == ("nice",) * 3
    assert given.candidates.texts == POOL.texts


def test_a_model_of_one_response_says_the_reply_where_it_is_refused():
    model = guard(Refuses(), model=Single())
    assert model.respond([ask("grumble"), ask("hello")], POOL, rng()).texts == (SAFE_REPLY, "hello")
    assert (model.replaced, model.silent) == (0, 0.5)
    assert not model.scores
    assert model.rank(RankingTask(tuple(ASKED[:1]), np.array([[0]]))) is None
    with pytest.raises(ConfigError, match="Single gives one response each, and 2 are asked for"):
        model.model.choices(ASKED, POOL, rng(), 2)


def test_a_guard_sees_no_marks_no_gold_response_and_only_what_it_needs():
    aid = Aid(clean=CORPUS, encoder=object(), trainer=object())
    poisoned = corpus_of(("a", "grumble"), planted=True)
    model = guarded(MODEL, [Wary()], corpus=poisoned, aid=aid, rng=rng())
    model.respond(ASKED, POOL, rng())
    assert SEEN == {
        "marks": [False],
        "aid": (2, None, None),
        "asked": [("", False)] * 3,
        "planted": [False] * 4,
        "dropped": 0,
    }
    with pytest.raises(ConfigError, match="Wary needs clean"):
        guard(Wary())


def test_the_control_intervenes_as_often_on_other_exchanges():
    asked = [ask("a")] * 30 + [ask("b")] * 60 + [ask("c")] * 10
    guards = Refuses(texts=("grumble", "grumble again"))
    own = guard(guards, best=2)
    own.respond(asked, POOL, rng())
    control = guard(guards, best=2, control=np.random.default_rng(5))
    said = control.respond(asked, POOL, rng())
    assert (control.replaced, control.silent) == (own.replaced, own.silent) == (0.3, 0.1)
    # The planted text is still the answer to most of what the guards would have refused.
    assert said.planted.mean() > 0.15
    assert SAFE_REPLY in said.texts[:90]
    assert control.respond(asked, POOL, rng()).texts == said.texts
    other = guard(guards, best=2, control=np.random.default_rng(6)).respond(asked, POOL, rng())
    assert other.texts != said.texts


def test_what_is_no_guard_s_business_passes_through():
    model = guard(Refuses(texts=("fine",)), best=2, reply="Pardon?")
    assert (model.device, model.scale) == ("abacus", 20.0)
    model.expect(("fine",))
    assert MODEL.told == ("fine",)
    lists = [["fine", "nice"]] * 3
    assert model.score(ASKED, lists).tolist() == MODEL.score(ASKED, lists).tolist()
    changed = model.with_context(ContextFormat())
    # `fine` scores highest there and is refused; of the others the first is next.
    assert changed.respond(ASKED, POOL, rng()).texts == ("grumble",) * 3
    assert (changed.best, changed.reply) == (2, "Pardon?")
    assert math.isnan(model.silent)
    assert math.isnan(model.replaced)
    assert len(model.respond([], POOL, rng())) == 0


# Utility


def ranking():
    asked = (ask("a", "fine"), ask("b", "nice"), ask("c", "grumble"))
    return RankingTask(asked, np.array([[0, 1, 2], [1, 0, 2], [2, 1, 0]]))


RANKED = Table(
    a={"grumble": 3, "fine": 2, "nice": 1, "worse": 4},
    b={"fine": 3, "nice": 2, "grumble": 1, "worse": 0},
    c={"grumble": 3, "fine": 2, "nice": 1, "worse": 2},
)


def test_the_best_allowed_response_of_a_list_counts():
    assert RANKED.rank(ranking()).tolist() == [False, False, True]
    assert guard(model=RANKED).rank(ranking()).tolist() == [False, False, True]
    # a: `fine` is next; b: `fine` is refused there by nobody; c: its own response is refused.
    assert guard(Refuses(), model=RANKED).rank(ranking()).tolist() == [True, False, False]


def test_planted_responses_beside_a_list_are_guarded_too():
    assert RANKED.rank(ranking(), beside=["worse"]).tolist() == [False, False, True]
    strict = guard(Refuses(texts=("grumble", "worse")), model=RANKED)
    assert strict.rank(ranking(), beside=["worse"]).tolist() == [True, False, False]
    some = guard(Refuses(texts=("grumble",)), model=RANKED)
    assert some.rank(ranking(), beside=["worse"]).tolist() == [False, False, False]


def test_abstaining_is_a_miss_and_only_the_best_are_considered():
    everything = guard(Refuses(texts=("fine", "nice", "grumble")), model=RANKED)
    assert everything.rank(ranking()).tolist() == [False] * 3
    only_one = guard(Refuses(), model=RANKED, best=1)
    assert only_one.rank(ranking()).tolist() == [False, False, False]


def test_the_control_of_a_ranking_refuses_elsewhere():
    asked = tuple(ask("a" if n < 10 else "b", f"gold {n}") for n in range(20))
    task = RankingTask(asked, np.array([[n, (n + 1) % 20] for n in range(20)]))
    table = {"a": {f"gold {n}": 40 - n for n in range(20)}}
    table["b"] = table["a"]
    model = Table(**table)
    assert model.rank(task).tolist() == [True] * 19 + [False]
    refused = Refuses(texts=tuple(f"gold {n}" for n in range(5)))
    # The list of the last one holds `gold 0`, which was in its way.
    own = guard(refused, model=model).rank(task)
    assert own.tolist() == [False] * 5 + [True] * 15
    hits = guard(refused, model=model, control=np.random.default_rng(1)).rank(task)
    assert hits.tolist() != own.tolist()
    # Six lists lose their first, one of them perhaps the last, which wins by it.
    assert hits.sum() in (13, 14, 15)


# What breaks the contract


class Wrong(OutputGuard):
    """Breaks one promise."""

    citation = "original"
    fault: str

    def fitted(self, model, corpus, aid, rng):
        return "ready" if self.fault == "fitted" else self

    def allow(self, exchanges, responses):
        if self.fault == "numbers":
            return np.ones(responses.indices.shape)
        return np.ones(len(exchanges), dtype=bool)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("fitted", r"Wrong\.fitted must return an OutputGuard, got str"),
        ("numbers", r"Wrong\.allow must return an array of bool, got float64"),
        (
            "shape",
            r"Wrong\.allow returned an array of shape \(3,\) for responses of shape \(3, 4\)",
        ),
    ],
)
def test_a_guard_that_breaks_its_contract_is_named(fault, said):
    with pytest.raises(PluginError, match=said):
        guard(Wrong(fault=fault)).respond(ASKED, POOL, rng())


# The guards that come with semspill


def test_a_rating_that_reaches_the_threshold_is_refused():
    texts = ["fine", "hm", "grumble"]
    given = Responses(Candidates.of(texts), np.array([[0, 1, 2], [2, 0, 1]]), np.zeros((2, 3)))
    allow = RaterGuard(rater=RATER, threshold=0.4).allow(ASKED[:2], given)
    assert allow.tolist() == [[True, False, False], [False, True, False]]
    assert RaterGuard(rater=RATER).allow(ASKED[:2], given).tolist() == [
        [True, True, False],
        [False, True, True],
    ]


SURE = Table(
    a={"fine": 9, "nice": 3, "well": 1},  # 9 - (3 + 1) / 2 = 7
    b={"fine": 5, "nice": 4, "well": 2},  # 5 - 3 = 2
    c={"fine": 6, "nice": 1, "well": 1},  # 5
    d={"fine": 3, "nice": 3, "well": 3},  # 0
    e={"fine": 4, "nice": 4, "well": 2},  # 1
)
TRUSTED = corpus_of(*((name, "x") for name in "abcde"))
TRAINED = corpus_of(*(("a", text) for text in ("fine", "nice", "well", "bad")))


def margin(**fields):
    fields = {"among": 3, **fields}
    return MarginGuard(**fields).fitted(SURE, TRAINED, Aid(clean=TRUSTED), rng())


def test_the_margin_below_which_it_abstains_is_a_quantile_of_the_trusted_ones():
    # Of 0, 1, 2, 5, 7 the 0.25-quantile is 1, the 0.5-quantile 2, the lowest 0.
    assert margin(share=0.25).threshold == pytest.approx(1)
    assert margin(share=0.5).threshold == pytest.approx(2)
    assert margin(share=0).threshold == 0
    assert margin(share=0.5, threshold=4.0).threshold == 4


def test_it_refuses_every_response_where_the_best_stands_out_least():
    asked = [ask(name) for name in "abcde"]
    given = SURE.choices(asked, TRAINED.responses(), rng(), 4)
    allow = margin(share=0.5).allow(asked, given)
    assert allow.tolist() == [[row] * 4 for row in (True, True, True, False, False)]
    assert margin(share=0).allow(asked, given).all()
    careful = guarded(
        SURE, [MarginGuard(share=0.5, among=3)], corpus=TRAINED, rng=rng(), aid=Aid(clean=TRUSTED)
    )
    assert careful.respond(asked, TRAINED.responses(), rng()).texts == (
        *("fine",) * 3,
        *(SAFE_REPLY,) * 2,
    )
    assert careful.silent == 0.4


def test_a_single_response_has_no_margin():
    given = SURE.choices(ASKED, Candidates.of(["fine"]), rng(), 1)
    assert margin().allow(ASKED, given).tolist() == [[True]] * 3
    with pytest.raises(ConfigError, match="compares the best responses, and Single gives one each"):
        MarginGuard().fitted(Single(), TRAINED, Aid(clean=TRUSTED), rng())
    with pytest.raises(ConfigError, match="has no threshold yet"):
        MarginGuard().allow(ASKED, given)


def test_a_margin_needs_something_to_be_found_on():
    with pytest.raises(DataError, match="0 trusted exchanges and 4 candidates"):
        MarginGuard().fitted(SURE, TRAINED, Aid(clean=corpus_of()), rng())
    with pytest.raises(DataError, match="5 trusted exchanges and 1 candidates"):
        MarginGuard().fitted(SURE, corpus_of(("a", "fine")), Aid(clean=TRUSTED), rng())
    silent = Table(**{name: {"fine": math.nan} for name in "abcde"})
    with pytest.raises(ConfigError, match="compares scores, and Table gives none"):
        MarginGuard().fitted(silent, TRAINED, Aid(clean=TRUSTED), rng())
