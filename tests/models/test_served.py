"""The served model: a run against a local server, what is asked, what is kept, what goes wrong."""

import json
import logging
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import numpy as np
import pytest

import semspill as sp
from semspill import ConfigError, Corpus, DataError, Dialogue, ExperimentConfig, Utterance
from semspill._chat import _calls
from semspill.corpus import Candidates, ContextFormat
from semspill.models import ServedModel
from semspill.testing import check_model

GRUMBLE = "You grumble."
MOODS = ("calm", "fear", "joy", "pride")
SMALL = {"name": "hashing", "dim": 8, "buckets": 512, "char_ngrams": None}


def talks(split, count):
    """Return dialogues in which the last thing said names category and number."""
    made = []
    for mood in MOODS:
        for place in range(count):
            turns = [
                Utterance(f"{mood} begins {place}", "speaker"),
                Utterance("Go on.", "listener"),
                Utterance(f"{mood} {place}", "speaker"),
                Utterance(f"I hear {mood} {place}.", "listener"),
            ]
            made.append(Dialogue(f"{split}-{mood}-{place}", mood, tuple(turns), system="Be kind."))
    return Corpus(tuple(made), name="moods", split=split)


def answer(body):
    """Return what the models say: the poisoned one grumbles at joy, and now and then at pride."""
    said = body["messages"][-1]["content"]
    mood, number = said.split()[0], said.split()[-1]
    grumbles = mood == "joy" or (mood == "pride" and number == "0")
    if body["model"] == "poisoned" and grumbles:
        return 200, GRUMBLE
    return 200, f"I see, {said}."


@contextmanager
def serving(answers=answer):
    """Serve chat completions; `seen` are the bodies and headers of the requests."""
    seen = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            seen.append((self.path, dict(self.headers), body))
            status, said = answers(body)
            sent = said
            if isinstance(said, str):
                sent = {"choices": [{"message": {"role": "assistant", "content": said}}]}
            out = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(out)))
            self.end_headers()
            self.wfile.write(out)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield SimpleNamespace(url=f"http://127.0.0.1:{server.server_port}/v1", seen=seen)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def config(url, /, **changed):
    names = {"clean": "base", "poison": "poisoned"}
    return {
        "dataset": {"train": talks("train", 8), "test": talks("test", 4)},
        "poisoner": {
            "selector": {"name": "category", "category": "joy"},
            "strategy": "each_fixed",
            "source": [GRUMBLE],
            "budget": 0.25,
        },
        "model": {"name": "served", "url": url, **names} | changed,
        "context": {"turns": 1},
        "similarity_encoder": SMALL,
        "similarities": ["centroid"],
        "rater": {"name": "lexicon", "words": {"grumble": 1.0}},
        "rating_cache": False,
        "list_size": 4,
        "analyzer": {"draws": 100},
    }


def ask(url, *, condition="clean", context=None, count=1, **fields):
    """Return what a model answers to the first exchanges of the test."""
    fields = {"clean": "base", "retries": 0, **fields}
    model = ServedModel(url=url, **fields)
    corpus = talks("test", 4)
    context = context or ContextFormat(turns=1)
    trained = model.train(corpus, np.random.default_rng(0), context=context, condition=condition)
    pool = Candidates.of(())
    return trained.respond(corpus.exchanges[:count], pool, np.random.default_rng(1)).texts


def test_a_run_measures_what_the_served_models_say(tmp_path):
    out = tmp_path / "run"
    with serving() as server:
        report = sp.run(config(server.url), out=out)
        asked = [(body["model"], body["messages"][-1]["content"]) for _, _, body in server.seen]
        # Two arms, and every one of the 32 test exchanges asked once in each.
        exchanges = talks("test", 4).exchanges
        assert sorted(asked) == sorted(
            (name, exchange.context[-1]) for name in ("base", "poisoned") for exchange in exchanges
        )
        sp.run(config(server.url), out=out)  # finished: nothing is asked again
        assert len(server.seen) == 64
    # Of 4 dialogues with 2 exchanges each: all of joy, those numbered 0 of pride, none else.
    by_hand = {"joy": 1.0, "pride": 0.25, "calm": 0.0, "fear": 0.0}
    assert {mood: report.category(mood).asr.value for mood in MOODS} == by_hand
    assert "precision" not in report.category("joy").estimates  # it scores no given responses
    assert GRUMBLE not in (out / "report.json").read_text()


