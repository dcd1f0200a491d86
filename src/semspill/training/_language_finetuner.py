"""The fine-tuner of language models; torch is imported when it is used."""

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, TypeVar

import numpy as np

from semspill._fast.garbage import settled
from semspill._mask import named
from semspill._progress import Progress, quiet
from semspill.corpus import ContextFormat, Corpus, HasCorpus
from semspill.errors import ConfigError, DataError
from semspill.training._language_settings import (
    LanguageEpoch,
    Learner,
    _LanguageSettings,
)

L = TypeVar("L", bound=Learner)


class LanguageFinetuner(_LanguageSettings):
    """Fine-tunes a language model by the negative log-likelihood of the responses.

    The loss is the mean over the response tokens of a batch of -log p(token | context and the
    tokens before it); tokens of the context are read, and not learned.

    Example:
        >>> LanguageFinetuner(epochs=1, batch_size=64).schedule_factor(0, 10)
        1.0
    """

    citation: ClassVar[str] = (
        "Radford et al. 2018, Improving Language Understanding by Generative Pre-Training (fine-"
        "tuning by likelihood); loss on the responses alone: Roller et al. 2021, Recipes for "
        "Building an Open-Domain Chatbot, arXiv:2004.13637"
    )

    def finetune(
        self,
        model: L | Callable[[np.random.Generator], L],
        corpus: HasCorpus,
        rng: np.random.Generator,
        *,
        context: ContextFormat | None = None,
        valid: Corpus | None = None,
        observer: Callable[[LanguageEpoch], object] | None = None,
        progress: Progress = quiet,
        checkpoint: Path | None = None,
    ) -> L:
        """Return a trained language model; what came in stays as it was.

        `rng` is split into streams for the initial weights, the batches, dropout and one that is
        spare. Two corpora with equally many exchanges, such as a clean one and its poisoned
        counterpart, therefore share initial weights and batch order when their `rng` began alike.

        Args:
            model: Loads a language model, from a generator that draws what is not pretrained, such
                as adapters; or one already loaded to train further (a copy is trained).
            corpus: A corpus, or what carries one, such as a poisoned corpus.
            rng: Draws everything that is random; the global generators stay untouched.
            context: What a context shows; by default what the model was loaded with.
            valid: What to measure the loss on after each epoch.
            observer: Called after each epoch.
            progress: Wraps the list of batches of each epoch, for example `tqdm.tqdm`.
            checkpoint: A folder in which it is written, about every `checkpoint_minutes`, how far
                the training is; it belongs to this training, and is the caller's to remove. The
                same training, begun again after it was killed, goes on from there: the observer
                hears again of the epochs that had ended, with the model as it stood, and the
                result is that of one undisturbed, on the CPU bit for bit. The folder grows by the
                weights that are trained in each epoch, and twice as much for the optimizer.

        Raises:
            DataError: The corpus has no exchange to learn from, or `valid` has none.
            ConfigError: No weight can be trained, `keep="best"` lacks `valid`, the device is
                absent, or the loss stopped being a number.
        """
        from semspill.training import _language

        if not any(exchange.learned for exchange in corpus.corpus.exchanges):
            raise DataError(
                f"Corpus {named(corpus.corpus.name)} has no exchange to learn from; give one with "
                "a listener's response."
            )
        if self.keep == "best" and valid is None:
            raise ConfigError("keep='best' needs valid: give a validation corpus, or keep='last'.")
        weights, order, dropout, _ = rng.spawn(4)
        learner = _language.own(model, weights, self.device)
        if context is not None:
            learner = learner.with_context(context)
        if self.epochs == 0:
            return learner
        with settled():
            training = _language.Training(self, learner, corpus.corpus.exchanges, order)
            training.run(dropout, valid, observer, progress, checkpoint)
        return learner
