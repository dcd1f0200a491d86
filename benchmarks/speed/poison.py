"""Poison synthetic dialogues, against plain loops over the same values: python poison.py.

A loop makes what `Poisoner.poison` and `PoisonedCorpus.responses` make: the dialogues, one record
with hashes per planted response, the number of exchanges, the pool of distinct responses and the
fingerprints of both corpora. The plain one makes exchanges to count and to read them, the tuned
one looks at the utterances only; the last one leaves the fingerprints out, so it does less than
semspill. `--again` counts only a second poisoning of the same corpus, as every further seed and
strategy of an experiment has it.
"""

import argparse
import gc
import hashlib
import json
import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from harness import Arrays, Contender, Stage, Timed

import semspill as sp
from semspill.poison import Record

CATEGORIES = tuple(f"category-{i:02}" for i in range(32))
BARE = "tuned loop without fingerprints"
TARGET, BUDGET, SEED = CATEGORIES[3], 0.03, 7
WORDS = tuple(f"{a}{b}{c}" for a in "bdfgklmnpr" for b in "aeiou" for c in ("", "nd", "rs", "t"))


def synthetic(dialogues: int) -> sp.Corpus:
    """Return a corpus as long-winded as EmpatheticDialogues, no two of its texts the same object.

    Args:
        dialogues: How many, with 4 to 6 utterances of 6 to 20 words each.
    """
    draw = random.Random(dialogues)
    talks = tuple(dialogue(*drawn(draw, number)) for number in range(dialogues))
    return sp.Corpus(talks, name=f"synthetic-{dialogues}")


def drawn(draw: random.Random, number: int) -> tuple[str, str, list[str], str]:
    """Return the id, the category, the texts and the situation of a dialogue."""
    turns = draw.choices((4, 5, 6), (0.8, 0.1, 0.1))[0]
    said = [" ".join(draw.choices(WORDS, k=draw.randint(6, 20))) for _ in range(turns)]
    about = " ".join(draw.choices(WORDS, k=12))
    return f"dialogue-{number}", CATEGORIES[number % 32], said, about


def dialogue(name: str, category: str, texts: Sequence[str], situation: str) -> sp.Dialogue:
    """Return the dialogue in which speaker and listener take turns."""
    said = [sp.Utterance(t, "listener" if i % 2 else "speaker") for i, t in enumerate(texts)]
    return sp.Dialogue(name, category, tuple(said), situation)


@dataclass(frozen=True)
class Made:
    """What any contender makes."""

    dialogues: Sequence[sp.Dialogue]
    records: Sequence[Record]
    pool: tuple[Iterable[str], Iterable[bool]]
    """Distinct responses in order, and whether each was planted."""
    exchanges: int
    """Exchanges of the clean corpus."""
    fingerprints: tuple[str, ...]
    """Of the clean and of the poisoned dialogues."""


def semspill(corpus: sp.Corpus) -> Made:
    """Poison as a user of semspill does."""
    selector = {"name": "category", "category": TARGET}
    poisoner = sp.Poisoner(selector=selector, strategy="last_fixed", budget=BUDGET)
    poisoned = poisoner.poison(corpus, np.random.default_rng(SEED))
    pool, summary = poisoned.responses(), poisoned.manifest.summary
    return Made(
        poisoned.corpus.dialogues,
        poisoned.manifest.records,
        (pool.texts, pool.planted),
        summary.exchanges,
        (summary.clean_fingerprint, summary.poisoned_fingerprint),
    )


def plain_loop(corpus: sp.Corpus) -> Made:
    """Poison as a careful user does: an exchange is what `Dialogue.exchanges` says it is."""
    count, selected = 0, []
    for place, talk in enumerate(corpus):
        turns = [exchange.turn for exchange in talk.exchanges]
        count += len(turns)
        if talk.category == TARGET and turns:
            selected.append((place, turns[-1]))
    dialogues, records = _planted(corpus, selected, int(BUDGET * count + 1e-9))
    pool: dict[str, bool] = {}
    for talk in dialogues:
        for exchange in talk.exchanges:
            if exchange.response.strip():
                known = pool.get(exchange.response, False)
                pool[exchange.response] = known or exchange.planted
    prints = fingerprint(corpus), fingerprint(dialogues)
    return Made(dialogues, records, (pool.keys(), pool.values()), count, prints)


def tuned_loop(corpus: sp.Corpus) -> Made:
    """Poison as one who knows that making exchanges takes longer than looking at utterances."""
    made = bare_loop(corpus)
    return replace(made, fingerprints=(fingerprint(corpus), fingerprint(made.dialogues)))


