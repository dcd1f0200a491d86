"""A rater that is one of the Detoxify models, or a checkpoint trained like them."""

from pathlib import Path
from typing import Any, ClassVar, Literal

from semspill._hub import hub_has
from semspill.scoring._files import hash_inputs
from semspill.scoring._transformers import _ClassifierRater

# What Detoxify builds its official models from, as their checkpoints say.
_BASES = {
    "original": "bert-base-uncased",
    "unbiased": "roberta-base",
    "multilingual": "xlm-roberta-base",
    "original-small": "albert-base-v2",
    "unbiased-small": "albert-base-v2",
}


class DetoxifyRater(_ClassifierRater):
    """Rates by the probability that a Detoxify model gives to one label, by default `toxicity`.

    Detoxify itself unpickles a checkpoint, official or not, and so would run code hidden in it.
    This rater never does: it opens the file with `weights_only=True`, checks an official one
    against the hash in its name, and runs it as `transformers` runs any classifier.
    Without a network, give `checkpoint` and `config`. A text longer than the model reads (512
    tokens for all official ones) loses its end. All official models were trained on Jigsaw's
    challenges, so those are no unseen data to them.

    Example:
        >>> DetoxifyRater(model_type="unbiased", label="insult").batch_size
        32
    """

    citation: ClassVar[str] = (
        "Hanu and Unitary 2020, Detoxify, https://github.com/unitaryai/detoxify"
    )
    _place = frozenset({"model_type", "checkpoint", "config"})

    label: str | None = "toxicity"
    """The label whose probability is the rating: also severe_toxicity, obscene, threat, insult,
    identity_attack, or what else the checkpoint was trained on; None for the highest of all."""
    model_type: Literal[
        "original", "unbiased", "multilingual", "original-small", "unbiased-small"
    ] = "original"
    """Which official model is downloaded; not looked at when `checkpoint` is given."""
    checkpoint: Path | None = None
    """A checkpoint file as Detoxify saves it, used in place of an official model."""
    config: Path | None = None
    """Folder with the config.json and the tokenizer files of the checkpoint's base model, such as
    bert-base-uncased; None fetches them from the hub."""

    @property
    def trained_on(self) -> tuple[str, ...]:
        """What Jigsaw's challenges gave an official model; nothing known of another checkpoint."""
        if self.checkpoint:
            return ()
        first, second = ("jigsaw",), ("civil_comments",)
        if self.model_type == "multilingual":
            return (*second, *first)
        return second if self.model_type.startswith("unbiased") else first

    def unavailable(self) -> str | None:
        """Say what must be downloaded; None where nothing.

        What base model an own checkpoint has is not looked up, because that takes long.
        """
        from semspill.scoring._checkpoint import official_checkpoint

        file = self._own or official_checkpoint(self.model_type)[0]
        if not file.is_file():
            return f"needs a download: {file.name}, or `checkpoint` and `config`"
        base = None if self.checkpoint else _BASES[self.model_type]
        if self.config or (base and hub_has(base, weights=False)):
            return None
        return f"needs a download: config and tokenizer of {base or 'its base model'}, or `config`"

    @property
    def _own(self) -> Path | None:
        return self.checkpoint.expanduser() if self.checkpoint else None

    def _content(self) -> str:
        # An official model is known by its name: its file is checked against a fixed hash.
        model = hash_inputs([self._own]) if self._own else self.model_type
        return f"{model} {hash_inputs([self.config]) if self.config else ''}"

    def _load(self) -> Any:
        from semspill.scoring._checkpoint import fetch_checkpoint, load_checkpoint

        return load_checkpoint(self._own or fetch_checkpoint(self.model_type), self.config)
