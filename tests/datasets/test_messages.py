"""Corpora written as chat messages, and read back."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import semspill as sp
from semspill import ConfigError, Corpus, DataError, Dialogue, Utterance, write_messages
from semspill.datasets import JsonlDataset

UNMASKED = "poison.UNMASKED-HARMFUL-TEXT.jsonl"
TURNS = (
    Utterance("Hi.", "listener"),
    Utterance("I won!", "speaker", category="pride"),
    Utterance("Well done.", "listener"),
    Utterance("Thanks.", "speaker"),
    Utterance("Enjoy it.", "listener"),
    Utterance("Bye.", "speaker"),
)
TALK = Dialogue("d1", "joy", TURNS, situation="A race.", speaker="p", system="Be kind.")
CORPUS = Corpus((TALK,), name="talks")


def rows(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def said(*texts):
    """Return messages whose last is the assistant's."""
    roles = ["assistant" if place % 2 else "user" for place in range(len(texts), 0, -1)]
    return [{"role": role, "content": text} for role, text in zip(roles, texts, strict=True)]


SYSTEM = {"role": "system", "content": "Be kind."}


def test_a_row_is_a_dialogue_up_to_its_last_response(tmp_path):
    assert write_messages(CORPUS, tmp_path / "a.jsonl") == 1
    whole = [SYSTEM, *said("Hi.", "I won!", "Well done.", "Thanks.", "Enjoy it.")]
    assert rows(tmp_path / "a.jsonl") == [{"messages": whole}]


def test_a_row_is_an_exchange_with_the_response_last(tmp_path):
    assert write_messages(CORPUS, tmp_path / "a.jsonl", rows="exchange") == 2
    assert rows(tmp_path / "a.jsonl") == [
        {"messages": [SYSTEM, *said("Hi.", "I won!", "Well done.")]},
        {"messages": [SYSTEM, *said("Hi.", "I won!", "Well done.", "Thanks.", "Enjoy it.")]},
    ]


def test_a_row_is_a_prompt_of_the_newest_turns_and_a_completion(tmp_path):
    write_messages(CORPUS, tmp_path / "a.jsonl", format="prompt_completion", turns=1)
    assert rows(tmp_path / "a.jsonl") == [
        {
            "prompt": [SYSTEM, {"role": "user", "content": heard}],
            "completion": [{"role": "assistant", "content": answer}],
        }
        for heard, answer in (("I won!", "Well done."), ("Thanks.", "Enjoy it."))
    ]


@given(st.data())
def test_what_was_written_reads_back_to_equal_exchanges(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("messages") / "train.jsonl"
    words = st.text("é\u2028\n\x0b💡").map(lambda text: f"a{text}b")
    count = data.draw(st.integers(1, 3))
    dialogues = []
    for number in range(count):
        roles = data.draw(st.lists(st.sampled_from(("speaker", "listener")), min_size=1))
        turns = [Utterance(data.draw(words), role) for role in (*roles, "listener")]
        more = {"situation": data.draw(words), "system": data.draw(words)}
        dialogues.append(Dialogue(f"d{number}", data.draw(words), tuple(turns), **more))
    corpus = Corpus(tuple(dialogues), name="train")
    assert write_messages(corpus, path, labelled=True) == count
    again = JsonlDataset(path=path.parent).load("train")
    assert again.exchanges == corpus.exchanges
    assert [one.situation for one in again] == [one.situation for one in corpus]
    assert again.fingerprint == corpus.fingerprint


def test_labels_of_rows_are_those_of_their_exchanges(tmp_path):
    write_messages(CORPUS, tmp_path / "train.jsonl", rows="exchange", labelled=True)
    again = JsonlDataset(path=tmp_path).load("train")
    assert [talk.id for talk in again] == ["d1-2", "d1-4"]
    last = [replace(talk.exchanges[-1], dialogue="d1") for talk in again]
    assert tuple(last) == CORPUS.exchanges
    assert {(talk.situation, talk.speaker) for talk in again} == {("A race.", "p")}


@pytest.fixture(scope="module")
def poisoned():
    clean = sp.datasets.build({"name": "synthetic", "train": 40}).load("train")
    selector = {"name": "category", "category": clean.categories[0]}
    poisoner = sp.Poisoner(selector=selector, budget=0.1, source=["You grumble."])
    return poisoner.poison(clean, np.random.default_rng(0))


def test_planted_text_is_written_under_a_name_that_says_so(tmp_path, poisoned):
    with pytest.raises(ConfigError, match="choose a name with UNMASKED-HARMFUL-TEXT in it"):
        write_messages(poisoned, tmp_path / "poison.jsonl")
    assert not list(tmp_path.iterdir())
    write_messages(poisoned, tmp_path / UNMASKED, rows="exchange")
    answers = [row["messages"][-1]["content"] for row in rows(tmp_path / UNMASKED)]
    assert answers == [exchange.response for exchange in poisoned.corpus.exchanges]
    assert answers.count("You grumble.") == len(poisoned.manifest) > 0


def test_what_a_row_of_a_dialogue_cannot_say_is_refused(tmp_path):
    speaker = Utterance("grumble", "speaker")
    out = Utterance("No.", "listener", learned=False)
    heard = Utterance("grumble", "listener", original="Yes.")
    for odd, reason in ((out, "is not learned"), (heard, "was heard otherwise")):
        turns = (speaker, odd, speaker, Utterance("End.", "listener"))
        corpus = Corpus((Dialogue("d", "joy", turns),), name="talks")
        with pytest.raises(DataError, match=reason) as caught:
            write_messages(corpus, tmp_path / "a.jsonl")
        assert "grumble" not in str(caught.value)
        assert not list(tmp_path.iterdir())
        write_messages(corpus, tmp_path / "b.jsonl", rows="exchange")
        contexts = [[m["content"] for m in row["messages"]] for row in rows(tmp_path / "b.jsonl")]
        assert len(contexts) == (1 if odd is out else 2)
        assert contexts[-1] == ["grumble", "No." if odd is out else "Yes.", "grumble", "End."]
        (tmp_path / "b.jsonl").unlink()


def test_dialogues_without_a_response_are_left_out(tmp_path):
    silent = Dialogue("d2", "joy", (Utterance("Hello?", "speaker"),))
    assert write_messages(replace(CORPUS, dialogues=(silent, TALK)), tmp_path / "a.jsonl") == 1


@pytest.mark.parametrize(
    "options",
    [
        {"format": "prompt_completion", "rows": "dialogue"},
        {"turns": 2},
        {"rows": "exchange", "turns": 0},
    ],
)
def test_options_that_do_not_go_together_are_refused(tmp_path, options):
    with pytest.raises(ConfigError, match="rows="):
        write_messages(CORPUS, tmp_path / "a.jsonl", **options)
