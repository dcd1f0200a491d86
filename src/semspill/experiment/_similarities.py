"""The similarities of a run on disk: measured once, read by whoever goes on."""

import json
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from semspill._atomic import write_text
from semspill._read import parse_json
from semspill.analysis import Similarities

logger = logging.getLogger(__name__)


def write_similarities(path: Path, found: Sequence[Similarities]) -> None:
    """Write similarities, whole or not at all."""
    rows = [
        {
            "name": part.name,
            "method": part.method,
            "categories": part.categories,
            "matrix": part.matrix.tolist(),
        }
        for part in found
    ]
    write_text(path, json.dumps(rows, indent=1) + "\n")


def read_similarities(path: Path) -> tuple[Similarities, ...] | None:
    """Return what `write_similarities` wrote; None where it is missing or damaged."""
    try:
        return tuple(
            Similarities(
                name=row["name"],
                method=row["method"],
                categories=tuple(row["categories"]),
                matrix=np.array(row["matrix"], dtype=np.float64),
            )
            for row in parse_json(path.read_bytes())
        )
    except FileNotFoundError:
        return None
    except Exception as error:  # whatever the damage is, similarity is measured again
        logger.warning("%s is damaged (%s) and is made anew", path, type(error).__name__)
        return None
