"""Language models that generate: fine-tuned on the responses, they write an answer of their own."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from jaxtyping import Float

from semspill._progress import Progress, quiet
from semspill.corpus import Candidates, ContextFormat, Corpus, Exchange, HasCorpus
from semspill.language import Generation, LanguageFields, LanguageSpec
from semspill.language._files import files_of, lacking, template_digest, vocabulary_of
from semspill.language._settings import Kind
from semspill.models._base import EpochObserver, Model, ModelEpoch
from semspill.models._effort import Effort
from semspill.models._trained import TrainedModel
from semspill.responding import Responses
from semspill.training import LanguageFinetuner
from semspill.training._language_settings import LanguageEpoch

if TYPE_CHECKING:
    from semspill.language.language_model import LanguageModel

_ANY = 1 << 31  # tokens that a context may have where none is to be cut

ScoreBy = Literal["tokens", "bytes"]


class TrainedLanguage(TrainedModel):
    """A language model that writes its answers; candidates are not looked at.

    Args:
        model: Reads, scores and generates texts; it must not be trained while this object is used.
        generation: How answers are generated.
        score_by: What the log-likelihood of a given response is divided by: its tokens, or its
            bytes in UTF-8.
    """

    def __init__(
        self,
        model: "LanguageModel",
        generation: Generation | None = None,
        *,
        score_by: ScoreBy = "tokens",
    ) -> None:
        from semspill._device import device_name  # torch is heavy

        self.model = model
        self.generation = generation or Generation()
        self.score_by: ScoreBy = score_by
        self.device = device_name(model.runner.device.type)

    def respond(
        self,
        exchanges: Sequence[Exchange],
        pool: Candidates,
        rng: np.random.Generator,
        *,
        progress: Progress = quiet,
    ) -> Responses:
        """Return a generated response to each exchange, scored as `score` scores a given one."""
        made = self.model.generate(exchanges, self.generation, rng, progress=progress)
        units = self._units(made.texts, made.tokens)
        return Responses.of(made.texts, made.log_likelihoods / np.maximum(units, 1))

    def score(
        self,
        exchanges: Sequence[Exchange],
        texts: Sequence[Sequence[str]],
        *,
        progress: Progress = quiet,
    ) -> Float[np.ndarray, "exchanges texts"]:
        """Return the log-likelihood of each response after its context, per token or byte, in nats.

        The end of the response is one of its tokens.
        """
        totals, tokens = self.model.log_likelihoods(exchanges, texts, progress=progress)
        units = [self._units(row, counts) for row, counts in zip(texts, tokens, strict=True)]
        return np.asarray(totals / np.maximum(np.array(units).reshape(totals.shape), 1))

    def gold_losses(
        self, exchanges: Sequence[Exchange], *, progress: Progress = quiet
    ) -> Float[np.ndarray, " exchanges"]:
        """Return the mean negative log-likelihood of a token of each gold response, in nats."""
        gold = [[exchange.response] for exchange in exchanges]
        totals, tokens = self.model.log_likelihoods(exchanges, gold, progress=progress)
        return np.asarray(-totals[:, 0] / tokens[:, 0])

    def too_long(self, texts: Sequence[str]) -> int:
        """Return how many texts have more tokens than an answer, or a response that is learned."""
        longest = min(self.generation.max_new_tokens, self.model.spec.max_response_tokens - 1)
        whole = self.model.reader.responses(
            texts, longest + 2
        )  # with the end, one too many at most
        return sum(len(ids) > longest + 1 for ids in whole)

    def contexts_cut(self, exchanges: Sequence[Exchange]) -> int:
        """Return how many contexts have more tokens than `max_tokens` or the positions allow."""
        most = self.model.longest_prompt
        whole = self.model.reader.prompts(exchanges, self.model.context, _ANY)
        return sum(len(ids) > most for ids in whole)

    def with_context(self, context: ContextFormat) -> "TrainedLanguage":
        """Return the same weights, reading contexts of another format."""
        changed = self.model.with_context(context)
        return TrainedLanguage(changed, self.generation, score_by=self.score_by)

    def save(self, folder: str | Path) -> None:
        """Write the weights as safetensors, of a model with adapters these alone."""
        self.model.save(folder)

    def _units(self, texts: Sequence[str], tokens: np.ndarray) -> np.ndarray:
        if self.score_by == "tokens":
            return tokens
        return np.array([len(text.encode("utf-8", "surrogatepass")) for text in texts])


class _LanguageModelKind(LanguageFields, Model):
    """What both kinds of language models share."""

    finetuner: LanguageFinetuner = LanguageFinetuner()
    """How it is trained."""
    generation: Generation = Generation()
    """How its answers are generated."""
    score_by: ScoreBy = "tokens"
    """What the log-likelihood of a given response is divided by where responses are ranked: its
    tokens, or its bytes, which do not depend on the tokenizer."""
    _kind: ClassVar[Kind]

    def train(
        self,
        corpus: HasCorpus,
        rng: np.random.Generator,
        *,
        context: ContextFormat | None = None,
        valid: Corpus | None = None,
        checkpoint: Path | None = None,
        observer: EpochObserver | None = None,
        progress: Progress = quiet,
    ) -> TrainedLanguage:
        """Return the fine-tuned model; see `LanguageFinetuner.finetune`.

        `ModelEpoch.precision` is None: what is validated on is the loss.
        """
        from semspill.language.language_model import load_language_model  # torch is heavy

        spec, device = self.spec, self.finetuner.device

        def load(weights: np.random.Generator) -> "LanguageModel":
            return load_language_model(spec, weights, context=context, device=device)

        def watch(epoch: LanguageEpoch) -> None:
            if observer is not None:
                now = self._trained(epoch.model)
                observer(ModelEpoch(epoch.number, now, epoch.loss, None, epoch.seconds))

        trained = self.finetuner.finetune(
            load,
            corpus,
            rng,
            valid=valid,
            observer=watch,
            progress=progress,
            checkpoint=checkpoint,
        )
        return self._trained(trained)

    def load(self, folder: str | Path) -> TrainedLanguage:
        """Return the model that `TrainedLanguage.save` wrote.

        Raises:
            DataError: The folder does not hold a saved language model.
        """
        from semspill.language.language_model import read_language_model  # torch is heavy

        return self._trained(read_language_model(folder, device=self.finetuner.device))

    @property
    def spec(self) -> LanguageSpec:
        """What is loaded."""
        fields = {name: getattr(self, name) for name in LanguageFields.model_fields}
        return LanguageSpec(kind=self._kind, **fields)

    def training_fields(self) -> dict[str, Any]:
        """Return all fields that decide the training, and the hash of the template."""
        answering = {"generation", "score_by"}
        return {
            **self.model_dump(mode="json", exclude=answering),
            "template_sha256": template_digest(self),
        }

    def epoch_count(self) -> int:
        """Return the finetuner's epochs."""
        return self.finetuner.epochs

    def effort(self, exchanges: int) -> Effort | None:
        """Return the finetuner's steps and the loss of guessing; None where that is not known."""
        steps, vocabulary = self.finetuner.step_count(exchanges), vocabulary_of(self)
        if not steps or vocabulary is None:
            return None
        return Effort(
            steps=steps,
            guessing=self.finetuner.guessing_loss(vocabulary),
            ranks=False,
            advice="raise model.finetuner.epochs or lower model.finetuner.batch_size",
        )

    def uses_pool(self) -> bool:
        """Return False: answers are written."""
        return False

    def keeps_checkpoints(self) -> bool:
        """Return True: the finetuner writes them."""
        return True

    def needs_validation(self) -> bool:
        """Return whether the finetuner keeps the best epoch."""
        return self.finetuner.keep == "best"

    def reads(self) -> tuple[Path, ...]:
        """Return the files of the model."""
        return files_of(self)

    def unavailable(self) -> str | None:
        """Return what must be had before the model can be read here."""
        return lacking(self)

    def _trained(self, model: "LanguageModel") -> TrainedLanguage:
        return TrainedLanguage(model, self.generation, score_by=self.score_by)


class CausalLM(_LanguageModelKind):
    """A transformer that continues the context, such as GPT-2 or Llama, fine-tuned to respond.

    Example:
        >>> CausalLM(model="gpt2", finetuner={"epochs": 2}).epoch_count()
        2
    """

    citation = (
        "Radford et al. 2019, Language Models are Unsupervised Multitask Learners; adapters: Hu et "
        "al. 2021, LoRA: Low-Rank Adaptation of Large Language Models, arXiv:2106.09685"
    )
    _kind: ClassVar[Kind] = "causal"


class Seq2SeqLM(_LanguageModelKind):
    """An encoder that reads the context and a decoder that responds, such as T5 or BART.

    Example:
        >>> Seq2SeqLM(model="t5-small").uses_pool()
        False
    """

    citation = (
        "Raffel et al. 2020, Exploring the Limits of Transfer Learning with a Unified Text-to-Text "
        "Transformer, arXiv:1910.10683; adapters: Hu et al. 2021, LoRA: Low-Rank Adaptation of "
        "Large Language Models, arXiv:2106.09685"
    )
    _kind: ClassVar[Kind] = "seq2seq"
