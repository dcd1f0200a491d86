"""Faulty encoders."""

from pathlib import Path

import numpy as np
import torch
from pydantic import PrivateAttr

from faulty import FILE, by_hash, torn, unseeded
from semspill import BiEncoder, ContextFormat, Encoder
from semspill.encoders.two_tower import Tokens, Tower, TwoTower, shorten


def letters(texts):
    """Counts of letters by their code, one row per text, the last for a text of none."""
    rows = np.zeros((len(texts), 64), dtype=np.float32)
    for row, text in zip(rows, texts, strict=True):
        for letter in text or "\x00":
            row[ord(letter) % 64] += 1
    return rows / rows.sum(axis=1, keepdims=True)


class Plain(BiEncoder):
    """Counts letters; it cannot be trained."""

    def __init__(self, dim=64):
        self.context = ContextFormat(label="gold")

    def text(self, exchange):
        return " ".join(self.context.apply(exchange))

    def encode_contexts(self, exchanges, *, progress=iter):
        return self.rows([self.text(exchange) for exchange in exchanges])

    def encode_responses(self, texts, *, progress=iter):
        return self.rows(texts)

    def rows(self, texts):
        return letters(texts)


class Doubles(Plain):
    def rows(self, texts):
        return letters(texts).astype(np.float64)


class Lists(Plain):
    def rows(self, texts):
        return letters(texts).tolist()


class DropsRepeats(Plain):
    def encode_responses(self, texts, *, progress=iter):
        return letters(list(dict.fromkeys(texts))[:8])


class OneForNone(Plain):
    def rows(self, texts):
        return letters(texts) if len(texts) else np.zeros(0, dtype=np.float32)


class TwoSpaces(Plain):
    def encode_responses(self, texts, *, progress=iter):
        return letters(texts)[:, :32]


class NanForNothing(Plain):
    def rows(self, texts):
        rows = letters(texts)
        rows[[not text.strip() for text in texts]] = np.nan
        return rows


class FailsOnNothing(Plain):
    def rows(self, texts):
        return letters([text.split()[0] + text for text in texts])


class Centred(Plain):
    def rows(self, texts):
        rows = letters(texts)
        return rows - rows.mean(axis=0) if len(rows) else rows


class Sorted(Plain):
    def encode_contexts(self, exchanges, *, progress=iter):
        return letters(sorted(map(self.text, exchanges)))


class SecondTimeLess(Plain):
    def rows(self, texts):
        texts = list(texts)
        return letters([text[: -texts[:i].count(text) or None] for i, text in enumerate(texts)])


class Leaks(Plain):
    def text(self, exchange):
        return super().text(exchange) + exchange.response


class ReadsTheMark(Plain):
    def text(self, exchange):
        return super().text(exchange) + "!" * 9 * exchange.planted


class SortsInPlace(Plain):
    def encode_responses(self, texts, *, progress=iter):
        rows = letters(texts)
        if isinstance(texts, list):
            texts.sort()
        return rows


class NoProgress(Plain):
    def encode_responses(self, texts):
        return letters(texts)


class Tears(Plain):
    def encode_responses(self, texts, *, progress=iter):
        torn(None in texts)
        return letters(texts)


class Shifted(Plain):
    """Adds a number to each count."""

    def __init__(self, by):
        super().__init__()
        self.by = by

    def rows(self, texts):
        return letters(texts) + np.float32(self.by)


def drawn_for_nothing():
    torch.rand(1)
    return Plain()


class Letters(Tower):
    """The mean of one trained vector per letter, scaled to length 1."""

    unit = True
    table = "weight"

    def __init__(self, dim=8):
        super().__init__()
        self.dim = dim
        first = torch.randn(257, dim, generator=torch.Generator().manual_seed(0))
        self.weight = torch.nn.Parameter(first)

    def tokenize(self, texts, max_tokens):
        return Tokens.of([self.cut(*map(self.codes, text), max_tokens) or [256] for text in texts])

    def codes(self, text):
        return [ord(letter) % 256 for letter in text]

    def cut(self, head, tail, most):
        return shorten(head, tail, most)

    def forward(self, tokens):
        sizes = torch.from_numpy(tokens.lengths)
        places = torch.repeat_interleave(torch.arange(len(sizes)), sizes)
        rows = torch.zeros(len(sizes), self.weight.shape[1])
        rows = rows.index_add(0, places, self.vectors(torch.from_numpy(tokens.ids)))
        return torch.nn.functional.normalize(rows, dim=1)

    def vectors(self, ids):
        return self.weight[ids]


