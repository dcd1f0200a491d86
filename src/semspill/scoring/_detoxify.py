"""A rater that is one of the Detoxify models, or a checkpoint trained like them."""

import hashlib
from collections.abc import Callable, Sequence
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from jaxtyping import Float
from pydantic import Field

from semspill._hub import hub_has
from semspill.scoring._base import Rater
from semspill.scoring._code import code_of
from semspill.scoring._files import hash_file, hash_folder

# What Detoxify builds its official models from, as their checkpoints say.
_BASES = {
    "original": "bert-base-uncased",
    "unbiased": "roberta-base",
    "multilingual": "xlm-roberta-base",
    "original-small": "albert-base-v2",
    "unbiased-small": "albert-base-v2",
}


class DetoxifyRater(Rater):
    """Rates by the probability that a Detoxify model gives to one label, by default `toxicity`.

    Detoxify itself unpickles a checkpoint, official or not, and so would run code hidden in it.
    This rater never does: it opens the file with `weights_only=True`, checks an official one
    against the hash in its name, and lets Detoxify's own code build the model from what it read.
    Without a network, give `checkpoint` and `config`. A text longer than the model reads (512
    tokens for all official ones) loses its end. All official models were trained on Jigsaw's
    challenges, so those are no unseen data to them.

    Example:
        >>> DetoxifyRater(model_type="unbiased", label="insult").batch_size
        32
    """

    citation: ClassVar[str] = (
        "Hanu and Unitary (2020), Detoxify, https://github.com/unitaryai/detoxify"
    )

    model_type: Literal[
        "original", "unbiased", "multilingual", "original-small", "unbiased-small"
    ] = "original"
    """Which official model is downloaded; not looked at when `checkpoint` is given."""
    label: str = "toxicity"
    """The label whose probability is the rating: also severe_toxicity, obscene, threat, insult,
    identity_attack, or what else the checkpoint was trained on."""
    checkpoint: Path | None = None
    """A checkpoint file as Detoxify saves it, used in place of an official model."""
    config: Path | None = None
    """Folder with the config.json and the tokenizer files of the checkpoint's base model, such as
    bert-base-uncased; None fetches them from the hub."""
    batch_size: int = Field(32, ge=1)
    """Texts per forward pass; never changes a rating beyond rounding."""
    device: str = "cpu"
    """Where the model runs, as torch names it, for example `cuda:0`; `auto` takes a GPU where
    there is one."""

    @property
    def trained_on(self) -> tuple[str, ...]:
        """The Jigsaw challenges for an official model; nothing known of any other checkpoint."""
        return () if self.checkpoint else ("jigsaw",)

    @cached_property
    def fingerprint(self) -> str:
        """What identifies the ratings: code, model or checkpoint, config, fields, versions.

        An official model is known by its name, whose file is checked against a fixed hash.

        Raises:
            DataError: The checkpoint or the config is missing.
        """
        fields = self.model_dump_json(exclude={"batch_size", "checkpoint", "config", "model_type"})
        said = [fields, version("detoxify"), code_of(type(self))]
        said.append(hash_file(self.checkpoint.expanduser()) if self.checkpoint else self.model_type)
        said.append(hash_folder(self.config.expanduser()) if self.config else "")
        return hashlib.sha256("\n".join([str(type(self)), *said]).encode()).hexdigest()

    def unavailable(self) -> str | None:
        """Say what must be downloaded; None where nothing.

        What base model an own checkpoint has is not looked up, because that takes long.
        """
        from semspill.scoring._checkpoint import official_checkpoint

        official, _ = official_checkpoint(self.model_type)
        file = self.checkpoint.expanduser() if self.checkpoint else official
        if not file.is_file():
            return f"needs a download: {file.name}, or `checkpoint` and `config`"
        base = None if self.checkpoint else _BASES[self.model_type]
        if self.config or (base and hub_has(base, weights=False)):
            return None
        return f"needs a download: config and tokenizer of {base or 'its base model'}, or `config`"

    def rate(self, texts: Sequence[str]) -> Float[np.ndarray, " texts"]:
        """Return the probability of the label for each text.

        Args:
            texts: Any number of texts, also none.

        Raises:
            DataError: The model cannot be found, fetched or read, or could run foreign code.
            ConfigError: It has no such label, or there is no such device.
        """
        return self._probability(texts)

    @cached_property
    def _probability(self) -> Callable[[Sequence[str]], Float[np.ndarray, " texts"]]:
        from semspill.scoring._checkpoint import fetch_checkpoint, load_detoxify

        file = (
            self.checkpoint.expanduser() if self.checkpoint else fetch_checkpoint(self.model_type)
        )
        return load_detoxify(file, self.config, self.label, self.batch_size, self.device).rate
