"""From what a plugin gives to an array of numbers."""

from typing import Any

import numpy as np


def numbers(given: Any) -> np.ndarray | None:
    """Return an array of numbers, tensors (detached) and lists converted; None for anything else.

    Example:
        >>> numbers([[1, 2]])
        array([[1, 2]])
        >>> numbers([[1], [2, 3]]), numbers(["a"]), numbers(None)
        (None, None, None)
    """
    try:
        if hasattr(given, "detach"):  # a tensor of torch, which need not be imported for this
            given = given.detach().cpu()
            given = given if given.is_floating_point() and given.itemsize > 2 else given.float()
        array = np.asarray(given)
    except (AttributeError, RuntimeError, TypeError, ValueError):
        return None
    return array if array.dtype.kind in "fiub" else None
