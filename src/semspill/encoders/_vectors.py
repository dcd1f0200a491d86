"""Validation of encoded vectors: one row of numbers for each text."""

from typing import Any

import numpy as np
from jaxtyping import Float

from semspill._arrays import numbers
from semspill.errors import PluginError


def checked_vectors(
    model: object, given: Any, count: int, what: str
) -> Float[np.ndarray, "texts dim"]:
    """Return the rows that a model gave as an array; tensors and lists are converted.

    Args:
        model: Who gave them, for the message.
        given: What `encode_contexts` or `encode_responses` returned.
        count: How many rows are wanted.
        what: What they stand for, in the plural.

    Raises:
        PluginError: They are not so many rows of numbers, all of one length.
    """
    rows = numbers(given)
    if rows is None:
        got = f"a value of type {type(given).__name__} that is no array of numbers"
    elif rows.ndim != 2:
        got = f"an array of {rows.ndim} dimensions"
    else:
        got = f"{len(rows)} rows"
    if rows is None or rows.shape[:1] != (count,) or rows.ndim != 2:
        raise PluginError(
            f"{type(model).__name__} gave {got} for {count} {what}; it must give one vector each, "
            "all of one length."
        )
    return rows if rows.dtype.kind == "f" else rows.astype(np.float32)
