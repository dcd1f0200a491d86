"""Toxic comments of the Jigsaw challenge, the planted responses of the paper."""

from pathlib import Path
from typing import ClassVar, Literal, TypeAlias

from pydantic import Field

from semspill.sources._base import ResponseSource
from semspill.sources._files import CsvSource

Label: TypeAlias = Literal["toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate"]


class JigsawSource(ResponseSource):
    """Comments that carry all the given labels, from Kaggle's train.csv.

    The file holds real abuse and has to be downloaded from Kaggle by hand. The paper plants the
    comments that are both severely toxic and insulting.

    Example:
        >>> JigsawSource(path="train.csv").labels
        ('severe_toxic', 'insult')
    """

    citation: ClassVar[str] = (
        "cjadams et al. 2017, Toxic Comment Classification Challenge, "
        "https://kaggle.com/competitions/jigsaw-toxic-comment-classification-challenge"
    )
    corpus_name: ClassVar[str | None] = "jigsaw"

    path: Path
    """The challenge's train.csv."""
    labels: tuple[Label, ...] = Field(("severe_toxic", "insult"), min_length=1)
    """The labels a comment must carry, all of them."""
    min_chars: int = Field(1, ge=1)
    """Shortest comment taken, in characters after white space is cleaned."""
    max_chars: int | None = Field(None, ge=1)
    """Longest comment taken, in characters; None for no limit."""

    def load(self) -> tuple[str, ...]:
        """Return the distinct comments, in the order of the file.

        Raises:
            DataError: The file is missing or not the challenge's, or no comment qualifies.
        """
        return CsvSource(
            path=self.path,
            text="comment_text",
            where=dict.fromkeys(self.labels, ("1",)),
            min_chars=self.min_chars,
            max_chars=self.max_chars,
        ).load()
