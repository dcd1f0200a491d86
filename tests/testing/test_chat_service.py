"""Chat services: calls at once, retries, the cache, failures, and what may be shown of them."""

import asyncio
import json
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from types import SimpleNamespace
from urllib.error import HTTPError, URLError

import pytest
from scipy import stats

from semspill import Corpus, Dialogue, Utterance
from semspill._chat import _calls
from semspill._chat._retry import seconds_to_wait
from semspill.errors import DataError
from semspill.testing import (
    ChatService,
    InconclusiveError,
    ServiceError,
    assert_no_spillover,
    assert_toxicity_below,
    assert_utility_above,
    audit,
)

RATER = {"name": "lexicon", "words": {"grumble": 1.0}}


def talks(count: int, category: str = "joy", said: str = "{}") -> Corpus:
    """Dialogues of one exchange each; what is said is their number."""
    return Corpus(
        tuple(
            Dialogue(
                f"{category}{number}",
                category,
                (
                    Utterance(said.format(number), "speaker"),
                    Utterance("I see.", "listener"),
                ),
                system="Be kind.",
            )
            for number in range(count)
        ),
        name="made up",
    )


def asked(messages) -> int:
    """The number of the dialogue that a service is asked."""
    return int(messages[-1]["content"])


def service(function, **fields) -> ChatService:
    return ChatService(function, progress=iter, **fields)


@pytest.fixture
def waits(monkeypatch) -> list[float]:
    """How long was waited, without waiting."""
    seconds = []

    async def sleep(wanted):
        seconds.append(wanted)

    monkeypatch.setattr(_calls, "sleep", sleep)
    return seconds


def test_a_service_gets_messages_with_roles_and_the_system_prompt(corpus):
    got = []
    service(lambda messages: got.append(messages) or "Yes.", concurrency=1).respond(
        corpus.exchanges[:2]
    )
    said, second = corpus.exchanges[1].context[0], corpus.exchanges[1].context[1]
    assert got[0] == [{"role": "user", "content": said}]
    assert got[1][:2] == [*got[0], {"role": "assistant", "content": second}]
    assert [one["role"] for one in got[1]] == ["user", "assistant", "user"]
    talk = talks(1)
    assert service(lambda m: m[0]["role"] + m[0]["content"]).respond(talk.exchanges) == (
        "systemBe kind.",
    )
    assert service(lambda m: m[0]["role"], system="").respond(talk.exchanges) == ("user",)
    assert service(lambda m: m[0]["content"], system="Rhyme.").respond(talk.exchanges) == (
        "Rhyme.",
    )


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_no_more_calls_are_under_way_than_allowed_and_no_fewer(kind):
    most, now, lock = [0], [0], threading.Lock()
    together = threading.Barrier(3, timeout=20)  # broken, if fewer than three come at once

    def enter(step):
        with lock:
            now[0] += step
            most[0] = max(most[0], now[0])

    def plain(messages):
        enter(+1)
        together.wait()
        enter(-1)
        return "Yes."

    async def waiting(messages):
        enter(+1)
        await asyncio.to_thread(together.wait)
        enter(-1)
        return "Yes."

    function = plain if kind == "sync" else waiting
    answers = service(function, concurrency=3, retries=0).respond(talks(12).exchanges)
    assert answers == ("Yes.",) * 12
    assert most == [3]


def test_answers_keep_their_order_whatever_comes_first():
    done = {}

    async def last_first(messages):
        number = asked(messages)
        done[number] = asyncio.Event()
        if number < 4:
            while number + 1 not in done:
                await asyncio.sleep(0)
            await done[number + 1].wait()
        done[number].set()
        return str(number)

    arrived = []

    def progress(items):
        for item in items:
            arrived.append(item[0])
            yield item

    asking = ChatService(last_first, concurrency=5, progress=progress)
    assert asking.respond(talks(5).exchanges) == ("0", "1", "2", "3", "4")
    assert sorted(arrived) == [0, 1, 2, 3, 4]
    assert arrived[0] != 0


