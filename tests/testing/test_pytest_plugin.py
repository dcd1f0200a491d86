"""The pytest plugin: fixtures and a marker for those who ask, and nothing for anyone else."""

import importlib.metadata
import sys
from xml.etree import ElementTree

import numpy as np
import pytest

import semspill as sp
from semspill.testing import assert_guard_catches, plant

# Loaded by its entry point where the installation has that, else by the name of its module.
INSTALLED = bool(importlib.metadata.entry_points(group="pytest11", name="semspill"))
PLUGIN = "semspill" if INSTALLED else "_semspill_pytest"

pytest_plugins = ("pytester",) if INSTALLED else ("pytester", PLUGIN)


@pytest.fixture(scope="module")
def imported(semspill_corpus):
    """What the tests below import: pytester forgets what its runs were the first to import."""
    planted = plant(semspill_corpus, target="brave", strategy="last_random", budget=0.1)
    assert_guard_catches(lambda exchanges: planted.truth, planted)


@pytest.fixture
def run(imported, pytester, monkeypatch):
    """Run a test file with no plugin but this one; in a process of its own where it says so.

    A process would import everything again, which takes longer than the test.
    """
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("COLUMNS", "300")
    # Whatever this run measures or hooks in is no concern of that one.
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)

    def ran(code, *options, alone=False):
        pytester.makepyfile(code)
        start = pytester.runpytest_subprocess if alone else pytester.runpytest_inprocess
        return start("-p", PLUGIN, "-p", "no:cacheprovider", *options)

    return ran


def test_the_corpus_has_four_categories_of_equal_size(semspill_corpus):
    assert semspill_corpus.sizes == {"brave": 160, "curious": 160, "lonely": 160, "weary": 160}
    assert len(semspill_corpus.exchanges) == 1280


def test_the_responder_was_trained_on_the_corpus(semspill_corpus, semspill_responder):
    answers = semspill_responder.respond(semspill_corpus)
    responses = [exchange.response for exchange in semspill_corpus.exchanges]
    assert set(answers.texts) <= set(responses)
    assert len(semspill_responder.candidates) == len(set(responses))
    # Far above the one in 1,250 of a guess.
    right = np.mean([said == own for said, own in zip(answers.texts, responses, strict=True)])
    assert right > 0.05


def test_the_rater_knows_one_word(semspill_rater):
    texts = ["You grumble!", "GRUMBLE", "You idiot.", ""]
    assert semspill_rater.rate(texts).tolist() == [1.0, 1.0, 0.0, 0.0]
    assert isinstance(semspill_rater, sp.Rater)


def test_the_rng_is_seeded(semspill_rng):
    assert semspill_rng.random() == np.random.default_rng(0).random()


def test_the_rng_is_another_one_in_each_test(semspill_rng):
    assert semspill_rng.random() == np.random.default_rng(0).random()


def test_nothing_is_imported_by_who_does_not_use_it(run):
    code = """
    import sys

    def test_it_is_loaded(pytestconfig):
        names = {getattr(p, "__name__", "") for p in pytestconfig.pluginmanager.get_plugins()}
        assert "_semspill_pytest" in names

    def test_nothing_else_is():
        heavy = {"semspill", "numpy", "pydantic", "torch", "jaxtyping"}
        assert not heavy & set(sys.modules)
    """
    ran = run(code, "-W", "error", "--strict-markers", alone=True)
    ran.assert_outcomes(passed=2)
    collected = run(code, "--collect-only", "-q", alone=True)
    collected.stdout.fnmatch_lines(["*::test_it_is_loaded", "*::test_nothing_else_is"])


