"""A pretrained model's own tokenizer: whole batches to ids, cut from the right places."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tokenizers import Tokenizer
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from semspill._atomic import write_text
from semspill.corpus import Text
from semspill.encoders._tokens import Tokens, shorten
from semspill.errors import DataError

_BATCH = 4096


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

    @classmethod
    def read(cls, model: str, folder: Path) -> "Subwords":
        """Return the tokenizer of a pretrained model.

        Args:
            model: What the user called it, for messages.
            folder: Where its files lie.

        Raises:
            DataError: There is none, it is broken, or it has no fast form.
        """
        try:
            known = AutoTokenizer.from_pretrained(folder)
            # Without files it would be made with an empty vocabulary, and nothing said.
            files = sorted(known.vocab_files_names.values())
            if not any((folder / name).is_file() for name in files):
                raise FileNotFoundError(f"none of {', '.join(files)} is there")
            backend: Tokenizer = known.backend_tokenizer
        except Exception as error:  # every kind of tokenizer file has errors of its own
            raise DataError(
                f"Model {model!r} at {folder} has no fast tokenizer that can be read "
                f"({type(error).__name__}: {str(error).splitlines()[0]}); give a folder that "
                "holds its tokenizer.json."
            ) from error
        backend.no_truncation()
        backend.no_padding()
        return cls(_special(known, backend), backend)

    @classmethod
    def restore(cls, folder: Path) -> "Subwords":
        """Return the tokenizer that `save` wrote."""
        said = json.loads((folder / "special.json").read_text(encoding="utf-8"))
        special = Special(tuple(said["prefix"]), tuple(said["suffix"]), said["pad"], said["blank"])
        return cls(special, Tokenizer.from_file(str(folder / "tokenizer.json")))

    def save(self, folder: Path) -> None:
        """Write all that `restore` needs."""
        write_text(folder / "tokenizer.json", self.backend.to_str())
        write_text(folder / "special.json", json.dumps(asdict(self.special)) + "\n")

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
        rows: list[list[int]] = []
        for start in range(0, len(texts), _BATCH):
            chunk = [_clean(text) for text in texts[start : start + _BATCH]]
            joined = [_joined(text) for text in chunk]
            encodings = self.backend.encode_batch_fast(joined, add_special_tokens=False)
            for text, encoding in zip(chunk, encodings, strict=True):
                ids = encoding.ids if len(encoding) <= room else self._cut(text, room)
                rows.append([*prefix, *ids, *suffix] or [self.special.blank])
        return Tokens.of(rows)

    def _cut(self, text: Text, room: int) -> list[int]:
        encoding = self.backend.encode(_joined(text), add_special_tokens=False)
        # Both parts are split as one text, since a leading space matters to some tokenizers.
        of_head = sum(start < len(text.head) for start, _ in encoding.offsets)
        return shorten(encoding.ids[:of_head], encoding.ids[of_head:], room)


def _special(known: PreTrainedTokenizerBase, backend: Tokenizer) -> Special:
    bare = backend.encode("a", add_special_tokens=False).ids
    full = backend.encode("a").ids
    fits = [i for i in range(len(full) + 1) if full[i : i + len(bare)] == bare]
    start = fits[0]
    names = ("unk_token_id", "cls_token_id", "bos_token_id", "eos_token_id", "pad_token_id")
    blanks = [getattr(known, name) for name in names if getattr(known, name) is not None]
    pad = known.pad_token_id
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
    return Text(*(part.encode("utf-8", "replace").decode("utf-8") for part in text))