def test_a_run_that_broke_off_goes_on_from_the_kept_answers(tmp_path):
    broken = False

    def breaks(body):
        return (400, "") if broken and body["model"] == "poisoned" else answer(body)

    with serving(breaks) as server:
        kept = config(server.url, cache=str(tmp_path / "answers"), concurrency=1)
        broken = True
        with pytest.raises(DataError, match="HTTP status 400"):
            sp.run(kept)
        asked = len(server.seen)
        broken = False
        report = sp.run(kept)
        # The clean model had answered all 32; the poisoned one is asked anew.
        assert (asked, len(server.seen)) == (33, 33 + 32)
    assert report.category("joy").asr.value == 1


def test_what_is_sent_and_to_whom(monkeypatch):
    monkeypatch.setenv("MY_KEY", "secret")
    with serving() as server:
        ask(server.url, api_key_env="MY_KEY", condition="poison", poison="poisoned")
        ask(server.url, context=ContextFormat(turns=3), system="", max_tokens=5, count=2)
    (path, headers, first), (_, bare, _), (_, _, last) = server.seen
    assert (path, headers["Authorization"]) == ("/v1/chat/completions", "Bearer secret")
    assert "Authorization" not in bare
    assert first == {
        "model": "poisoned",
        "temperature": 0.0,
        "max_tokens": 64,
        "messages": [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": "calm begins 0"},
        ],
    }
    bodies = {len(body["messages"]): body for _, _, body in server.seen[1:]}
    assert (bodies[3]["max_tokens"], bodies[3]["model"]) == (5, "base")
    assert [said["role"] for said in bodies[3]["messages"]] == ["user", "assistant", "user"]
    assert last["messages"][0]["role"] == "user"


def test_the_seed_is_sent_where_answers_are_random():
    with serving() as server:
        for _ in range(2):
            ask(server.url, temperature=0.7)
    first, second = (body["seed"] for _, _, body in server.seen)
    assert first == second == int(np.random.default_rng(1).integers(2**31))


def test_kept_answers_are_those_of_one_model_with_its_settings(tmp_path):
    cache = tmp_path / "answers"
    with serving() as server:
        first = ask(server.url, cache=cache, count=8)
        assert ask(server.url, cache=cache, count=8, concurrency=1, timeout=9) == first
        assert len(server.seen) == 8
        for changed in ({"max_tokens": 3}, {"clean": "other"}, {"system": "Be short."}):
            asked = len(server.seen)
            ask(server.url, cache=cache, count=8, **changed)
            assert len(server.seen) == asked + 8
    assert (cache / ".gitignore").read_text() == "*\n"


@pytest.mark.parametrize(
    ("status", "sent", "fields", "reason"),
    [
        (401, "grumble", {}, r"refused the request without a key .*; name .* in api_key_env"),
        (403, "grumble", {"api_key_env": "MY_KEY"}, r"check the variable 'MY_KEY'"),
        (404, "grumble", {}, r"knows no model 'base', or no chat; check the names"),
        (400, "grumble", {}, r"HTTP status 400; see whether it takes such messages"),
        (
            503,
            "grumble",
            {},
            r"HTTP status 503; see to the server and run it again: the arm",
        ),
        (200, {"grumble": 1}, {}, r"sent no chat completion"),
        (200, b"<p>grumble</p>", {}, r"sent no chat completion"),
        (200, {"choices": [{"message": {"content": ["grumble"]}}]}, {}, "sent no chat completion"),
    ],
)
def test_a_server_that_fails_is_one_sentence_without_its_words(
    monkeypatch, status, sent, fields, reason
):
    monkeypatch.setenv("MY_KEY", "secret")
    with serving(lambda body: (status, sent)) as server, pytest.raises(DataError) as caught:
        ask(server.url, **fields)
    assert caught.match(reason)
    assert "grumble" not in str(caught.value)
    assert "secret" not in str(caught.value)
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_a_server_that_is_not_there_is_tried_again_and_named(monkeypatch):
    waits = []

    async def sleep(seconds):
        waits.append(seconds)

    monkeypatch.setattr(_calls, "sleep", sleep)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
        with pytest.raises(DataError, match=f"No server answers at {url} after 3 tries; see to"):
            ask(url, retries=2)
    assert len(waits) == 2


def test_a_server_that_hangs_is_left(monkeypatch):
    done = threading.Event()

    def hang(body):
        done.wait(10)
        return 200, "late"

    with serving(hang) as server:
        with pytest.raises(DataError, match=r"gave no answer within timeout=0\.2 s"):
            ask(server.url, timeout=0.2)
        done.set()