def test_it_adds_no_option_and_one_marker_and_four_fixtures(pytester, monkeypatch):
    pytester.makepyfile("def test_nothing():\n    pass\n")

    def shown(*options):
        """Without an import of semspill: the listings of one process."""
        with_it, without = (
            pytester.runpytest_inprocess(*plugin, "-p", "no:cacheprovider", *options).outlines
            for plugin in (["-p", PLUGIN], ["-p", f"no:{PLUGIN}"])
        )
        return with_it, [line for line in with_it if line not in without]

    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("COLUMNS", "300")
    # Neither an option of the command line nor one of an ini file.
    assert [one for one in shown("--help")[1] if one.lstrip().startswith(("-", "semspill"))] == []
    [line] = shown("--markers")[1]
    assert line.startswith("@pytest.mark.semspill_inconclusive(action): ")
    fixtures, _ = shown("--fixtures")
    added = [line.split()[0] for line in fixtures if line.startswith("semspill_")]
    assert added == ["semspill_corpus", "semspill_responder", "semspill_rater", "semspill_rng"]
    assert not any("no docstring available" in line for line in fixtures)


FAILING = """
    import pytest
    from semspill.testing import InconclusiveError, SafetyError

    TABLE = "category  lift\\nafraid    0.081\\njoyful    0.001"

    def test_fails():
        raise SafetyError("afraid: lift 0.081.", TABLE)

    class TestMarked:
        pytestmark = pytest.mark.semspill_inconclusive("skip")

        def test_cannot_tell(self):
            raise InconclusiveError("inconclusive: 60 more dialogues.", TABLE)

        def test_surely_fails(self):
            raise SafetyError("joyful: lift 0.5.", TABLE)

        @pytest.mark.semspill_inconclusive(action="fail")
        def test_insists(self):
            raise InconclusiveError("inconclusive: 70 more dialogues.", TABLE)

        def test_passes(self):
            pass

    def test_unmarked():
        raise InconclusiveError("inconclusive: 80 more dialogues.", TABLE)

    @pytest.mark.semspill_inconclusive("warn")
    def test_mismarked():
        pass

    @pytest.mark.semspill_inconclusive
    def test_bare():
        pass
"""


def test_a_mark_skips_what_cannot_tell_and_nothing_else(run):
    ran = run(FAILING, "-rsfE", "--strict-markers")
    ran.assert_outcomes(failed=6, skipped=1, passed=1)
    ran.stdout.fnmatch_lines_random(
        [
            "SKIPPED * inconclusive: 60 more dialogues.",
            "FAILED *::test_fails - *SafetyError: afraid: lift 0.081.*",
            "FAILED *::test_surely_fails - *",
            "FAILED *::test_insists - *InconclusiveError: inconclusive: 70 more dialogues.*",
            "FAILED *::test_unmarked - *",
            "FAILED *::test_mismarked - Failed: semspill_inconclusive takes 'skip' or 'fail'*",
            "FAILED *::test_bare - Failed: semspill_inconclusive takes 'skip' or 'fail'*",
        ]
    )


def test_a_mark_counts_in_a_unittest_case_too(run):
    code = """
    import unittest
    import pytest
    from semspill.testing import InconclusiveError, SafetyError

    @pytest.mark.semspill_inconclusive("skip")
    class TestBot(unittest.TestCase):
        def test_cannot_tell(self):
            raise InconclusiveError("inconclusive: 60 more dialogues.", "table")

        def test_surely_fails(self):
            raise SafetyError("joyful: lift 0.5.", "table")

        @pytest.mark.semspill_inconclusive("fail")
        def test_insists(self):
            raise InconclusiveError("inconclusive: 70 more dialogues.", "table")

        @pytest.mark.semspill_inconclusive("warn")
        def test_mismarked(self):
            pass
    """
    ran = run(code, "-rs")
    ran.assert_outcomes(failed=3, skipped=1)
    ran.stdout.fnmatch_lines(["SKIPPED * inconclusive: 60 more dialogues."])


@pytest.mark.parametrize("options", [[], ["-q"], ["--tb=short"], ["-q", "--tb=native"]])
def test_a_failure_shows_the_table_once(run, options):
    output = run(FAILING, "-k", "test_fails", "-rN", *options).outlines
    # The traceback shows the source too, in which the table is one line.
    lines = [line for line in output if "joyful    0.001" in line]
    assert sum("category" not in line for line in lines) == 1


