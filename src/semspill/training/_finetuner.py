"""The fine-tuner; torch is imported when it is used."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from semspill._fast.garbage import settled
from semspill._mask import named
from semspill._progress import Progress, quiet
from semspill.corpus import ContextFormat, Corpus, HasCorpus, TextLabels
from semspill.encoders import BiEncoder, Encoder, RankingTask, encoders
from semspill.errors import ConfigError, DataError
from semspill.training._settings import Begin, Epoch, _TrainingSettings


class Finetuner(_TrainingSettings):
    """Fine-tunes a bi-encoder by in-batch softmax negative log-likelihood.

    In a batch of n exchanges, each context is to be matched to its own response among all n: the
    loss is the mean over rows i of -log softmax over j of `scale * c_i . r_j`, at j = i.

    Departure from the paper: eq. 3.1 is the likelihood of a generated response; this is the same
    objective with the responses of the batch in place of all texts.

    Example:
        >>> Finetuner(epochs=1, batch_size=64).schedule_factor(0, 10)
        1.0
    """

    citation: ClassVar[str] = (
        "In-batch softmax: Henderson et al. 2017, Efficient Natural Language Response Suggestion "
        "for Smart Reply, arXiv:1705.00652; exact gradient accumulation: Gao et al. 2021, Scaling "
        "Deep Contrastive Learning Batch Size under Memory Limited Setup, arXiv:2101.06983; "
        "low-rank adapters: Hu et al. 2021, LoRA: Low-Rank Adaptation of Large Language Models, "
        "arXiv:2106.09685"
    )

    def finetune(
        self,
        encoder: Encoder | BiEncoder | str | Mapping[str, Any],
        corpus: HasCorpus,
        rng: np.random.Generator,
        *,
        context: ContextFormat | None = None,
        response_labels: TextLabels | None = None,
        valid: Corpus | RankingTask | None = None,
        begins: Sequence[Begin] = (),
        observer: Callable[[Epoch], object] | None = None,
        progress: Progress = quiet,
    ) -> BiEncoder:
        """Return a trained bi-encoder, a `TwoTower`; what came in stays as it was.

        `rng` is split into streams for the initial weights, the batches, dropout and the
        validation lists. Two corpora with equally many exchanges, such as a clean one and its
        poisoned counterpart, therefore share initial weights and batch order when their `rng`
        began alike (with `duplicates="forbid"` the order also depends on the responses).

        Args:
            encoder: An encoder, its registered name, a mapping with its name and fields, or an
                already loaded `TwoTower` to train further (a copy is trained).
            corpus: A corpus, or what carries one, such as a poisoned corpus.
            rng: Draws everything that is random; the global generators stay untouched.
            context: What a context shows; by default what the encoder was loaded with.
            response_labels: Labels that every response begins with, in training and in answering;
                by default those that the encoder was loaded with, if any.
            valid: What to measure P@1 on after each epoch: a corpus, from whose exchanges lists
                of 100 are drawn (of all, where there are fewer), or lists already drawn.
            begins: Each is called with the bi-encoder before its first step, and returns what is
                done at every step in place of taking one gradient, or None. Of several, a later
                one takes an earlier one's for its gradient.
            observer: Called after each epoch.
            progress: Wraps the list of batches of each epoch, for example `tqdm.tqdm`.

        Raises:
            DataError: The corpus has fewer than two exchanges, or `duplicates="forbid"` leaves
                no two of them together.
            ConfigError: The encoder cannot be fine-tuned, `keep="best"` lacks `valid`, the device
                is absent, or the loss stopped being a number.
        """
        from semspill.training import _biencoder

        exchanges = corpus.corpus.exchanges
        if (count := sum(exchange.learned for exchange in exchanges)) < 2:
            raise DataError(
                f"Corpus {named(corpus.corpus.name)} has {count} exchanges to learn from; "
                "fine-tuning needs at least 2, because each is contrasted with the others."
            )
        if self.keep == "best" and valid is None:
            raise ConfigError("keep='best' needs valid: give a validation corpus, or keep='last'.")
        weights, order, dropout, lists = rng.spawn(4)
        if not isinstance(encoder, BiEncoder):
            encoder = encoders.build(encoder)
        model = _biencoder.own_copy(encoder, weights, context, response_labels)
        if self.epochs == 0:
            return model
        task = _ranking(valid, lists) if isinstance(valid, Corpus) else valid
        with settled():
            training = _biencoder.Training(self, model, exchanges, order, dropout, begins)
            return training.run(task, observer, progress)


def _ranking(valid: Corpus, rng: np.random.Generator) -> RankingTask:
    return RankingTask.draw(valid.exchanges, rng, min(100, len(valid.exchanges)))