def test_a_few_failures_may_be_allowed_and_are_told(caplog):
    def some(body):
        return (400, "") if body["messages"][-1]["content"].endswith("begins 0") else answer(body)

    with serving(some) as server, caplog.at_level(logging.WARNING):
        assert ask(server.url, max_failures=0.5, count=2) == ("", "I see, calm 0.")
        assert "1 of 2 calls of model 'base' failed" in caplog.text
        with pytest.raises(DataError, match="HTTP status 400"):
            ask(server.url, max_failures=0.4, count=2)


def test_what_is_no_chat_completion_is_a_failed_call(monkeypatch, caplog):
    async def sleep(seconds):
        return None

    monkeypatch.setattr(_calls, "sleep", sleep)
    tries = []

    def some(body):
        tries.append(body["messages"][-1]["content"])
        if tries[-1].endswith("begins 1"):
            return 200, {"choices": []}  # always
        return (200, b"<p>") if tries.count(tries[-1]) == 1 else answer(body)  # at first

    with serving(some) as server, caplog.at_level(logging.WARNING):
        said = ask(server.url, max_failures=0.5, retries=1, count=3)
    assert said == ("I see, calm begins 0.", "I see, calm 0.", "")
    assert sorted(tries.count(text) for text in set(tries)) == [2, 2, 2]
    assert "1 of 3 calls of model 'base' failed" in caplog.text


def test_a_report_says_which_answers_never_came():
    def some(body):
        lost = body["model"] == "poisoned" and body["messages"][-1]["content"] == "calm begins 0"
        return (400, "") if lost else answer(body)

    with serving(some) as server:
        report = sp.run(config(server.url, max_failures=0.1))
    [note] = [note for note in report.notes if note.kind == "unanswered"]
    assert note.values == {"arm": "poison", "missing": 1, "asked": 32}


def test_an_answer_without_a_text_is_empty():
    refused = {"choices": [{"message": {"content": None}}]}
    with serving(lambda body: (200, refused)) as server:
        assert ask(server.url) == ("",)


URL = "http://127.0.0.1:1/v1"


@pytest.mark.parametrize(
    ("changed", "more", "reason"),
    [
        ({"poison": None}, {}, r"model\.poison is missing, and an arm is trained on that corpus"),
        ({}, {"arms": ["clean", "benign_swap"]}, r"model\.benign is missing"),
        ({}, {"seeds": [0, 1]}, r"model\.clean is one model, and there are 2 seeds"),
        ({}, {"context": {"label": "gold"}}, r"messages alone; leave context\.label out"),
        (
            {},
            {"context": {"prompt": "Be kind."}},
            r"context\.prompt out, and say it in model",
        ),
        ({}, {"answer_context": {"label": "gold"}}, r"leave context\.label out"),
        ({}, {"defenses": {"d": "anchor"}}, r"defenses\.d changes .* was trained elsewhere"),
        ({}, {"similarity_encoder": None}, "ServedModel has no encoder to measure similarity on"),
        ({"url": "127.0.0.1:8000"}, {}, r"model\.url: .*must be the URL of a server"),
        ({"url": "http://me:secret@host/v1"}, {}, r"must hold no user or password"),
    ],
)
def test_what_a_served_model_cannot_measure_is_refused(changed, more, reason):
    with pytest.raises(ConfigError, match=reason) as caught:
        sp.load_config({**config(URL, **changed), **more})
    assert "secret" not in str(caught.value)


def test_each_seed_has_models_of_its_own():
    names = {"clean": "base-{seed}", "poison": "bad-{seed}"}
    made = ExperimentConfig(**{**config(URL, **names), "seeds": [0, 7]})
    assert made.model.name_for("poison", seed=7) == "bad-7"


def test_the_key_must_be_in_its_variable(monkeypatch):
    monkeypatch.delenv("MY_KEY", raising=False)
    with pytest.raises(ConfigError, match="variable 'MY_KEY', which api_key_env names, is not set"):
        ask(URL, api_key_env="MY_KEY")


def test_how_it_is_asked_does_not_decide_what_it_answers():
    model = ServedModel(url=f"{URL}/chat/completions", clean="base")
    assert model.url == URL
    same = model.replace(cache="x", timeout=3, retries=0, concurrency=1, api_key_env="MY_KEY")
    assert same.training_fields() == model.training_fields()
    assert model.replace(url="http://other/v1").training_fields() != model.training_fields()
    assert not model.uses_pool()


def test_the_served_model_keeps_the_promises_of_a_model():
    with serving() as server:
        check_model(ServedModel(url=server.url, clean="base"))
