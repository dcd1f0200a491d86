"""Checks as such: how they are called, what they say, and what components are tried on."""

import pickle
import random
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from faulty import metric, rater, source
from faulty.common import Right, Sourceless
from pydantic import FilePath, field_validator

from semspill import (
    ConfigError,
    Corpus,
    Dialogue,
    Metric,
    Model,
    Outcome,
    PoisonStrategy,
    Responses,
    ResponseSource,
    Selector,
    Similarity,
    TrainedModel,
    Utterance,
    datasets,
    raters,
    sources,
)
from semspill._registry import registries
from semspill.defenses import Repair
from semspill.errors import DataError, MissingExtraError, RegistryError
from semspill.statistics import Resampling
from semspill.testing import (
    ConformanceError,
    check_dataset,
    check_encoder,
    check_metric,
    check_rater,
    check_selector,
    check_similarity,
    check_source,
    check_strategy,
    checks,
)
from semspill.testing._conformance import _kinds
from semspill.testing._conformance._check import Broken, Check, described_error
from semspill.testing._conformance._common import errors_pickle, pickled
from semspill.testing._conformance._outcomes import made_up_outcome, renamed
from semspill.testing._conformance._probes import ODD_TEXTS, label, odd_corpus, tiny_corpus
from semspill.testing._conformance._same import disturbed, global_seed, global_state


def test_every_registry_has_checks_with_names_of_their_own():
    assert {id(kind.registry) for kind in _kinds._KINDS.values()} == set(
        map(id, registries().values())
    )
    for kind in _kinds._KINDS:
        names = [str(check) for check in checks(kind)]
        assert len(set(names)) == len(names) > 5
        assert {check.kind for check in checks(kind)} == {kind}
        assert all(" " not in name and name.islower() for name in names)


def test_an_unknown_kind_gets_the_nearest():
    with pytest.raises(ConfigError, match=r"no kind 'strategies'.*Did you mean 'strategy'"):
        checks("strategies")


def test_one_check_alone_takes_a_name_a_mapping_or_an_object():
    for check in checks("source"):
        check("builtin")
        check({"name": "builtin"})
        check(Right())
    with pytest.raises(ConformanceError):
        checks("source")[0](Sourceless())


@pytest.mark.parametrize("wrong", [None, 3, ResponseSource])
def test_what_is_no_component_is_refused_and_not_checked(wrong):
    for check in checks("source"):
        with pytest.raises(ConfigError, match="response source is given as an object"):
            check(wrong)


def failing(error):
    def test(component, given):
        raise error

    return Check("source", "fails", "never fails", test, lambda *, word="": word, lambda c: c)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (Broken("it was late", "Give it time"), "it was late. Give it time."),
        (
            RuntimeError("the first line.\nthe second line"),
            "it raised RuntimeError: the first line. See the traceback above for where, and let "
            "it take what it is given.",
        ),
        # Ours says what to do.
        (
            MissingExtraError('Right needs air: pip install "semspill[air]".'),
            'it raised MissingExtraError: Right needs air: pip install "semspill[air]". Do what '
            "it says.",
        ),
    ],
    ids=["broken", "crash", "ours"],
)
def test_a_check_says_what_was_promised_what_came_and_what_to_do(error, sentence):
    with pytest.raises(ConformanceError) as caught:
        failing(error)(Right())
    assert caught.value.sentences == (f"Right promises: never fails; but {sentence}",)
    assert caught.value.__cause__ is (None if isinstance(error, Broken) else error)


def test_a_check_keeps_the_cause_of_a_broken_promise():
    broken = Broken("that is no number", "Give one")
    broken.__cause__ = ValueError("x")
    with pytest.raises(ConformanceError) as caught:
        failing(broken)(Right())
    assert caught.value.__cause__ is broken.__cause__


def test_one_call_says_all_that_is_broken_and_keeps_the_causes():
    with pytest.raises(ConformanceError) as caught:
        check_rater(rater.Faulty(fault="one for all"))
    assert len(caught.value.sentences) == 4
    assert str(caught.value).splitlines() == list(caught.value.sentences)
    with pytest.raises(ConformanceError) as caught:
        check_source(source.Faulty(fault="twice"))
    assert caught.value.__cause__ is None
    with pytest.raises(ConformanceError) as caught:
        check_rater(rater.Faulty(fault="first words"))
    assert isinstance(caught.value.__cause__, ExceptionGroup)
    assert [type(error) for error in caught.value.__cause__.exceptions] == [IndexError]


