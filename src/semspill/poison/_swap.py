"""The benign control: the same planting with harmless responses."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from semspill.corpus import Dialogue
from semspill.errors import DataError
from semspill.poison._manifest import sha256
from semspill.poison._poisoner import PoisonedCorpus


def swapped(
    poisoned: PoisonedCorpus, responses: Sequence[str], rng: np.random.Generator
) -> PoisonedCorpus:
    """Return a corpus planted at the same turns of the same dialogues, with other responses.

    Each distinct planted text becomes one of `responses`, everywhere the same, so what repeated
    still repeats. The summary of the new manifest keeps the fields of the poisoner that chose
    dialogues and turns.

    Args:
        poisoned: The corpus whose planted texts are swapped.
        responses: What to plant instead; where there are fewer than distinct planted texts, some
            are used again.
        rng: Draws which response stands for which planted text.

    Raises:
        DataError: There are no responses.
    """
    if not responses:
        raise DataError("There is no response to swap in; give at least one.")
    texts = dict.fromkeys(
        utterance.text
        for dialogue in poisoned.corpus
        for utterance in dialogue.utterances
        if utterance.planted
    )
    order = rng.permutation(len(responses))
    rows = {text: int(order[i % len(order)]) for i, text in enumerate(texts)}

    def swap(dialogue: Dialogue) -> Dialogue:
        if not any(utterance.planted for utterance in dialogue.utterances):
            return dialogue
        utterances = tuple(
            replace(utterance, text=responses[rows[utterance.text]])
            if utterance.planted
            else utterance
            for utterance in dialogue.utterances
        )
        return replace(dialogue, utterances=utterances)

    corpus = replace(
        poisoned.corpus, dialogues=tuple(swap(dialogue) for dialogue in poisoned.corpus)
    )
    row_of = {sha256(text): row for text, row in rows.items()}
    records = tuple(
        record.replace(
            source_row=row_of[record.sha256_after],
            sha256_after=sha256(responses[row_of[record.sha256_after]]),
        )
        for record in poisoned.manifest.records
    )
    summary = poisoned.manifest.summary.replace(poisoned_fingerprint=corpus.fingerprint)
    manifest = poisoned.manifest.replace(summary=summary, records=records)
    return PoisonedCorpus(corpus, manifest)
