"""Finished arms of a run, as they lie in its folder."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from semspill.experiment.store._answers import read_answers
from semspill.experiment.store._earlier import arm_digest
from semspill.experiment.store._responses import RESPONSES, read_rows
from semspill.results import Answers


def finished_arm(path: Path, digest: str, *, show_text: bool) -> Answers | None:
    """Return an arm that lies in a folder as it was written; None for any other.

    Args:
        path: The arm's folder.
        digest: The `arm_digest` of the config that is run.
        show_text: Whether its responses must be unmasked or masked.
    """
    responses = path / RESPONSES[show_text]
    rows = read_rows(responses)
    if rows is None:
        return None
    answers = read_answers(path / "scores.npz", [row["response"] for row in rows])
    if answers is None or answers.record.get("config") != digest:
        return None
    return (
        answers if answers.record.get("responses") == content_hash(responses.read_bytes()) else None
    )


def finished_arms(
    folder: Path, config: dict[str, Any], arms: Sequence[tuple[int, str]], *, show_text: bool
) -> frozenset[tuple[int, str]]:
    """Return which arms, given by seed and name, lie finished in the folder of a run."""
    return frozenset(
        (seed, arm)
        for seed, arm in arms
        if finished_arm(folder / f"seed-{seed}" / arm, arm_digest(config, arm), show_text=show_text)
        is not None
    )


def content_hash(content: bytes) -> str:
    """Return the SHA-256 of the content of a file, as 64 hex digits."""
    return hashlib.sha256(content).hexdigest()