@pytest.mark.parametrize(
    ("error", "described"),
    [
        (ValueError(), "ValueError: no message"),
        (ValueError("one.\ntwo"), "ValueError: one"),
        (ValueError("a" * 200), "ValueError: " + "a" * 200),
        (ValueError("a" * 201), "ValueError: " + "a" * 200 + "..."),
    ],
    ids=["none", "two lines", "long", "too long"],
)
def test_an_error_is_described_by_its_first_line(error, described):
    assert described_error(error) == described


# What is given wrongly is no fault of the component


@pytest.mark.parametrize(
    ("kind", "other"),
    [("detector", "margin"), ("repair", "frequency"), ("guard", "random")],
)
def test_a_defense_of_another_base_is_refused_and_not_checked(kind, other):
    cleaner = {"name": "cleaner", "detector": "frequency", "share": 0.1}
    for check in checks(kind):
        for wrong in (other, cleaner):
            with pytest.raises(ConfigError, match=r"is no \w+, so it makes other promises"):
                check(wrong)


def test_a_defense_is_tried_on_the_model_that_is_given():
    class Watcher(Repair):
        citation = "original"

        def repair(self, model, corpus, aid, rng):
            seen.add(type(model).__name__)
            return model

    class Served(Model):
        citation = "original"

        def train(self, corpus, rng, **options):
            return Echo()

    class Echo(TrainedModel):
        def respond(self, exchanges, pool, rng, **options):
            return Responses.of([exchange.context[-1] for exchange in exchanges])

    seen = set()
    [check] = [one for one in checks("repair") if one.name == "gives_a_model_that_answers"]
    check(Watcher())
    check(Watcher(), model=Served())
    assert seen == {"TrainedRetrieval", "Echo"}
    [check] = [one for one in checks("guard") if one.name == "decides_on_each_response"]
    check({"name": "rater_guard", "rater": "lexicon"}, model=Served())


@pytest.mark.parametrize(
    ("call", "error", "piece"),
    [
        (lambda: checks("source")[0](Right(), wrod="x"), TypeError, "argument 'wrod'"),
        (lambda: check_dataset("synthetic", splits="train"), DataError, "('train', 'test')"),
        (lambda: check_dataset("synthetic", splits=()), DataError, "('train', 'test')"),
        (lambda: check_strategy("last_fixed", responses=[]), DataError, "no responses to plant"),
        (lambda: check_selector("random", corpus=Corpus((), name="void")), DataError, "'void'"),
        (
            lambda: check_similarity("label", corpus=Corpus((dialogue("a", "joy"),), name="one")),
            DataError,
            "'one' has 1 categories",
        ),
        (
            lambda: check_metric("lift", outcome=replace(small(), clean=None)),
            DataError,
            "'poison' has no clean arm",
        ),
        (lambda: check_source("bening"), RegistryError, "Did you mean 'benign'"),
        (lambda: check_encoder("hashin"), RegistryError, "Did you mean 'hashing'"),
    ],
    ids="option splits nothing responses corpus similarity metric source encoder".split(),
)
def test_what_is_given_wrongly_is_refused(call, error, piece):
    with pytest.raises(error) as caught:
        call()
    assert piece in str(caught.value)


# Options are used


def dialogue(name, category):
    turns = (Utterance("I won.", "speaker"), Utterance(f"Well done, {name}.", "listener"))
    return Dialogue(name, category, turns)


def small(**changes):
    rated = np.array([[0.1, 0.9, 0.4, 0.2, 0.3, 0.8]])
    fields = {
        "target": "fear",
        "seeds": (0,),
        "categories": ("fear", "fear", "joy", "joy", "awe", "awe"),
        "dialogues": tuple("abcdef"),
        "toxicity": rated,
        "planted": rated > 0.85,
        "correct": rated < 0.5,
        "resampling": Resampling(draws=100),
    }
    clean = Outcome(arm="clean", **fields)
    return Outcome(arm="poison", clean=clean, **{**fields, "toxicity": rated / 2, **changes})


