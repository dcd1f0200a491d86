"""What is loaded, what is adapted and how text is generated: settings, light to import."""

from typing import Literal, TypeAlias

from pydantic import Field, model_validator

from semspill._model import FrozenModel, PathOrName
from semspill.errors import ConfigError

Kind: TypeAlias = Literal["causal", "seq2seq"]
"""Whether one transformer continues the context (causal) or a decoder answers what an encoder read
(seq2seq)."""


class Lora(FrozenModel):
    """Low-rank adapters, which alone are trained: each adapted matrix is moved by a product of two.

    The adapters begin at no change. They need the extra `llm`.
    """

    r: int = Field(8, ge=1)
    """Rank: columns of the one factor and rows of the other."""
    alpha: float = Field(16, gt=0, allow_inf_nan=False)
    """The product is multiplied by alpha / r."""
    target_modules: tuple[str, ...] | Literal["all-linear"] | None = None
    """Names of the modules whose matrix is adapted, `all-linear` for every linear one but the head;
    null for what peft adapts in a model of this kind, often queries and values."""


class Generation(FrozenModel):
    """How responses are generated; the default takes the likeliest token at every step."""

    max_new_tokens: int = Field(40, ge=1)
    """Most tokens of a response, the end token included."""
    min_new_tokens: int = Field(1, ge=0)
    """Tokens before which a response does not end."""
    temperature: float = Field(0.0, ge=0, allow_inf_nan=False)
    """0 takes the likeliest token; above 0 draws one, its logits divided by this."""
    top_p: float = Field(1.0, gt=0, le=1)
    """Draw among the likeliest tokens that together have this probability, 0 to 1."""
    batch_size: int = Field(32, ge=1)
    """Responses generated at once; changes them by rounding alone."""

    @model_validator(mode="after")
    def _bounds_fit(self) -> "Generation":
        if self.min_new_tokens > self.max_new_tokens:
            raise ConfigError(
                f"min_new_tokens is {self.min_new_tokens}, more than max_new_tokens, "
                f"{self.max_new_tokens}; lower it"
            )
        return self


class LanguageFields(FrozenModel):
    """Which language model is loaded, and how it reads texts."""

    model: PathOrName = Field(min_length=1)
    """A transformers model: a folder, or an id of the Hugging Face hub."""
    revision: str | None = None
    """Branch, tag or commit of a model on the hub; null takes the newest. A folder has none."""
    gguf_file: str | None = Field(None, min_length=1)
    """Name of a GGUF file in it, whose quantised weights are read as float32; needs the extra
    `llm`. It is converted once, into a folder of the user's cache."""
    weights: Literal["pretrained", "random"] = "pretrained"
    """Whether training starts from the model's weights, or from random ones of the same shape."""
    lora: Lora | None = None
    """Low-rank adapters that are trained in place of all weights; null trains all."""
    template: Literal["auto", "plain", "chat"] = "auto"
    """How a context is written down: by the chat template of the model's tokenizer (`chat`), or as
    lines that begin with "Speaker:" and "Listener:" (`plain`); `auto` follows whether there is a
    chat template."""
    max_response_tokens: int = Field(64, ge=2)
    """Longest response in training and scoring, in tokens, the end token included; a longer one
    loses its end."""
    dtype: Literal["float32", "bfloat16"] = "float32"
    """What is multiplied in. `bfloat16` is for GPUs, and for CPUs that multiply it (AMX): matrices
    are multiplied in it, weights that are trained stay float32, and frozen ones beside adapters are
    held in it."""

    @model_validator(mode="after")
    def _can_be_loaded(self) -> "LanguageFields":
        if self.lora is not None and self.weights == "random":
            raise ConfigError(
                "lora adapts pretrained weights and weights='random' has none; leave one of them "
                "out"
            )
        return self


class LanguageSpec(LanguageFields):
    """A language model that `semspill.language.language_model.load_language_model` loads."""

    kind: Kind = "causal"
    """Whether it continues the context, or answers it with a decoder."""