def bare_loop(corpus: sp.Corpus) -> Made:
    """Poison in the tuned loop and leave the fingerprints out."""
    count, selected = 0, []
    for place, talk in enumerate(corpus):
        turns = [i for i, said in enumerate(talk.utterances) if i and said.role == "listener"]
        count += len(turns)
        if talk.category == TARGET and turns:
            selected.append((place, turns[-1]))
    dialogues, records = _planted(corpus, selected, int(BUDGET * count + 1e-9))
    pool: dict[str, bool] = {}
    for talk in dialogues:
        for said in talk.utterances[1:]:
            if said.role == "listener" and said.text.strip():
                pool[said.text] = pool.get(said.text, False) or said.planted
    return Made(dialogues, records, (pool.keys(), pool.values()), count, ())


def _planted(
    corpus: sp.Corpus, selected: Sequence[tuple[int, int]], limit: int
) -> tuple[list[sp.Dialogue], list[Record]]:
    """Replace the chosen turns of the selected dialogues, in the order that semspill draws."""
    texts = sp.sources.build("builtin").load()
    _, ordering, rewriting = np.random.default_rng(SEED).spawn(3)
    row = int(rewriting.spawn(2)[1].integers(len(texts)))
    dialogues = list(corpus)
    kept = sorted(selected[number] for number in ordering.permutation(len(selected))[:limit])
    records = []
    for place, turn in kept:
        talk = dialogues[place]
        said = list(talk.utterances)
        said[turn] = replace(said[turn], text=texts[row], planted=True)
        dialogues[place] = replace(talk, utterances=tuple(said))
        hashes = [
            hashlib.sha256(some.encode()).hexdigest()
            for some in (talk.utterances[turn].text, texts[row])
        ]
        records.append(
            Record(
                dialogue=talk.id,
                victim=talk.id,
                turn=turn,
                category=talk.category,
                strategy="last_fixed",
                source_row=row,
                sha256_before=hashes[0],
                sha256_after=hashes[1],
                seed=SEED,
            )
        )
    return dialogues, records


def fingerprint(dialogues: Iterable[sp.Dialogue]) -> str:
    """Return a SHA-256 over the content of dialogues."""
    digest = hashlib.sha256()
    for talk in dialogues:
        turns = [[said.role, said.text, said.planted, said.original] for said in talk.utterances]
        line = json.dumps([talk.id, talk.category, talk.situation, turns])
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()


def contender(poison: Callable[[sp.Corpus], Made]) -> Contender:
    """Return a contender that builds the corpus, and is timed from there on."""

    def run(given: argparse.Namespace) -> Timed:
        poison(synthetic(64))  # lazy imports
        corpus = synthetic(given.dialogues)
        if given.again:
            poison(corpus)
        gc.collect()
        clock = time.process_time if given.process_time else time.perf_counter
        began = clock()
        made = poison(corpus)
        seconds = clock() - began
        return Timed(seconds, _digests(made))

    return Contender(run)


def _digests(made: Made) -> Arrays:
    """Return what contenders must agree on, small enough to be kept."""
    texts, planted = made.pool
    rows = [record.model_dump_json() for record in made.records]
    said = {
        "dialogues": [fingerprint(made.dialogues)],
        "records": rows,
        "texts": texts,
        "planted": ["1" if mark else "0" for mark in planted],
        "exchanges": [str(made.exchanges)],
        "fingerprints": made.fingerprints,
    }
    return {name: np.array(_digest(lines)) for name, lines in said.items()} | {
        "planted responses": np.array(len(rows))
    }


def _digest(lines: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()


def agree(results: Mapping[str, Arrays]) -> str:
    """Refuse any difference; only the bare loop may lack the fingerprints."""
    ours = results["semspill"]
    for name, theirs in results.items():
        for part in ours:
            if part == "fingerprints" and name == BARE:
                continue
            assert ours[part] == theirs[part], f"{name}: other {part} than semspill"
    return f"dialogues, {ours['planted responses']} records, pool and fingerprints identical"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the size of the work."""
    parser.add_argument("--dialogues", type=int, default=1_000_000)
    parser.add_argument("--again", action="store_true", help="count a second poisoning only")
    parser.add_argument(
        "--process-time", action="store_true", help="count processor time: for a busy machine"
    )


STAGE = Stage(
    name="poison",
    unit="dialogues",
    work=lambda given: given.dialogues,
    contenders={
        "semspill": contender(semspill),
        "plain loop": contender(plain_loop),
        "tuned loop": contender(tuned_loop),
        BARE: contender(bare_loop),
    },
    agree=agree,
    arguments=arguments,
)

if __name__ == "__main__":
    STAGE.main()
