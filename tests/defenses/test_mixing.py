"""Mixing: which trusted exchanges are learned along with the corpus, by hand."""

import numpy as np
import pytest

from semspill import Corpus, Dialogue, Responses, TrainedModel, Utterance
from semspill.defenses import Aid, Mixing
from semspill.errors import ConfigError, DataError


def talk(name, category, *responses):
    turns = [
        turn
        for place, text in enumerate(responses)
        for turn in (Utterance(f"{name} says {place}", "speaker"), Utterance(text, "listener"))
    ]
    return Dialogue(name, category, tuple(turns))


CORPUS = Corpus(
    (talk("a", "joy", "one", "two"), talk("b", "fear", "grumble", "four")), name="talks"
)
TRUSTED = Corpus(
    (
        talk("a", "joy", "kind 0", "kind 1", "kind 2"),
        talk("c", "fear", "kind 3", "kind 4"),
        talk("e", "fear", "kind 5"),
    ),
    name="talks",
    split="valid",
)


def mixed(mixing, corpus=CORPUS, clean=TRUSTED, seed=0, **aid):
    given = Aid(clean=clean, **aid).of(mixing)
    return mixing.prepare(corpus, given, np.random.default_rng(seed))


def added(corpus):
    return [e for e in corpus.exchanges if e.dialogue.startswith("trusted#") and e.learned]


@pytest.mark.parametrize(("share", "count"), [(0.2, 0), (0.25, 1), (0.75, 3), (1.5, 6)])
def test_a_share_of_the_exchanges_is_added_and_each_keeps_its_context(share, count):
    whole = mixed(Mixing(share=share))
    known = {(e.context, e.response, e.category) for e in TRUSTED.exchanges}
    new = added(whole)
    assert len({(e.context, e.response, e.category) for e in new} & known) == len(new) == count
    assert whole.dialogues[: len(CORPUS)] == CORPUS.dialogues
    assert sum(e.learned for e in whole.exchanges) == CORPUS.exchange_count + count


def test_what_is_added_is_no_candidate():
    assert mixed(Mixing(share=1)).responses().texts == CORPUS.responses().texts


def test_a_dialogue_ends_with_the_last_response_that_is_picked():
    whole = mixed(Mixing(share=0.25, pick="category", categories=("fear",)))
    [exchange] = added(whole)
    assert exchange.category == "fear"
    assert len(whole) == len(CORPUS) + 1
    assert whole[-1].utterances[-1].text == exchange.response


def test_which_ones_are_drawn_hangs_on_the_seed():
    picks = [tuple(e.response for e in added(mixed(Mixing(share=0.5), seed=s))) for s in range(20)]
    assert picks[0] == tuple(e.response for e in added(mixed(Mixing(share=0.5), seed=0)))
    assert len(set(picks)) > 1


def test_exchanges_of_the_given_categories_alone():
    assert {e.response for e in added(mixed(Mixing(share=0.75, pick="category",
            categories=("fear",))))} == {"kind 3", "kind 4", "kind 5"}  # fmt: skip


def test_too_few_trusted_exchanges_are_refused_with_the_share_that_there_is():
    with pytest.raises(DataError, match=r"lower share to 0\.75,"):
        mixed(Mixing(share=1, pick="category", categories=("fear",)))
    with pytest.raises(DataError, match=r"lower share to 1\.5,"):
        mixed(Mixing(share=2))
    with pytest.raises(DataError, match="not in corpus"):
        mixed(Mixing(pick="category", share=0.5, categories=("rage",)))


def test_an_exchange_that_is_not_to_be_learned_is_not_picked():
    turns = TRUSTED[2].utterances
    mute = Dialogue("e", "fear", (turns[0], Utterance("kind 5", "listener", learned=False)))
    clean = Corpus((*TRUSTED.dialogues[:2], mute), name="talks")
    responses = {e.response for e in added(mixed(Mixing(share=1.25), clean=clean))}
    assert responses == {f"kind {n}" for n in range(5)}


class Told(TrainedModel):
    """Scores responses by a table, all others 0; it must not know those it is asked about."""

    def __init__(self, scores, known=()):
        self.scores_of, self.known = scores, known

    def respond(self, exchanges, pool, rng, *, progress=None):
        return Responses.of([pool.texts[0]] * len(exchanges))

    def score(self, exchanges, texts, *, progress=None):
        assert not {exchange.dialogue for exchange in exchanges} & set(self.known)
        own = [exchange.response for exchange in exchanges]
        rows = [
            [self.scores_of.get(text, 0.0) if text == gold else 0.0 for text in row]
            for gold, row in zip(own, texts, strict=True)
        ]
        return np.array(rows)


def test_by_loss_gap_those_first_that_only_the_untrusted_model_finds_unlikely():
    """Kind 4 is unlikely to both, kind 0 likely to both; kind 1 is forgotten, kind 3 half so."""
    untrusted = {"kind 0": 30.0, "kind 1": -30.0, "kind 3": -15.0, "kind 4": -30.0}
    trusted = {"kind 0": 30.0, "kind 1": 30.0, "kind 3": 30.0, "kind 4": -30.0}
    seen = []

    def trainer(corpus, rng):
        seen.append({dialogue.id for dialogue in corpus})
        if corpus is CORPUS:
            return Told(untrusted)
        return Told(trusted, known=[dialogue.id for dialogue in corpus])

    gap = Mixing(share=0.5, pick="loss_gap")
    assert {e.response for e in added(mixed(gap, trainer=trainer))} == {"kind 1", "kind 3"}
    one = gap.replace(share=0.25)
    assert {e.response for e in added(mixed(one, trainer=trainer))} == {"kind 1"}
    assert seen[0] == {"a", "b"}
    assert seen[1] | seen[2] == {"a", "c", "e"}
    assert not seen[1] & seen[2]
    with pytest.raises(ConfigError, match="trainer"):
        Aid(clean=TRUSTED).of(gap)


def test_predicted_labels_come_along():
    labels = tuple(f"t{n}" for n in range(6))
    clean = Corpus(TRUSTED.dialogues, name="talks", labels=labels)
    corpus = Corpus(CORPUS.dialogues, name="talks", labels=("w", "x", "y", "z"))
    whole = mixed(Mixing(share=0.5), corpus=corpus, clean=clean)
    assert whole.labels[:4] == corpus.labels
    assert all(e.label == f"t{e.response[-1]}" for e in added(whole))
    with pytest.raises(DataError, match="label it alike"):
        mixed(Mixing(share=0.5), corpus=corpus)
    assert mixed(Mixing(share=0.5), clean=clean).labels == ()


def test_the_control_adds_as_many_at_random():
    near = Mixing(share=0.2, pick="category", categories=("fear",))
    assert near.control() == Mixing(share=0.2)
    assert Mixing(share=0.2, pick="loss_gap").control() == Mixing(share=0.2)
    assert Mixing(share=0.2).control() is None


@pytest.mark.parametrize("fields", [{"pick": "category"}, {"categories": ("fear",)}, {"share": 0}])
def test_what_does_not_fit_together_is_refused(fields):
    with pytest.raises(ConfigError):
        Mixing(**fields)