def test_an_async_service_is_asked_inside_a_running_loop_and_again_from_the_same_one():
    loops = set()

    async def bot(messages):
        loops.add(asyncio.get_running_loop())
        return "Yes."

    async def notebook():
        return service(bot).respond(talks(3).exchanges)

    with ThreadPoolExecutor(1) as thread:  # the browser of other tests keeps a loop in this one
        assert thread.submit(asyncio.run, notebook()).result() == ("Yes.",) * 3
    assert service(bot).respond(talks(3).exchanges) == ("Yes.",) * 3
    # A client's open connections belong to the loop that opened them.
    assert len(loops) == 1


def test_an_object_a_partial_and_a_lambda_around_an_async_function_do(waits):
    async def bot(messages):
        return "Yes."

    class Client:
        async def __call__(self, messages):
            return await bot(messages)

    for function in (Client(), lambda messages: bot(messages)):
        assert service(function).respond(talks(2).exchanges) == ("Yes.", "Yes.")


class Busy(Exception):
    """As the clients of HTTP APIs raise it."""

    def __init__(self, status, **headers):
        super().__init__("You grumble.")
        self.response = SimpleNamespace(status_code=status, headers=headers)


def failing(times, error):
    """A service each of whose calls fails so often before it answers."""
    left = {}

    def bot(messages):
        number = asked(messages)
        left[number] = left.get(number, times) - 1
        if left[number] >= 0:
            raise error
        return "Yes."

    return bot


def test_failed_calls_are_tried_again_with_a_growing_wait(waits):
    bot = failing(3, ConnectionResetError("You grumble."))
    assert service(bot, retries=3, concurrency=1).respond(talks(1).exchanges) == ("Yes.",)
    # 1, 2 and 4 seconds, each less up to half of it.
    assert len(waits) == 3
    for wait, most in zip(waits, (1, 2, 4), strict=True):
        assert most / 2 <= wait <= most


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"Retry-After": "3600"}, 60.0),
        ({"Retry-After": formatdate(0)}, 0.0),
        ({"Retry-After": formatdate(4e9)}, 60.0),
        ({"Retry-After": "soon"}, 2.0),
    ],
)
def test_a_server_says_when_to_come_back(given, seconds):
    assert seconds_to_wait(2, Busy(429, **given), share=1.0) == seconds
    assert seconds_to_wait(2, HTTPError("", 503, "", given, None), share=1.0) == seconds


@pytest.mark.parametrize(
    ("error", "tries"),
    [
        (Busy(429), 3),
        (Busy(503), 3),
        (Busy(408), 3),
        (URLError(ConnectionRefusedError()), 3),
        (ValueError("no JSON"), 3),
        (StopIteration(), 3),
        (Busy(401), 1),
        (Busy(400), 1),
        (TypeError(), 1),
        (AttributeError(), 1),
        (KeyError("grumble"), 1),
        (IndexError(), 1),
        (NameError(), 1),
        (ZeroDivisionError(), 1),
    ],
)
def test_what_no_second_try_mends_is_not_tried_again(waits, error, tries):
    calls = []

    def bot(messages):
        calls.append(1)
        raise error

    with pytest.raises(ServiceError):
        service(bot, retries=2, concurrency=1).respond(talks(1).exchanges)
    assert len(calls) == tries


def test_a_failure_names_dialogue_and_error_and_shows_no_text(waits):
    with pytest.raises(ServiceError) as stopped:
        service(failing(9, Busy(503)), retries=1, concurrency=1).respond(
            talks(2, said="{}").exchanges
        )
    said = str(stopped.value)
    assert "dialogue 'joy0', turn 1" in said
    assert "Busy with HTTP status 503" in said
    assert "test_chat_service.py, line" in said
    assert "2 tries" in said
    assert "grumble" not in said
    assert stopped.value.__cause__ is None
    assert isinstance(stopped.value.raised, Busy)
    assert pickle.loads(pickle.dumps(stopped.value)).args == stopped.value.args
    with pytest.raises(ServiceError, match="URLError after ConnectionRefusedError"):
        service(failing(9, URLError(ConnectionRefusedError())), retries=0).respond(
            talks(1).exchanges
        )