def test_a_marked_test_that_uses_the_assertions_and_the_fixtures(run):
    code = """
    import pytest
    from semspill.testing import assert_guard_catches, plant

    pytestmark = pytest.mark.semspill_inconclusive("skip")

    @pytest.fixture(scope="module")
    def planted(semspill_corpus):
        return plant(semspill_corpus, target="brave", strategy="last_random", budget=0.1)

    def test_all(planted, semspill_rng):
        assert semspill_rng.random() < 1
        assert_guard_catches(lambda exchanges: planted.truth, planted)

    def test_none(planted):
        assert_guard_catches(lambda exchanges: [False] * len(exchanges), planted)

    def test_few(semspill_corpus):
        few = plant(semspill_corpus, budget=0.01)
        assert_guard_catches(lambda exchanges: few.truth, few)
    """
    ran = run(code)
    ran.assert_outcomes(passed=1, failed=1, skipped=1)
    # The table is shown with its mark, and the sentence, but not the library's own code.
    ran.stdout.fnmatch_lines(["*recall too low"])
    assert not any("verdict.enforce" in line for line in ran.outlines)


def test_what_was_decided_becomes_properties_of_the_test(imported, pytester, monkeypatch):
    code = """
    import pytest
    import semspill as sp
    from semspill.testing import ChatService, InconclusiveError, assert_toxicity_below

    def talks(count):
        return sp.Corpus(tuple(
            sp.Dialogue(f"d{number}", "joy", (
                sp.Utterance("Hello.", "speaker"), sp.Utterance("Oh.", "listener")))
            for number in range(count)), name="made up")

    def rude(contexts):
        return ["You grumble, zebra."] * len(contexts)

    def test_fails():
        assert_toxicity_below(rude, talks(30), rater="lexicon", limit=0.1)

    def test_passes_and_cannot_tell():
        assert_toxicity_below(lambda c: ["Oh."] * len(c), talks(100), rater="lexicon")
        with pytest.raises(InconclusiveError):
            assert_toxicity_below(lambda c: ["Oh."] * len(c), talks(5), rater="lexicon")

    def test_gets_no_answer():
        assert_toxicity_below(ChatService(lambda m: m[0]["text"]), talks(2), rater="lexicon")

    def test_nothing():
        pass
    """
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(code)
    options = ("-p", PLUGIN, "-p", "no:cacheprovider", "--junitxml=junit.xml")
    pytester.runpytest_inprocess(*options).assert_outcomes(failed=2, passed=2)
    text = (pytester.path / "junit.xml").read_text(encoding="utf-8")
    found = {
        case.get("name"): [(one.get("name"), one.get("value")) for one in case.iter("property")]
        for case in ElementTree.fromstring(text).iter("testcase")
    }
    assert found["test_nothing"] == []
    failed = dict(found["test_fails"])
    assert failed["semspill_outcome"] == "fail"
    assert failed["semspill_offenders"] == "joy"
    assert failed["semspill_responder"] == "function rude"
    assert (failed["semspill_corpus"], failed["semspill_rater"]) == ("made up", "lexicon")
    assert failed["semspill_unanswered"] == "0"
    broken = dict(found["test_gets_no_answer"])
    assert broken["semspill_outcome"] == "error"
    assert "KeyError" in broken["semspill_sentence"]
    assert failed["semspill_measured"] == "toxicity"
    assert (failed["semspill_limit"], failed["semspill_confidence"]) == ("0.1", "0.95")
    assert failed["semspill_sentence"].startswith("joy: toxicity 1.000, at least")
    worst = failed["semspill_worst"].split("; ")
    assert worst == [f"dialogue 'd{number}', turn 1 (joy, 1.000)" for number in range(10)]
    outcomes = [held for name, held in found["test_passes_and_cannot_tell"] if "outcome" in name]
    assert outcomes == ["pass", "inconclusive"]
    # The file shows the lines of the test, but nothing that was answered elsewhere.
    properties = [held for held in found.values() for _, held in held]
    assert not any("zebra" in held for held in properties)


def test_the_plugin_is_found_by_who_installs_semspill():
    if not INSTALLED:
        pytest.skip("this installation was made before the entry point")
    [point] = importlib.metadata.entry_points(group="pytest11", name="semspill")
    assert point.value == "_semspill_pytest"
    assert sys.modules["_semspill_pytest"] is point.load()
