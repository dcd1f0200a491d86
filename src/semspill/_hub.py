"""Whether a model of the Hugging Face hub lies on this machine; the network is not asked."""

from collections.abc import Sequence

_CONFIG = ("config.json",)
_WEIGHTS = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)


def hub_has(repository: str, revision: str | None = None, *, weights: bool = True) -> bool:
    """Return whether the hub's cache holds a model.

    Args:
        repository: Id of the model on the hub.
        revision: Branch, tag or commit; None for the main branch.
        weights: Whether its weights are wanted too, and not only its config.

    Example:
        >>> hub_has("nobody/has-this-model")
        False
    """
    from huggingface_hub import try_to_load_from_cache  # heavy, and only here
    from huggingface_hub.errors import HFValidationError

    def any_of(names: Sequence[str]) -> bool:
        found = [try_to_load_from_cache(repository, name, revision=revision) for name in names]
        return any(isinstance(path, str) for path in found)

    try:
        return any_of(_CONFIG) and (not weights or any_of(_WEIGHTS))
    except HFValidationError:  # a folder that is not there, or no name that the hub allows
        return False