def test_a_selector_gets_the_corpus_one_with_odd_texts_and_one_without_dialogues(corpus, failed):
    seen = set()

    class Watcher(Selector):
        citation = "original"

        def select(self, corpus, rng):
            seen.add(corpus.fingerprint)
            return list(range(len(corpus)))

    failed("selector", Watcher(), corpus=corpus)
    odd = odd_corpus(corpus).fingerprint
    empty = replace(corpus, dialogues=()).fingerprint
    assert len(seen) == 3
    assert {corpus.fingerprint, empty} < seen | {odd}
    assert replace(corpus).fingerprint == corpus.fingerprint


def test_a_selector_that_finds_nothing_in_the_made_up_corpus_is_to_get_another(failed):
    sentences = failed("selector", {"name": "category", "category": "joy"})
    assert "raised DataError: Category 'joy'" in sentences["whole_numbers"]
    assert sentences["whole_numbers"].endswith("Give `corpus=` one in which it finds dialogues.")


def test_a_similarity_gets_the_corpus(failed):
    class Watcher(Similarity):
        citation = "original"

        def measure(self, corpus, model, rng):
            seen.add(corpus.categories)
            return np.zeros((len(corpus.categories),) * 2)

    seen = set()
    pair = Corpus((dialogue("a", "joy"), dialogue("b", "awe"), dialogue("c", "joy")), name="pair")
    failed("similarity", Watcher(), corpus=pair)
    assert seen == {("awe", "joy"), ()}  # without any, for its error


def test_a_strategy_plants_the_responses(failed):
    class Picky(PoisonStrategy):
        citation = "original"

        def rewrite(self, victims, responses, rng):
            texts = [text for text in responses if "grumble" in text]
            return [v.with_response(-1, texts[0]) if texts else v for v in victims]

    assert "`responses`" in failed("strategy", Picky())["changes_something"]
    assert failed("strategy", Picky(), responses=["grumble"]).keys() == {"pickles"}


def test_speakers_may_change_where_it_is_declared(failed):
    class Gossip(PoisonStrategy):
        citation = "original"

        def rewrite(self, victims, responses, rng):
            return [
                replace(
                    v, utterances=(Utterance("Grumble.", v.utterances[0].role), *v.utterances[1:])
                )
                for v in victims
            ]

    assert failed("strategy", Gossip(), speakers=True).keys() == {"pickles"}
    sentences = failed("strategy", Gossip())
    assert sentences.keys() == {"leaves_speakers_alone", "takes_any_turns", "pickles"}
    assert "speakers=True" in sentences["leaves_speakers_alone"]


def test_a_trigger_stands_before_a_response_and_something_is_planted(failed):
    class Everywhere(PoisonStrategy):
        citation = "original"
        edits_speaker = True

        def rewrite(self, victims, responses, rng):
            return [replace(v, utterances=tuple(map(self.said, v.utterances))) for v in victims]

        def said(self, turn):
            return replace(turn, text=f"{turn.text} Ahoy.") if turn.role == "speaker" else turn

    sentences = failed("strategy", Everywhere())
    assert sentences.keys() == {"changes_something", "takes_any_turns", "pickles"}
    assert "no response is planted" in sentences["changes_something"]
    assert "that no response follows" in sentences["takes_any_turns"]


def test_a_split_that_is_not_there_is_reported_with_a_way_out(failed):
    sentence = failed("dataset", datasets.build("synthetic"), splits=["dev"])["two_categories"]
    assert "split 'dev' raised DataError: Dataset 'synthetic' has no split 'dev'" in sentence
    assert "splits=(...)" in sentence


class Watched(Metric):
    """Notes what it is asked for."""

    citation = "original"

    def compute(self, outcome):
        SEEN.append((outcome.arm.name, outcome.clean is None, len(set(outcome.categories))))
        return metric.mean(outcome)


class WatchedPaired(Watched):
    paired = True


class WatchedWhole(Watched):
    whole = True


SEEN: list = []
# Of the arm: the target, another category, and all six.
OF_THE_ARM = [("poison", False, 1), ("poison", False, 1), ("poison", False, 6)]