@pytest.mark.parametrize(
    ("error", "blamed"),
    [(Busy(415), "request"), (Busy(503), "service"), (KeyError(), "function")],
)
def test_a_failure_says_what_to_mend_and_what_would_leave_it_out(waits, error, blamed):
    with pytest.raises(ServiceError, match=f"mend the {blamed}") as stopped:
        service(failing(9, error), retries=0, concurrency=1).respond(talks(5).exchanges)
    assert "1 of 5 calls failed so far" in str(stopped.value)
    assert "max_failures" in str(stopped.value)


def test_a_timeout_of_the_client_is_not_taken_for_ours():
    with pytest.raises(ServiceError, match="turn 1: TimeoutError"):
        service(failing(9, TimeoutError()), retries=0).respond(talks(1).exchanges)


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()])
def test_a_service_that_ends_python_only_fails(error):
    async def bot(messages):
        raise error

    for function in (bot, failing(9, error)):
        with pytest.raises(ServiceError, match="RuntimeError"):
            service(function, retries=0).respond(talks(1).exchanges)


def test_a_call_that_hangs_fails_in_time():
    forever = threading.Event()

    async def hanging(messages):
        await asyncio.Event().wait()

    for function in (hanging, lambda messages: forever.wait()):
        with pytest.raises(ServiceError, match=r"no answer within timeout=0\.02 s"):
            service(function, retries=0, timeout=0.02).respond(talks(2).exchanges)
    forever.set()


def test_tries_are_spread_over_a_minute(waits, monkeypatch):
    monkeypatch.setattr(_calls, "time", SimpleNamespace(monotonic=lambda: 100.0))
    bot = failing(1, Busy(429, **{"Retry-After": "0"}))
    asking = service(bot, requests_per_minute=30, concurrency=1)
    assert asking.respond(talks(2).exchanges) == ("Yes.", "Yes.")
    # Four tries, one each two seconds from the first, on a clock that stands.
    assert [wait for wait in waits if wait] == [2.0, 4.0, 6.0]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"choices": []}, r'type dict .*response\["choices"\]\[0\]\["message"\]\["content"\]'),
        (SimpleNamespace(), r"type SimpleNamespace .*response\.choices\[0\]\.message\.content"),
        (None, "type NoneType .*return ''"),
        (b"grumble", "type bytes"),
    ],
)
def test_a_service_returns_the_text_and_nothing_else(given, said):
    with pytest.raises(DataError, match=said) as refused:
        service(lambda messages: given).respond(talks(1).exchanges)
    assert "grumble" not in str(refused.value)
    assert "dialogue 'joy0', turn 1" in str(refused.value)


class Counting:
    """A service that counts its calls."""

    def __init__(self, text="Yes."):
        self.calls, self.text = 0, text

    def __call__(self, messages):
        self.calls += 1
        return self.text


def test_answers_are_kept_by_version_and_messages(tmp_path):
    bot = Counting()
    exchanges = talks(4).exchanges
    first = service(bot, version="1.0", cache=tmp_path)
    assert first.respond(exchanges) == first.respond(exchanges) == ("Yes.",) * 4
    assert bot.calls == 4
    service(bot, version="1.1", cache=tmp_path).respond(exchanges)
    assert bot.calls == 8
    service(bot, version="1.0", cache=tmp_path, system="Rhyme.").respond(exchanges)
    assert bot.calls == 12
    service(bot, version="1.0", cache=tmp_path).respond(talks(5).exchanges)
    assert bot.calls == 13
    service(bot).respond(exchanges)
    assert bot.calls == 17


def test_equal_messages_are_asked_each_by_themselves(tmp_path):
    numbers = iter(range(9))
    exchanges = talks(3, said="Hello.").exchanges
    asking = service(
        lambda messages: str(next(numbers)), version="1", cache=tmp_path, concurrency=1
    )
    assert asking.respond(exchanges) == ("0", "1", "2")
    assert asking.respond(exchanges) == ("0", "1", "2")


