"""Subpopulations that nobody labelled: clusters of what is said, fitted on what is known."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, TypeAlias

import numpy as np
from jaxtyping import Float, Int
from pydantic import Field

from semspill._random import stream
from semspill.corpus import ContextFormat, Corpus, Dialogue, Exchange
from semspill.corpus._known import known_places, part_of
from semspill.datasets._base import load_corpus
from semspill.encoders import Encoder, EncoderField
from semspill.encoders._vectors import checked_vectors
from semspill.errors import DataError
from semspill.relabelling._wrapper import _Relabelled

_Texts: TypeAlias = Sequence[str]
_Rows: TypeAlias = Callable[[_Texts], Any]
"""Turns texts into rows of numbers, dense or sparse."""

_LONGEST = 128
"""Tokens of a dialogue that an encoder reads, the newest ones."""


class ClusterMatch(_Relabelled):
    """Dialogues whose categories are clusters of what their speakers say.

    Texts become vectors, principal components of these are clustered by K-means, and every
    dialogue, of any split, is in the cluster whose centre is nearest. All of it is fitted on the
    training dialogues that the adversary knows, and on nothing else. What listeners say is not
    looked at. A cluster is called by its number, such as `cluster 07`; `words` says what it is
    about.

    Departures from the paper: its adversary's half is not trained on by the victim, and is
    represented by a classifier that was fine-tuned on that half.

    Example:
        >>> clusters = ClusterMatch(dataset={"name": "synthetic", "train": 60}, clusters=3)
        >>> clusters.load("test").categories
        ('cluster 0', 'cluster 1', 'cluster 2')
    """

    citation: ClassVar[str] = (
        "Jagielski et al. 2021, Subpopulation Data Poisoning Attacks, arXiv:2006.14026 "
        "(ClusterMatch)"
    )
    labels_carry_meaning: ClassVar[bool] = False

    encoder: EncoderField | None = None
    """What makes vectors of texts, as it comes; None for TF-IDF of words."""
    components: int = Field(10, ge=1)
    """Principal components that are clustered."""
    clusters: int = Field(100, ge=2)
    """How many clusters there are."""
    knowledge: float = Field(1.0, gt=0, le=1)
    """Share of the training dialogues that the adversary knows, drawn by a hash of their ids
    (Jagielski's adversary knows half)."""
    knowledge_seed: int = Field(0, ge=0)
    """Decides which dialogues are known; a poisoner with the same share and seed knows the same."""
    train_split: str = "train"
    """Split of which the adversary knows a share."""
    seed: int = Field(0, ge=0, lt=2**32)
    """Decides where K-means starts, and draws the encoder's random weights, if it has any."""

    def __getstate__(self) -> dict[Any, Any]:
        # A copy in a worker that needs the clusters fits them anew: the encoder is heavy.
        state = super().__getstate__()
        held = {name: getattr(self, name) for name in type(self).model_fields}
        return {**state, "__dict__": held}

    def words(self, count: int = 5) -> Mapping[str, tuple[str, ...]]:
        """Return what the dialogues of each cluster say more than others: words of TF-IDF.

        They are taken from the known training dialogues as they stand there, and may be harmful
        where the corpus holds harmful text.

        Args:
            count: Most words per cluster.

        Raises:
            DataError: The clusters cannot be fitted.
        """
        from sklearn.feature_extraction.text import TfidfVectorizer  # heavy

        texts = list(map(_text, self._known))
        vectorizer = TfidfVectorizer(sublinear_tf=True)
        weights = vectorizer.fit_transform(texts)
        names, places = vectorizer.get_feature_names_out(), self._fitted.of(texts)
        common = np.asarray(weights.mean(axis=0)).ravel()
        found = {}
        for place in range(self.clusters):
            more = np.asarray(weights[places == place].mean(axis=0)).ravel() - common
            best = np.argsort(-more, kind="stable")[:count]
            found[self._name(place)] = tuple(str(names[i]) for i in best if more[i] > 0)
        return found

    def unavailable(self) -> str | None:
        """Say what the dataset or the encoder lacks; None where nothing."""
        own = None if self.encoder is None else self.encoder.unavailable()
        return super().unavailable() or own

    def _categories(self, corpus: Corpus) -> Sequence[str]:
        return [self._name(place) for place in self._fitted.of(list(map(_text, corpus))).tolist()]

    def _name(self, place: int) -> str:
        return f"cluster {place:0{len(str(self.clusters - 1))}}"

    @property
    def _known(self) -> Corpus:
        train = load_corpus(self.dataset, self.train_split)
        return part_of(train, known_places(train, self.knowledge, self.knowledge_seed))

    @cached_property
    def _fitted(self) -> "_Clusters":
        texts = list(map(_text, self._known))
        rows = _words(texts) if self.encoder is None else _vectors(self.encoder, self.seed)
        return _Clusters(rows, texts, self.components, self.clusters, self.seed)


class _Clusters:
    """Fitted components and centres.

    Raises:
        DataError: The texts are too few, or too much alike.
    """

    def __init__(
        self, rows: _Rows, texts: _Texts, components: int, clusters: int, seed: int
    ) -> None:
        from sklearn.cluster import KMeans  # heavy
        from sklearn.decomposition import PCA, TruncatedSVD  # heavy
        from threadpoolctl import threadpool_limits

        given = rows(texts)
        if given.shape[1] < 2:
            raise DataError(
                f"Only one word occurs in more than one of the {len(texts)} dialogues that the "
                "adversary knows; raise knowledge, or name an encoder."
            )
        if components > min(given.shape):
            raise DataError(
                f"{components} components cannot be made of {len(texts)} known dialogues with "
                f"{given.shape[1]} numbers each; lower components, or raise knowledge."
            )
        # Centring would fill a sparse matrix.
        method = PCA if isinstance(given, np.ndarray) else TruncatedSVD
        self.rows, self.reduction = rows, method(components, random_state=seed)
        with threadpool_limits(1):  # sums in another order would round otherwise
            reduced = self.reduction.fit_transform(given)
            if (different := len(np.unique(reduced, axis=0))) < clusters:
                raise DataError(
                    f"{clusters} clusters cannot be made of {different} different dialogues that "
                    "the adversary knows; lower clusters, or raise knowledge."
                )
            self.model = KMeans(clusters, n_init=10, random_state=seed).fit(reduced)

    def of(self, texts: _Texts) -> Int[np.ndarray, " texts"]:
        """Return the cluster of each text."""
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1):
            reduced = self.reduction.transform(self.rows(texts))
            return np.asarray(self.model.predict(reduced), dtype=np.int64)