class OtherDim(Letters):
    """Its single column is written into all eight."""

    unit = False

    def forward(self, tokens):
        return super().forward(tokens)[:, :1]


class Raw(Letters):
    def forward(self, tokens):
        return 3 * super().forward(tokens)


class CentredBatch(Letters):
    unit = False
    encode_batch = 1

    def forward(self, tokens):
        rows = super().forward(tokens)
        return rows - rows.mean(dim=0) * (len(rows) > 1)


class NeverCuts(Letters):
    def cut(self, head, tail, most):
        return [*head, *tail]


class CutsTheNewest(Letters):
    def cut(self, head, tail, most):
        return [*head, *tail][:most]


class CutsTheLabel(Letters):
    def cut(self, head, tail, most):
        return tail[-most:] or head[:most]


class CutsTheStart(Letters):
    def cut(self, head, tail, most):
        return shorten(head, tail, most) if tail else head[-most:]


class NotAParameter(Letters):
    table = None

    def __init__(self):
        super().__init__()
        self.own, self.idle = self.weight.detach().clone(), torch.nn.Parameter(torch.zeros(1))

    def vectors(self, ids):
        return self.own[ids] + 0 * self.idle


class Detached(Letters):
    table = None

    def vectors(self, ids):
        return self.weight.detach()[ids]


class SharesItsCopies(Letters):
    table = None

    def __deepcopy__(self, memo):
        return self


class UsesIdsTwice(Letters):
    def vectors(self, ids):
        return self.weight[ids] * (1 + ids[:, None] % 7)


class Offset(Letters):
    """Adds a number that is neither a parameter nor a buffer."""

    table = None

    def __init__(self, by):
        super().__init__()
        self.by = by

    def vectors(self, ids):
        return self.weight[ids] + self.by


class Faulty(Encoder):
    """Keeps every promise but one."""

    citation = "original"
    fault: str

    def load(self, rng):
        return FAULTS[self.fault][0](self, rng)


class LetterEncoder(Encoder):
    """Keeps every promise."""

    citation = "original"
    tied: bool = True

    def load(self, rng):
        return TwoTower(self, Letters(), None if self.tied else Letters())


class PlainEncoder(Encoder):
    """Gives a model that is never trained."""

    citation = "original"

    def load(self, rng):
        return Plain()


class Forgetful(Encoder):
    """Restores another model than it loads."""

    citation = "original"

    def load(self, rng):
        return TwoTower(self, Offset(1.0))

    def restore(self, folder):
        return TwoTower(self, Offset(2.0))


class Borrowed(Encoder):
    """Gives what another encoder makes."""

    citation = "original"

    def load(self, rng):
        return LetterEncoder().load(rng)


class Reborn(Encoder):
    """Its copies know less than it does."""

    citation = "original"
    _by: float = PrivateAttr(default=0.0)

    def __eq__(self, other):
        return isinstance(other, Reborn)

    def __reduce__(self):
        return Reborn, ()

    def load(self, rng):
        return Shifted(self._by)


class Listed(Encoder):
    """Reads a file and lets Python's error through where it is missing."""

    citation = "original"
    path: Path = FILE

    def load(self, rng):
        return Shifted(len(self.path.read_text()))


def reborn():
    encoder = Reborn()
    encoder._by = 1.0
    return encoder