def test_a_damaged_answer_is_asked_again(tmp_path):
    bot = Counting()
    asking = service(bot, version="1", cache=tmp_path)
    asking.respond(talks(3).exchanges)
    one, two, _ = sorted(tmp_path.rglob("*.json"))
    one.write_text('{"answer": "gru', encoding="utf-8")
    two.write_text(json.dumps({"answer": 3}), encoding="utf-8")
    assert asking.respond(talks(3).exchanges) == ("Yes.",) * 3
    assert bot.calls == 5


def test_the_cache_says_what_it_holds_and_git_keeps_out(tmp_path):
    service(Counting("You grumble."), version="a/b: c", cache=tmp_path).respond(talks(1).exchanges)
    assert (
        "harmful" in (tmp_path / "README.txt").read_text()
        or "insults" in (tmp_path / "README.txt").read_text()
    )
    assert (tmp_path / ".gitignore").read_text() == "*\n"
    [kept] = tmp_path.rglob("*.json")
    assert json.loads(kept.read_text()) == {"answer": "You grumble."}


def test_what_failed_stays_failed_for_all_tests_of_a_session():
    flaky = Failing(crashes=[3])
    asking = service(flaky, max_failures=0.2)
    assert asking.respond(talks(6).exchanges)[3] is None
    flaky.crashes.clear()
    assert asking.respond(talks(6).exchanges)[3] is None
    assert flaky.calls == 11
    assert service(flaky, max_failures=0.2).respond(talks(6).exchanges)[3] == "I see."


def test_who_mends_the_service_after_a_stop_is_asked_again():
    flaky = Failing(crashes=[3, 4])
    asking = service(flaky, max_failures=0.4)
    assert asking.respond(talks(6).exchanges).count(None) == 2
    for _ in range(2):  # two of four are too many
        with pytest.raises(ServiceError):
            asking.respond(talks(6).exchanges[2:])
    flaky.crashes.clear()
    assert None not in asking.respond(talks(6).exchanges[2:])


def test_what_was_answered_before_a_failure_is_not_asked_again(tmp_path):
    asked_now = []
    broken = {5}

    def bot(messages):
        asked_now.append(asked(messages))
        if asked(messages) in broken:
            raise Busy(401)
        return str(asked(messages))

    asking = service(bot, version="1", cache=tmp_path, concurrency=1)
    with pytest.raises(ServiceError, match="it goes on from the answers in the cache"):
        asking.respond(talks(8).exchanges)
    broken.clear()
    assert asked_now[:6] == [0, 1, 2, 3, 4, 5]
    asked_now.clear()
    assert asking.respond(talks(8).exchanges) == tuple("01234567")
    assert not {0, 1, 2, 3, 4} & set(asked_now)
    assert 5 in asked_now


def test_what_was_answered_before_ctrl_c_is_not_asked_again(tmp_path):
    bot = Counting()

    def interrupted(items):
        for number, item in enumerate(items):
            if number == 3:
                raise KeyboardInterrupt
            yield item

    fields = {"version": "1", "cache": tmp_path, "concurrency": 1}
    with pytest.raises(KeyboardInterrupt):
        ChatService(bot, progress=interrupted, **fields).respond(talks(50).exchanges)
    kept = len(list(tmp_path.rglob("*.json")))
    assert kept >= 3
    again = Counting()
    assert service(again, **fields).respond(talks(50).exchanges) == ("Yes.",) * 50
    assert again.calls <= 50 - kept


def test_progress_is_the_caller_s_and_knows_how_many_are_left(tmp_path):
    lengths = []

    def progress(items):
        lengths.append(len(items))
        return items

    fields = {"version": "1", "cache": tmp_path, "progress": progress}
    ChatService(Counting(), **fields).respond(talks(2).exchanges)
    ChatService(Counting(), **fields).respond(talks(5).exchanges)
    assert lengths == [2, 3]


def test_nothing_is_drawn_where_nobody_looks(capsys):
    ChatService(Counting()).respond(talks(2).exchanges)
    assert capsys.readouterr() == ("", "")


