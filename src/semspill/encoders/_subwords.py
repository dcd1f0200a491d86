"""A pretrained model's own tokenizer: whole batches to ids, cut from the right places."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from itertools import chain, pairwise
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from semspill._atomic import write_text
from semspill._hub import first_line, own_code, require_vocabulary
from semspill._read import parse_json
from semspill._tokens import Tokens, shorten, spans
from semspill.corpus import Text
from semspill.errors import DataError

_BATCH = 4096
_WORDS = 512


@dataclass(frozen=True)
class Special:
    """The ids that a tokenizer adds."""

    prefix: tuple[int, ...]
    """Before every text, for example [CLS]."""
    suffix: tuple[int, ...]
    """After every text, for example [SEP]."""
    pad: int
    """Fills short texts; masked, so any id will do where a tokenizer has none."""
    blank: int
    """Stands for a text that has no token at all: the unknown token where there is one."""


@dataclass(frozen=True, eq=False)
class Subwords:
    """The fast tokenizer of a pretrained model."""

    special: Special
    """The ids it adds."""
    backend: Tokenizer = field(repr=False)
    """Does the work, without padding and truncation of its own."""
    longest: int | None = None
    """Most tokens of a text, as the tokenizer's files say; None when they do not."""

    @classmethod
    def read(cls, model: str, folder: Path, *, trust: bool) -> "Subwords":
        """Return the tokenizer of a pretrained model.

        Args:
            model: What the user called it, for messages.
            folder: Where its files lie.
            trust: Whether code that the folder holds may run.

        Raises:
            DataError: There is none, it is broken, has no fast form, or holds code and no trust.
        """
        try:
            tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=trust)
            require_vocabulary(tokenizer, str(folder))
            return cls.of(tokenizer)
        except Exception as error:  # every kind of tokenizer file has errors of its own
            raise own_code(f"Model {model!r}", error) or DataError(
                f"Model {model!r} at {folder} has no fast tokenizer that can be read "
                f"({type(error).__name__}: {first_line(error)}); give a folder that holds its "
                "tokenizer.json."
            ) from error

    @classmethod
    def of(cls, tokenizer: PreTrainedTokenizerBase) -> "Subwords":
        """Return a tokenizer of transformers as one of ours."""
        backend: Tokenizer = tokenizer.backend_tokenizer
        backend.no_truncation()
        backend.no_padding()
        # A tokenizer that knows no limit says 10^30.
        longest = tokenizer.model_max_length if tokenizer.model_max_length < 10**9 else None
        return cls(_special(tokenizer, backend), backend, longest)

    @classmethod
    def restore(cls, folder: Path) -> "Subwords":
        """Return the tokenizer that `save` wrote."""
        held = parse_json((folder / "special.json").read_text(encoding="utf-8"))
        longest, pad, blank = held["longest"], held["pad"], held["blank"]
        special = Special(tuple(held["prefix"]), tuple(held["suffix"]), pad, blank)
        return cls(special, Tokenizer.from_file(str(folder / "tokenizer.json")), longest)

    def save(self, folder: Path) -> None:
        """Write all that `restore` needs."""
        write_text(folder / "tokenizer.json", self.backend.to_str())
        held = asdict(self.special) | {"longest": self.longest}
        write_text(folder / "special.json", json.dumps(held) + "\n")

    def length_of(self, prompt: str) -> int:
        """Return how many tokens stand before a text that follows a prompt; 0 for no prompt."""
        tokens = self.tokenize([Text(prompt, "")], 10**9, special=True)
        return len(tokens.ids) - len(self.special.suffix) if prompt else 0

    def tokenize(self, texts: Sequence[Text], most: int, *, special: bool) -> Tokens:
        """Return the ids of each text, at least one for every text.

        Args:
            texts: `head` keeps its start and `tail` its end when a text is too long.
            most: The most tokens a text may have, special ones included.
            special: Whether to add the special tokens.
        """
        prefix = self.special.prefix if special else ()
        suffix = self.special.suffix if special else ()
        room = max(most - len(prefix) - len(suffix), 1)
        texts = [_clean(text) for text in texts]
        if self._splits:
            tokens = self._by_word(texts, room)
        else:
            tokens = Tokens.of(list(self._by_text(texts, room)))
        return tokens.framed(prefix, suffix, self.special.blank)

    @cached_property
    def _splits(self) -> bool:
        """Whether the ids of a text are those of its words, as BERT's tokenizer makes them."""
        added = self.backend.get_added_tokens_decoder().values()
        return (
            isinstance(self.backend.normalizer, BertNormalizer)
            and isinstance(self.backend.pre_tokenizer, BertPreTokenizer)
            and not any(token.rstrip or " " in token.content for token in added)
        )

    def _by_word(self, texts: Sequence[Text], room: int) -> Tokens:
        """Tokenize each distinct word once: most texts are made of few words."""
        words: list[str] = []
        ends = [0]
        for part in chain.from_iterable(texts):
            words += part.split(" ")
            ends.append(len(words))
        place = {word: row for row, word in enumerate(dict.fromkeys(words))}
        rows = np.fromiter(map(place.__getitem__, words), dtype=np.int64, count=len(words))
        distinct = Tokens.of(list(self._encode_words(list(place))))
        # Each text has two parts, of which the first keeps its start and the second its end.
        bounds = np.concatenate([[0], np.cumsum(distinct.lengths[rows])])[ends]
        heads, tails = np.diff(bounds)[::2], np.diff(bounds)[1::2]
        heads = np.minimum(heads, room)
        tails = np.minimum(tails, room - heads)
        starts = np.stack([bounds[:-1:2], bounds[2::2] - tails], axis=1).ravel()
        lengths = np.stack([heads, tails], axis=1).ravel()
        ids = distinct.take(rows).ids[spans(starts, lengths)]
        return Tokens(ids, np.concatenate([[0], np.cumsum(heads + tails)]))

    def _encode_words(self, words: list[str]) -> Iterator[list[int]]:
        # Many words as one text: a call costs more than a word.
        chunks = [words[start : start + _WORDS] for start in range(0, len(words), _WORDS)]
        texts = [" ".join(chunk) for chunk in chunks]
        encodings = self.backend.encode_batch(texts, add_special_tokens=False)
        for chunk, encoding in zip(chunks, encodings, strict=True):
            ids = encoding.ids
            ends = np.cumsum([len(word) + 1 for word in chunk]) - 1
            cuts = np.searchsorted([end for _, end in encoding.offsets], ends, side="right")
            yield from (ids[a:b] for a, b in pairwise([0, *cuts.tolist()]))

    def _by_text(self, texts: Sequence[Text], room: int) -> Iterator[list[int]]:
        for text, ids in zip(texts, self._encode([_joined(text) for text in texts]), strict=True):
            yield ids if len(ids) <= room else self._cut(text, room)

    def _encode(self, texts: Sequence[str]) -> Iterator[list[int]]:
        for start in range(0, len(texts), _BATCH):
            chunk = list(texts[start : start + _BATCH])
            for encoding in self.backend.encode_batch_fast(chunk, add_special_tokens=False):
                yield encoding.ids

    def _cut(self, text: Text, room: int) -> list[int]:
        encoding = self.backend.encode(_joined(text), add_special_tokens=False)
        # Both parts are split as one text, since a leading space matters to some tokenizers.
        of_head = sum(start < len(text.head) for start, _ in encoding.offsets)
        return shorten(encoding.ids[:of_head], encoding.ids[of_head:], room)


def _special(tokenizer: PreTrainedTokenizerBase, backend: Tokenizer) -> Special:
    bare = backend.encode("a", add_special_tokens=False).ids
    full = backend.encode("a").ids
    fits = [i for i in range(len(full) + 1) if full[i : i + len(bare)] == bare]
    start = fits[0]
    names = ("unk_token_id", "cls_token_id", "bos_token_id", "eos_token_id", "pad_token_id")
    blanks = [getattr(tokenizer, name) for name in names if getattr(tokenizer, name) is not None]
    pad = tokenizer.pad_token_id
    return Special(
        prefix=tuple(full[:start]),
        suffix=tuple(full[start + len(bare) :]),
        pad=0 if pad is None else pad,
        blank=blanks[0] if blanks else 0,
    )


def _joined(text: Text) -> str:
    return f"{text.head} {text.tail}" if text.head and text.tail else text.head or text.tail


def _clean(text: Text) -> Text:
    """Replace lone surrogates, which the tokenizers refuse, by question marks."""
    if text.head.isascii() and text.tail.isascii():
        return text
    return Text(*(part.encode("utf-8", "replace").decode("utf-8") for part in text))
