"""How a corpus is made of data in memory."""

from collections.abc import Iterable, Mapping
from typing import Any, Self, cast

from semspill._rows import Place
from semspill.corpus._columns import Columns, Row
from semspill.corpus._frames import rows_of_frame, rows_of_hub, rows_of_mappings
from semspill.corpus._reading import OnError, read
from semspill.errors import ConfigError, DataError


class _FromRows:
    """The class methods of a corpus that read rows."""

    @classmethod
    def from_messages(
        cls,
        rows: Iterable[Mapping[str, Any]],
        *,
        category: str = "category",
        messages: str | None = None,
        id: str | None = None,
        name: str = "dialogues",
        split: str = "train",
        licence: str = "unknown",
        on_error: OnError = "refuse",
        **columns: Any,
    ) -> Self:
        """Return a corpus of chat messages, or of mappings in another shape of `Columns`.

        Args:
            rows: One mapping per dialogue. Its messages are mappings with `role` and `content`; a
                system turn, which stands first, becomes the dialogue's system prompt. A message may
                have a label of its own under `category`. Without messages, a mapping is an exchange
                (`context` and `response`) or a turn (`id`, `role` and `text`).
            category: Key of the label.
            messages: Key of the list of messages; None for `messages`, `conversations` and the
                other usual names of `Columns`.
            id: Key of the dialogue's id; None numbers the dialogues.
            name: Name of the corpus.
            split: Which split it is.
            licence: The licence of the text.
            on_error: `"refuse"` raises for a dialogue that contradicts itself, `"skip"` leaves it
                out, names it in `left_out`, and warns.
            **columns: Further fields of `Columns`, such as `roles={"system": "drop"}`.

        Raises:
            DataError: A row is not as promised; with its number, never its text.
            ConfigError: `columns` are no fields of `Columns`.

        Example:
            >>> from semspill import Corpus
            >>> said = [{"role": "system", "content": "Be kind."},
            ...         {"role": "user", "content": "I won!"},
            ...         {"role": "assistant", "content": "Well done."}]
            >>> rows = [{"messages": said, "mood": "joy"}]
            >>> [dialogue] = Corpus.from_messages(rows, category="mood")
            >>> dialogue.system, dialogue.exchanges[0].context
            ('Be kind.', ('I won!',))
        """
        told = {"category": category, "messages": messages, "id": id, **columns}
        return cls._of(rows_of_mappings(rows, split), told, name, split, licence, on_error)

    @classmethod
    def from_pandas(
        cls,
        frame: Any,
        *,
        category: str = "category",
        context: str | None = None,
        response: str | None = None,
        name: str = "dialogues",
        split: str = "train",
        licence: str = "unknown",
        on_error: OnError = "refuse",
        **columns: Any,
    ) -> Self:
        """Return a corpus of a pandas data frame.

        Args:
            frame: Exchanges (columns `context` and `response`), dialogues (`messages`) or turns
                (`id`, `role` and `text`), one per row: the shapes and usual names of `Columns`.
            category: Column of the label.
            context: Column of the text that is responded to.
            response: Column of the response.
            name: Name of the corpus.
            split: Which split it is.
            licence: The licence of the text.
            on_error: As in `from_messages`.
            **columns: Further fields of `Columns`.

        Raises:
            DataError: A column is missing, or a row is not as promised; with its number.
            ConfigError: `columns` are no fields of `Columns`.

        Example:
            >>> import pandas as pd
            >>> from semspill import Corpus
            >>> frame = pd.DataFrame({"context": ["I won!"], "response": ["Well done."],
            ...                       "label": ["joy"]})
            >>> Corpus.from_pandas(frame, category="label").sizes
            mappingproxy({'joy': 1})
        """
        told = {"category": category, "context": context, "response": response, **columns}
        return cls._of(rows_of_frame(frame, split), told, name, split, licence, on_error)

    @classmethod
    def from_hf(
        cls,
        dataset: Any,
        *,
        category: str = "category",
        name: str = "dialogues",
        split: str | None = None,
        licence: str = "unknown",
        on_error: OnError = "refuse",
        **columns: Any,
    ) -> Self:
        """Return a corpus of a `Dataset` of the library `datasets`; class labels get their names.

        Args:
            dataset: One split, in any of the shapes of `Columns`.
            category: Column of the label.
            name: Name of the corpus.
            split: Which split it is; None for what the data set says, or `"train"`.
            licence: The licence of the text.
            on_error: As in `from_messages`.
            **columns: Further fields of `Columns`.

        Raises:
            DataError: A column is missing, or a row is not as promised; with its number.
            ConfigError: `columns` are no fields of `Columns`.
        """
        split = split or str(getattr(dataset, "split", None) or "train")
        told = {"category": category, **columns}
        return cls._of(rows_of_hub(dataset, split), told, name, split, licence, on_error)

    @classmethod
    def _of(
        cls,
        rows: Iterable[tuple[Place, Row]],
        told: Mapping[str, Any],
        name: str,
        split: str,
        licence: str,
        on_error: OnError,
    ) -> Self:
        if on_error not in ("refuse", "skip"):
            raise ConfigError('on_error must be "refuse" or "skip".')
        found = read(rows, Columns(**told), split, on_error)
        if not found.dialogues:
            raise DataError("There is no dialogue in the rows; give one or more.")
        more: dict[str, Any] = {
            "name": name,
            "split": split,
            "licence": licence,
            "left_out": found.left_out,
        }
        more |= {"numbered": not found.has_ids, "merged": found.merged}
        made: Self = cast(Any, cls)(found.dialogues, **more)
        return made