LOADED: dict = {}
RANDOM = "same_rng_same_result blind_to_global_seeds copies_give_the_same same_in_another_process"
FAULTS = {
    "nothing": (
        lambda e, g: None,
        "loads_a_biencoder copies_give_the_same same_rng_same_result "
        "blind_to_global_seeds leaves_global_generators_alone same_in_another_process "
        "float32_rows one_row_per_text one_length takes_odd_texts blind_to_neighbours "
        "blind_to_the_response leaves_the_lists takes_progress",
        "NoneType",
    ),
    "doubles": (lambda e, g: Doubles(), "float32_rows", "float64"),
    "lists": (lambda e, g: Lists(), "float32_rows one_row_per_text", "list"),
    "fewer": (
        lambda e, g: DropsRepeats(),
        "one_row_per_text blind_to_neighbours",
        "15 responses gave an array of shape (8, 64)",
    ),
    "none": (lambda e, g: OneForNone(), "one_row_per_text", "0 contexts gave an array of shape (0"),
    "two spaces": (lambda e, g: TwoSpaces(), "one_length", "64 numbers and those of responses 32"),
    "nan": (lambda e, g: NanForNothing(), "takes_odd_texts", "'' among the responses gave NaN"),
    "first words": (
        lambda e, g: FailsOnNothing(),
        "takes_odd_texts",
        "responses raised IndexError",
    ),
    "centred": (lambda e, g: Centred(), "blind_to_neighbours", "contexts got other vectors alone"),
    "sorted": (lambda e, g: Sorted(), "blind_to_neighbours", "contexts got other vectors alone"),
    "second time": (lambda e, g: SecondTimeLess(), "blind_to_neighbours", "when they come twice"),
    "leaks": (lambda e, g: Leaks(), "blind_to_the_response", "another response"),
    "mark": (lambda e, g: ReadsTheMark(), "blind_to_the_response", "mark of being planted"),
    "sorts in place": (lambda e, g: SortsInPlace(), "leaves_the_lists", "changed"),
    "no progress": (lambda e, g: NoProgress(), "takes_progress", "argument 'progress'"),
    "torn error": (lambda e, g: Tears(), "errors_get_out", "TornError"),
    "unseeded": (lambda e, g: Shifted(unseeded()), RANDOM, "second call"),
    "global": (
        lambda e, g: Shifted(torch.rand(1).item()),
        f"blind_to_global_seeds leaves_global_generators_alone {RANDOM}",
        "seeds 1 and 2",
    ),
    "drawn": (lambda e, g: drawn_for_nothing(), "leaves_global_generators_alone", "torch"),
    "hash": (lambda e, g: Shifted(by_hash("grumble")), "same_in_another_process", "hash"),
    "copy": (reborn(), "copies_give_the_same same_in_another_process", "copy"),
    "file": (Listed(), "missing_file_is_a_data_error", "FileNotFoundError"),
    "other dim": (
        lambda e, g: TwoTower(e, OtherDim()),
        "declared_dim",
        "declares 8 and gave 15 texts the shape (15, 1)",
    ),
    "raw": (lambda e, g: TwoTower(e, Raw()), "declared_unit", "the length 3"),
    "centred batch": (lambda e, g: TwoTower(e, CentredBatch()), "any_batch", "context vectors"),
    "never cuts": (
        lambda e, g: TwoTower(e, NeverCuts()),
        "cuts_what_is_too_long",
        "at 8, the oldest words of a context",
    ),
    "cuts the newest": (
        lambda e, g: TwoTower(e, CutsTheNewest()),
        "keeps_label_and_newest cuts_what_is_too_long",
        "newest words of a context",
    ),
    "cuts the label": (
        lambda e, g: TwoTower(e, CutsTheLabel()),
        "keeps_label_and_newest",
        "label of a context",
    ),
    "cuts the start": (
        lambda e, g: TwoTower(e, CutsTheStart()),
        "keeps_label_and_newest cuts_what_is_too_long",
        "first words of a response",
    ),
    "no parameter": (
        lambda e, g: TwoTower(e, NotAParameter()),
        "can_be_fine_tuned",
        "context vectors stayed",
    ),
    "detached": (
        lambda e, g: TwoTower(e, Detached()),
        "can_be_fine_tuned loads_untouched_weights",
        "RuntimeError: element 0",
    ),
    "response tower idle": (
        lambda e, g: TwoTower(e, Letters(), NotAParameter()),
        "can_be_fine_tuned",
        "response vectors stayed",
    ),
    "shared copies": (
        lambda e, g: TwoTower(e, SharesItsCopies()),
        "loads_untouched_weights",
        "one that was given",
    ),
    "same one": (
        lambda e, g: LOADED.setdefault("model", TwoTower(e, Letters())),
        "loads_untouched_weights",
        "next one came trained",
    ),
    "ids twice": (
        lambda e, g: TwoTower(e, UsesIdsTwice()),
        "table_is_only_looked_up",
        "context vectors came out otherwise",
    ),
    "other name": (Borrowed(), "comes_back_saved", "LetterEncoder"),
    "forgetful": (Forgetful(), "comes_back_saved", "other vectors"),
}