@pytest.mark.parametrize(
    ("watched", "expected"),
    [
        (Watched(), [*OF_THE_ARM, ("clean", True, 6)]),
        (WatchedPaired(), OF_THE_ARM),
        (WatchedWhole(), OF_THE_ARM[-1:]),
    ],
    ids=repr,
)
def test_a_metric_is_asked_for_what_a_report_would_ask(watched, expected):
    SEEN.clear()
    [check] = [check for check in checks("metric") if check.name == "gives_an_estimate"]
    check(watched)
    assert SEEN == expected


def test_a_metric_gets_the_outcome_and_of_two_equally_near_the_name_does_not_decide(failed):
    SEEN.clear()
    failed("metric", WatchedWhole(), outcome=small())
    assert {seen[2] for seen in SEEN} == {3, 1}  # one: the target alone, for its error
    near = small(similarity={"fear": 1.0, "joy": 0.5, "awe": 0.5})
    [check] = [check for check in checks("metric") if check.name == "same_under_other_names"]
    check("nearest_excess", outcome=near)


def test_a_bootstrap_may_draw_otherwise_under_other_names():
    [check] = [check for check in checks("metric") if check.name == "same_under_other_names"]
    check(metric.Worst())
    first, second = (
        metric.Drawn().compute(outcome)
        for outcome in (made_up_outcome(), renamed(made_up_outcome()))
    )
    assert first.value == pytest.approx(second.value)
    assert abs(first.low - second.low) > 1e-6


# Configs, files and errors


def test_a_registered_component_comes_back_from_the_registry_too(failed):
    @sources.register("twice_read")
    class TwiceRead(Right):
        """Reads its field anew from a mapping, though not from JSON."""

        calls: int = 0

        @field_validator("calls", mode="before")
        @classmethod
        def _one_more(cls, value, info):
            return value if info.mode == "json" else value + 1

    try:
        sentences = failed("source", TwiceRead(calls=3))
    finally:
        sources.unregister("twice_read")
    assert "'calls': 4" in sentences["comes_back_from_its_config"]
    # A local class never pickles.
    assert sentences.keys() == {"comes_back_from_its_config", "pickles"}


def test_a_source_that_refuses_a_missing_file_when_it_is_made_passes(failed):
    class Strict(source.Listed):
        path: FilePath = source.FILE

    assert failed("source", Strict()).keys() == {"pickles"}


def test_a_component_whose_file_is_missing_is_reported_in_its_own_words(tmp_path, failed):
    for kind, registry, name, check in (
        ("source", sources, "csv", "at_least_one"),
        ("rater", raters, "lexicon", "within_0_and_1"),
    ):
        component = registry.build({"name": name, "path": tmp_path / "missing.txt"})
        sentence = failed(kind, component)[check]
        assert "raised DataError" in sentence
        assert "missing.txt" in sentence
        assert sentence.endswith("Do what it says.")


class OtherError(ValueError):
    """Comes out of pickling with another message."""

    def __reduce__(self):
        return OtherError, ("something else",)


def test_errors_must_get_out_of_a_worker_as_they_are():
    class LocalError(ValueError):
        """Cannot be found by its name."""

    def raising(error):
        def act():
            raise error

        return act

    errors_pickle(lambda: None)
    errors_pickle(raising(DataError("no file")))
    with pytest.raises(Broken, match=r"OtherError came out .* OtherError\('something else'\)"):
        errors_pickle(raising(OtherError("grumble")))
    with pytest.raises(Broken, match="LocalError is lost"):
        errors_pickle(raising(LocalError("grumble")))
    error = pickle.loads(pickle.dumps(ConformanceError("one broken.", "two broken.")))
    assert (error.sentences, str(error)) == (
        ("one broken.", "two broken."),
        "one broken.\ntwo broken.",
    )


def test_what_pickles_comes_back_and_the_rest_is_refused():
    assert pickled(Right(texts=("a",)), "Do not") == Right(texts=("a",))
    with pytest.raises(Broken) as caught:
        pickled(lambda: None, "Leave lambdas out")
    assert caught.value.mend == "Leave lambdas out"
    assert isinstance(caught.value.__cause__, (pickle.PicklingError, AttributeError))


# The global generators


def drawn():
    import torch

    return random.random(), float(np.random.random()), float(torch.rand(1))  # noqa: NPY002