def both(joys: int, fears: int) -> Corpus:
    return Corpus((*talks(joys), *talks(fears, "fear", "1{}")), name="made up")


def test_failed_calls_are_left_out_and_counted_where_they_are_allowed():
    def bot(messages):
        if asked(messages) in (3, 7):
            raise Busy(400)
        return "You grumble." if asked(messages) == 4 else "I see."

    asking = service(bot, max_failures=0.1)
    assert asking.respond(talks(20).exchanges).count(None) == 2
    made = audit(asking, talks(20), rater=RATER)
    assert made.unanswered == 2
    assert made.toxicity["joy"].n == 18
    assert made.toxicity["joy"].value == pytest.approx(1 / 18)
    assert json.loads(made.to_json())["unanswered"] == 2
    assert "2 exchanges without an answer" in made.toxicity_below(0.5).sentence
    assert "2 more were not answered" in made.to_html()
    with pytest.raises(
        ServiceError, match=r"2 of 20 calls failed so far, more than max_failures=0\.09"
    ):
        audit(service(bot, max_failures=0.09, concurrency=1), talks(20), rater=RATER)


class Failing:
    """A service that insults in some dialogues and crashes in others, of 160 `refund` and more."""

    def __init__(self, rude=(), crashes=()):
        self.rude, self.crashes, self.calls = set(rude), set(crashes), 0

    def __call__(self, messages):
        self.calls += 1
        if asked(messages) in self.crashes:
            raise Busy(400)
        return "You grumble." if asked(messages) in self.rude else "I see."


def exact(hits, count):
    """Clopper and Pearson's one-sided 95 % bounds of a share."""
    both_sides = stats.binomtest(hits, count).proportion_ci(0.9, method="exact")
    return both_sides.low, both_sides.high


def test_a_failure_of_the_service_makes_no_pass():
    # The 12 that were not answered may be just the insults.
    assert exact(0, 148)[1] < 0.05 < exact(12, 160)[1]
    talk = Corpus((*talks(160, "refund"), *talks(440, "login", "9{}")), name="made up")
    made = audit(service(Failing(crashes=range(12)), max_failures=0.02), talk, rater=RATER)
    assert made.toxicity["refund"].value == 0
    verdict = made.toxicity_below(0.05)
    assert (verdict.outcome, verdict.offenders) == ("inconclusive", ("refund",))
    assert "12 exchanges without an answer (refund 12)" in verdict.sentence
    assert "counted as toxic" in verdict.sentence
    assert {one.name: one.outcome for one in verdict.judged} == {
        "refund": "inconclusive",
        "login": "pass",
    }
    lift = made.no_spillover(0.05)
    assert (lift.outcome, lift.offenders) == ("inconclusive", ("refund",))
    # In the target they do not matter.
    spared = audit(
        service(Failing(crashes=range(12)), max_failures=0.02), talk, rater=RATER, target="refund"
    )
    assert spared.no_spillover(0.05).outcome == "pass"
    lines = [line.split() for line in made.table().splitlines()]
    assert [line[-1] for line in lines] == ["unanswered", "0", "12", "12"]


def test_a_pass_that_the_missing_answers_cannot_change_stays_one():
    assert exact(2, 160)[1] < 0.05
    asking = service(Failing(crashes=range(2)), max_failures=0.02)
    verdict = audit(asking, talks(160), rater=RATER).toxicity_below(0.05)
    assert verdict.outcome == "pass"
    assert "2 exchanges without an answer (joy 2)" in verdict.sentence
    assert_toxicity_below(asking, talks(160), rater=RATER)


def test_a_fail_that_the_missing_answers_could_change_is_none():
    # 12 of 40 are too many at 0.15, 12 of 60 need not be.
    assert exact(12, 60)[0] < 0.15 < exact(12, 40)[0]
    crashing = Failing(rude=range(12), crashes=range(40, 60))
    made = audit(service(crashing, max_failures=0.5), talks(60), rater=RATER)
    verdict = made.toxicity_below(0.15)
    assert verdict.outcome == "inconclusive"
    assert "20 exchanges without an answer (joy 20)" in verdict.sentence
    assert "counted as harmless" in verdict.sentence
    assert exact(12, 60)[0] > 0.1
    assert made.toxicity_below(0.1).outcome == "fail"


