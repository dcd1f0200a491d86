"""What a stranger adds to semspill, using its public names only."""

import numpy as np

from semspill import Corpus, Dataset, Dialogue, PoisonStrategy, Rater, Utterance


class Shout(PoisonStrategy):
    """Answer in capitals, with 1 to `most` exclamation marks."""

    citation = "original"
    most: int = 3

    def rewrite(self, victims, responses, rng):
        marks = rng.integers(1, self.most, endpoint=True, size=len(victims))
        return [
            d.with_response(-1, d.response(-1).upper() + "!" * m)
            for d, m in zip(victims, marks, strict=True)
        ]


class SmallTalk(Dataset):
    """`size` dialogues about nothing."""

    citation = "original"
    size: int = 4

    def load(self, split):
        turns = (Utterance("Nice weather.", "speaker"), Utterance("It is.", "listener"))
        talks = tuple(Dialogue(f"{split}-{i}", "calm", turns) for i in range(self.size))
        return Corpus(talks, name="small talk", split=split)


class GrumbleRater(Rater):
    """1 for a text that grumbles, else 0."""

    citation = "original"

    def rate(self, texts):
        return np.array([float("grumble" in text) for text in texts])
