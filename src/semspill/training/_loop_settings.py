"""Settings that every kind of fine-tuning has; light to import."""

from typing import Literal

from pydantic import Field

from semspill._model import FrozenModel


class _LoopSettings(FrozenModel):
    """How weights are moved, whatever they are the weights of."""

    epochs: int = Field(3, ge=0)
    """How often each exchange is learned from; 0 leaves the weights as they came."""
    batch_size: int = Field(256, ge=1)
    """Exchanges per step."""
    learning_rate: float | None = Field(None, gt=0, allow_inf_nan=False)
    """Peak step size; None takes what the model recommends."""
    optimizer: Literal["adamw", "adamax"] = "adamw"
    """The update rule: AdamW (Loshchilov & Hutter 2019) or Adamax (Kingma & Ba 2015)."""
    weight_decay: float = Field(0.0, ge=0, allow_inf_nan=False)
    """Pull of each matrix towards zero, as a share of the learning rate; biases and the weights
    of normalization layers are exempt. AdamW decouples it, Adamax adds it to the gradient."""
    warmup: float = Field(0.1, ge=0, le=1)
    """Share of all steps in which the learning rate rises linearly to its peak, 0 to 1."""
    schedule: Literal["linear", "constant"] = "linear"
    """What follows the warm-up: a linear fall that ends one step above zero, or the peak."""
    clip_norm: float | None = Field(1.0, gt=0)
    """Longest gradient, as the 2-norm over all weights; None for no limit."""
    keep: Literal["last", "best"] = "last"
    """Whether the last epoch is returned, or the first of those that validate best."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to train; `auto` is CUDA where there is one. Only the CPU is promised to give the
    same weights bit for bit when it trains again."""

    def schedule_factor(self, step: int, steps: int) -> float:
        """Return the learning rate of one step as a share of its peak, above 0 and at most 1.

        Args:
            step: Which step, counted from 0.
            steps: How many steps the whole training has.

        Example:
            >>> settings = _LoopSettings(warmup=0.5)
            >>> [settings.schedule_factor(step, 4) for step in range(4)]
            [0.5, 1.0, 1.0, 0.5]
        """
        rising = round(self.warmup * steps)
        if step < rising:
            return (step + 1) / rising
        return 1.0 if self.schedule == "constant" else (steps - step) / (steps - rising)