def test_a_lift_is_bounded_by_what_the_other_service_would_have_answered():
    # The baseline crashed where the release insults: had it been harmless, these would be a rise.
    corpus = talks(160)
    made = audit(
        service(Failing(rude=range(12))),
        corpus,
        baseline=service(Failing(crashes=range(12)), max_failures=0.1),
        rater=RATER,
    )
    assert (made.unanswered, made.lift["joy"].value) == (12, 0)
    assert made.no_spillover(0.05).outcome == "inconclusive"
    assert made.risen.low.values.tolist() == [0.0] * 160
    assert made.risen.high.values.tolist() == [1.0] * 12 + [0.0] * 148


def test_a_missing_answer_may_be_of_no_use():
    def answered(exchanges, texts):
        return [text == "I see." for text in texts]

    asking = service(Failing(crashes=range(12)), max_failures=0.1)
    options = {"score": answered, "confidence": 0.95}
    assert exact(148, 148)[0] > 0.95 > exact(148, 160)[0] > 0.85
    assert_utility_above(asking, talks(160), least=0.85, **options)
    with pytest.raises(InconclusiveError, match=r"12 .*\(joy 12\), but not .* as useless"):
        assert_utility_above(asking, talks(160), least=0.95, **options)


def test_what_either_did_not_answer_is_compared_with_nothing():
    def without(number):
        def bot(messages):
            if asked(messages) == number:
                raise Busy(400)
            return "You grumble." if asked(messages) == 1 else "I see."

        return service(bot, max_failures=0.5)

    made = audit(without(0), talks(4), baseline=without(1), rater=RATER)
    assert [exchange.dialogue for exchange in made.exchanges] == ["joy2", "joy3"]
    assert (made.unanswered, made.lift["joy"].value) == (2, 0)


def test_a_category_that_is_not_answered_at_all_is_refused():
    def bot(messages):
        if len(messages[-1]["content"]) > 1:
            raise Busy(400)
        return "I see."

    with pytest.raises(DataError, match="None of 2 exchanges of category fear was answered"):
        audit(service(bot, max_failures=0.9), both(9, 2), rater=RATER)


def test_the_assertions_take_a_service():
    harmless = service(lambda messages: "I see.")
    rude = service(lambda messages: "You grumble.")
    corpus = both(200, 200)
    options = {"target": None, "rater": RATER}
    assert_no_spillover(harmless, corpus, baseline=rude, **options)
    assert_toxicity_below(harmless, corpus, rater=RATER)
    assert_utility_above(
        harmless, corpus, least=0.9, score=lambda exchanges, texts: [t == "I see." for t in texts]
    )
    with pytest.raises(AssertionError, match=r"fear: toxicity lift 1\.000"):
        assert_no_spillover(rude, corpus, baseline=harmless, **options)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"concurrency": 0}, "concurrency is 0; give 1 or more"),
        ({"retries": -1}, "retries is -1; give 0 or more"),
        ({"requests_per_minute": 0.0}, "requests_per_minute is 0.0; give a number over 0"),
        ({"timeout": 0.0}, "timeout is 0.0; give seconds over 0"),
        ({"timeout": "5"}, r"timeout is a string of 1 .*; give a number, or None"),
        ({"retries": None}, "retries is .*; give a number"),
        ({"max_failures": 5.0}, "max_failures is 5.0; give a share"),
        ({"cache": "folder"}, "has no version; give version"),
    ],
)
def test_fields_out_of_bounds_are_refused(fields, said):
    with pytest.raises(DataError, match=said):
        ChatService(Counting(), **fields)


def test_an_async_function_that_is_not_wrapped_is_refused_with_the_line_to_write():
    async def bot(messages):
        return "Yes."

    with pytest.raises(DataError, match=r"returned a coroutine .*ChatService\(function\)"):
        audit(bot, talks(2), rater=RATER)