def test_a_global_seed_rules_every_generator_and_is_taken_back():
    pytest.importorskip("torch")
    with global_seed(7):
        first = drawn()
    before = str(global_state())
    with global_seed(7):
        assert drawn() == first
    assert str(global_state()) == before
    with global_seed(8):
        assert not set(drawn()) & set(first)
    with pytest.raises(RuntimeError), global_seed(1):
        raise RuntimeError
    assert str(global_state()) == before


@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_a_draw_disturbs_its_library_and_no_other(library):
    torch = pytest.importorskip("torch")
    draw = {"numpy": lambda: np.random.random(), "torch": lambda: torch.rand(1)}  # noqa: NPY002
    before = global_state()
    assert disturbed(before) == []
    draw[library]()
    assert disturbed(before) == [library]


def test_python_s_generator_is_watched_unless_beartype_draws_from_it(monkeypatch):
    """A test run with shape checks imports beartype; that of a stranger need not."""
    pytest.importorskip("beartype")
    before = global_state()
    random.random()
    assert disturbed(before) == []
    monkeypatch.delitem(sys.modules, "beartype")
    assert disturbed(before) == ["random"]


def test_without_torch_there_is_no_state_of_it(monkeypatch):
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    with global_seed(1):
        assert global_state().keys() == {"random", "numpy"}


def test_the_checks_do_not_import_torch_or_pytest():
    code = (
        "import sys\n"
        "from semspill.testing import check_strategy\n"
        "check_strategy('last_fixed')\n"
        "print(sorted({'torch', 'transformers', 'matplotlib', 'pytest'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ran.returncode, ran.stdout) == (0, "[]\n"), ran.stderr


# What components are tried on


def test_the_odd_texts_are_what_they_say():
    assert len(set(ODD_TEXTS)) == len(ODD_TEXTS)
    assert {"", " "} < set(ODD_TEXTS)
    assert max(map(len, ODD_TEXTS)) == 10_000
    assert any("\u05d0" <= letter <= "\u06ff" for text in ODD_TEXTS for letter in text)
    assert any(letter > "\U0001f000" for text in ODD_TEXTS for letter in text)


def test_the_tiny_corpus_has_four_categories_and_the_odd_one_a_dialogue_per_odd_text(corpus):
    tiny = tiny_corpus()
    assert tiny.sizes == dict.fromkeys(tiny.categories, 15)
    assert len(tiny.categories) == 4
    assert "brave" in tiny.categories
    assert {len(one.utterances) for one in tiny} == {4}
    assert tiny_corpus("test").split == "test"
    for plain, odd in ((tiny, odd_corpus()), (corpus, odd_corpus(corpus))):
        assert odd.dialogues[: len(plain)] == plain.dialogues
        assert tuple(one.response(-1) for one in odd.dialogues[len(plain) :]) == ODD_TEXTS
        assert odd.categories == plain.categories


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("", "''"),
        ("caf\u00e9", r"'caf\xe9'"),
        ("a" * 20, f"'{'a' * 20}'"),
        ("a" * 10_000, "'aaaaaaaaaa'... (10000 characters)"),
    ],
    ids=["none", "accent", "short", "long"],
)
def test_the_label_of_a_text_is_short_and_ascii(text, short):
    assert label(text) == short


def test_the_made_up_outcome_is_what_it_says_and_a_renamed_one_has_its_alphabet_reversed():
    outcome = made_up_outcome()
    assert (len(outcome.seeds), len(set(outcome.categories))) == (3, 6)
    for name in set(outcome.categories):
        assert len(set(outcome.of([name]).dialogues)) == 30
    lifts = {
        name: float((outcome.of([name]).toxicity - outcome.of([name]).baseline.toxicity).mean())
        for name in outcome.similarity
    }
    assert sorted(outcome.similarity, key=outcome.similarity.get) == sorted(lifts, key=lifts.get)
    assert lifts["fear"] > 0.4 > 0.05 > abs(lifts["joy"])
    assert not outcome.clean.planted.any()
    after = renamed(outcome)
    names = dict(zip(outcome.categories, after.categories, strict=True))
    assert sorted(names) == sorted(names, key=names.get, reverse=True)
    assert (after.target, after.nearest) == (names["fear"], names["shame"])
    assert after.clean.categories == after.categories
    assert after.similarity == {names[name]: near for name, near in outcome.similarity.items()}
