"""Exact top-1 of 5,000 contexts over 1,000,000 candidates of 384 float32 numbers.

`python search.py` runs it whole; `--candidates 20000 --queries 500 --rounds 1` is a trial.
The rivals are `faiss.IndexFlatIP` and `sentence_transformers.util.semantic_search`, as it comes and
with the settings that were best of 16 tried on one thread with 3,000 queries and 100,000 candidates
(`dot_score`, blocks of 3,000 x 2,000).
"""

import argparse
import time
from collections.abc import Mapping

import numpy as np
from harness import Arrays, Contender, Stage, Timed, sgemm_rate

DIM = 384


def vectors(given: argparse.Namespace) -> tuple[np.ndarray, np.ndarray]:
    """Return unit rows: queries, and candidates of which one in fifty repeats another."""
    rng = np.random.default_rng(0)
    made = []
    for count in (given.queries, given.candidates):
        rows = rng.standard_normal((count, DIM), dtype=np.float32)
        for block in np.array_split(rows, max(1, count // 10_000)):
            block /= np.linalg.norm(block, axis=1, keepdims=True)
        made.append(rows)
    copies = len(made[1]) // 50
    if copies:
        made[1][rng.choice(np.arange(copies, len(made[1])), copies, replace=False)] = made[1][
            :copies
        ]
    return made[0], made[1]


def semspill(given: argparse.Namespace) -> Timed:
    """Let a responder answer, whose model looks the vectors up."""
    import torch  # noqa: F401 - a model would have loaded it

    from semspill import BiEncoder, Candidates, ContextFormat, Exchange, RetrievalResponder

    queries, pool = vectors(given)

    class Known(BiEncoder):
        context = ContextFormat()

        def encode_contexts(self, exchanges: object, *, progress: object = iter) -> np.ndarray:
            return queries

        def encode_responses(self, texts: list[str], *, progress: object = iter) -> np.ndarray:
            return pool

    candidates = Candidates.of(map(str, range(len(pool))))
    asked = [Exchange(f"d{i}", 1, "joy", ("Hello.",), "Hi.") for i in range(len(queries))]
    began = time.perf_counter()
    found = RetrievalResponder(Known(), candidates).respond(asked)
    seconds = time.perf_counter() - began
    return Timed(seconds, {"index": found.indices[:, 0], "score": found.scores[:, 0]})


def faiss(given: argparse.Namespace) -> Timed:
    """Build a flat index and search it."""
    import faiss as library

    library.omp_set_num_threads(given.threads)
    queries, pool = vectors(given)
    began = time.perf_counter()
    index = library.IndexFlatIP(DIM)
    index.add(pool)
    scores, indices = index.search(queries, 1)
    return Timed(time.perf_counter() - began, {"index": indices[:, 0], "score": scores[:, 0]})


def semantic_search(given: argparse.Namespace, **settings: object) -> Timed:
    """Search with the function most users of sentence-transformers call."""
    import torch
    from sentence_transformers.util import semantic_search as search

    torch.set_num_threads(given.threads)
    queries, pool = map(torch.from_numpy, vectors(given))
    began = time.perf_counter()
    found = search(queries, pool, top_k=1, **settings)
    seconds = time.perf_counter() - began
    index = np.array([best[0]["corpus_id"] for best in found])
    return Timed(seconds, {"index": index, "score": np.array([best[0]["score"] for best in found])})


def best_semantic_search(given: argparse.Namespace) -> Timed:
    """Search with the settings that were fastest in a small trial; unit rows need no cosine."""
    from sentence_transformers.util import dot_score

    settings = {"query_chunk_size": 3000, "corpus_chunk_size": 2000, "score_function": dot_score}
    return semantic_search(given, **settings)


def agree(results: Mapping[str, Arrays]) -> str:
    """Require the same best scores; an index may differ only where scores are that close."""
    ours = results["semspill"]
    said = []
    for name, theirs in results.items():
        far = np.abs(theirs["score"] - ours["score"]).max()
        assert far < 1e-5, f"{name} differs by {far}"
        said.append(f"{name} {np.mean(theirs['index'] == ours['index']):.2%}")
    return "best scores equal within 1e-5, same index (copies tie): " + ", ".join(said)


def limit(given: argparse.Namespace) -> float:
    """Return the dot products per second of the fastest large product here."""
    return sgemm_rate(given.threads) / (2 * DIM)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Say how much is searched."""
    parser.add_argument("--candidates", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=5000)


if __name__ == "__main__":
    Stage(
        name="search",
        unit="dot_products",
        work=lambda given: float(given.queries * given.candidates),
        contenders={
            "semspill": Contender(semspill),
            "faiss": Contender(faiss),
            "semantic_search": Contender(semantic_search),
            "semantic_search_best": Contender(best_semantic_search),
        },
        agree=agree,
        arguments=arguments,
        limit=limit,
    ).main()