def _text(dialogue: Dialogue) -> str:
    """Return what the speaker says."""
    return " ".join(turn.heard for turn in dialogue.utterances if turn.role == "speaker")


def _words(texts: _Texts) -> _Rows:
    """Return what weighs the words that two texts or more have.

    Raises:
        DataError: There is no such word.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer  # heavy

    vectorizer = TfidfVectorizer(sublinear_tf=True, min_df=2)
    try:
        vectorizer.fit(texts)
    except ValueError as error:  # no word is left
        raise DataError(
            f"No word occurs in two of the {len(texts)} dialogues that the adversary knows; raise "
            "knowledge, or name an encoder."
        ) from error
    rows: _Rows = vectorizer.transform
    return rows


def _vectors(encoder: Encoder, seed: int) -> _Rows:
    """Return what encodes texts as contexts."""
    model = encoder.load(stream(seed, "clusters"))
    model.context = ContextFormat(max_tokens=_LONGEST)

    def rows(texts: _Texts) -> Float[np.ndarray, "texts dim"]:
        exchanges = [Exchange(str(i), 1, "", (text,), "") for i, text in enumerate(texts)]
        given = model.encode_contexts(exchanges)
        return checked_vectors(model, given, len(texts), "dialogues").astype(np.float64)

    return rows
