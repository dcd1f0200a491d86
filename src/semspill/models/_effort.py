"""How much a model is trained, known before it is."""

from pydantic import Field

from semspill._model import FrozenModel


class Effort(FrozenModel):
    """How many steps a training has, how many it should have, and what guessing would cost."""

    steps: int = Field(ge=1)
    """Optimizer steps of the whole training."""
    fewest: int = Field(0, ge=0)
    """Steps below which such a training has been seen to teach next to nothing; 0 where that is
    not known."""
    guessing: float = Field(gt=0, allow_inf_nan=False)
    """Training loss of a model that guesses, in nats, on the scale of `ModelEpoch.loss`."""
    ranks: bool = True
    """Whether the loss is that of telling the right response from others, so that a low one shows
    that contexts are read. That of a language model falls as it learns the language alone."""
    advice: str = "train longer"
    """What to change for more steps, in the imperative, without a full stop."""

    @property
    def too_few(self) -> str:
        """A sentence for a training with fewer steps than `fewest`; empty for any other."""
        if self.steps >= self.fewest:
            return ""
        return (
            f"{self.counted} of training, and fewer than {self.fewest:,} have been seen to teach "
            "next to nothing: expect mostly what the model does before training. "
            f"{self.imperative}."
        )

    @property
    def imperative(self) -> str:
        """`advice` as the beginning of a sentence."""
        return self.advice[:1].upper() + self.advice[1:]

    @property
    def counted(self) -> str:
        """The number of steps in words."""
        return f"{self.steps:,} optimizer step{'' if self.steps == 1 else 's'}"
