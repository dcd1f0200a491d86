"""Detectors that look at vectors of an encoder as it comes, without any training."""

import numpy as np
from jaxtyping import Float, Int
from pydantic import Field

from semspill.corpus import Corpus
from semspill.defenses._base import Aid, Detector
from semspill.defenses._neighbours import context_vectors, nearest, response_vectors


class MismatchDetector(Detector):
    """Responses that are unlike those of the most similar contexts.

    It fails where planted responses fill the neighbourhood, as one repeated text does.
    """

    citation = "original"
    needs = frozenset({"encoder"})
    neighbours: int = Field(20, ge=1)
    """How many contexts of other dialogues are compared."""

    def suspicion(
        self, corpus: Corpus, aid: Aid, rng: np.random.Generator
    ) -> Float[np.ndarray, " exchanges"]:
        """Return minus the mean cosine to the neighbours' responses, -1 to 1."""
        vectors = response_vectors(corpus, aid)
        near = nearest(corpus, aid, self.neighbours)
        alike = [own @ vectors[row].sum(axis=0) for own, row in zip(vectors, near, strict=True)]
        return np.asarray(-np.array(alike) / max(near.shape[1], 1))


class IrrelevanceDetector(Detector):
    """Responses that an encoder, as it comes, finds unfit for their contexts.

    It fails on planted responses that speak of the matter at hand.
    """

    citation = (
        "original; mismatch with a reference model, cf. Chen et al. 2025, Detecting Stealthy "
        "Backdoor Samples based on Intra-class Distance for Large Language Models, "
        "arXiv:2505.23015 (RFTC)"
    )
    needs = frozenset({"encoder"})

    def suspicion(
        self, corpus: Corpus, aid: Aid, rng: np.random.Generator
    ) -> Float[np.ndarray, " exchanges"]:
        """Return minus the cosine of context and response, -1 to 1."""
        contexts, responses = context_vectors(corpus, aid), response_vectors(corpus, aid)
        return np.asarray(-np.einsum("ed,ed->e", contexts, responses))


class SpectralDetector(Detector):
    """Spectral signatures: responses far out along the first direction of their category.

    A negative control: published for classifiers, and no better than chance on dialogues where
    planted responses vary, or make up most of a category.
    """

    citation = "Tran et al. 2018, Spectral Signatures in Backdoor Attacks, arXiv:1811.00636"
    needs = frozenset({"encoder"})

    def suspicion(
        self, corpus: Corpus, aid: Aid, rng: np.random.Generator
    ) -> Float[np.ndarray, " exchanges"]:
        """Return the squared projection of each centred response, within its category."""
        vectors = response_vectors(corpus, aid)
        scores = np.zeros(len(vectors))
        for own in _by_category(corpus):
            centred = vectors[own] - vectors[own].mean(axis=0)
            first = np.linalg.svd(centred, full_matrices=False)[2][0]
            scores[own] = (centred @ first) ** 2
        return scores


class ActivationClusteringDetector(Detector):
    """Activation clustering: responses in the smaller of two clusters of their category.

    A negative control, as spectral signatures are: it takes the minority of a category for the
    poison, and at a common budget the poison is the majority.
    """

    citation = (
        "Chen et al. 2019, Detecting Backdoor Attacks on Deep Neural Networks by Activation "
        "Clustering, arXiv:1811.03728"
    )
    needs = frozenset({"encoder"})
    components: int = Field(10, ge=1)
    """Principal components that are clustered."""

    def suspicion(
        self, corpus: Corpus, aid: Aid, rng: np.random.Generator
    ) -> Float[np.ndarray, " exchanges"]:
        """Return 1 minus the share of the cluster in its category, 0 to 1."""
        from sklearn.cluster import KMeans
        from sklearn.decomposition import PCA

        vectors = response_vectors(corpus, aid)
        scores = np.zeros(len(vectors))
        for own in _by_category(corpus):
            if len(np.unique(vectors[own], axis=0)) < 2:
                continue
            most = min(self.components, len(own), vectors.shape[1])
            seed = int(rng.integers(2**31))
            reduced = PCA(most, random_state=seed).fit_transform(vectors[own])
            parts = KMeans(2, n_init=10, random_state=seed).fit_predict(reduced)
            scores[own] = 1 - np.bincount(parts, minlength=2)[parts] / len(own)
        return scores


def _by_category(corpus: Corpus) -> list[Int[np.ndarray, " category"]]:
    """Return the places of each category's exchanges."""
    names = np.array([exchange.category for exchange in corpus.exchanges], dtype=object)
    return [np.flatnonzero(names == name) for name in dict.fromkeys(names.tolist())]
