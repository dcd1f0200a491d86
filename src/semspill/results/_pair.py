"""One cell of a target-by-victim matrix, and its ranks."""

from semspill._model import FrozenModel
from semspill.statistics import Estimate


class PairReport(FrozenModel):
    """One target and one other category, and how usual what happened between them is."""

    target: str
    """The category that was poisoned."""
    victim: str
    """The category that was looked at."""
    lift: Estimate
    """Its lift; `p_holm` is corrected for all pairs of the matrix."""
    nearness: int
    """1 where the victim is the target's most similar category, 2 for the next, and so on."""
    rank: int
    """1 plus the number of pairs with a larger lift, among all pairs."""
    tied: int
    """How many other pairs have the same lift."""
    pairs: int
    """How many pairs there are."""
    nearest_rank: int
    """1 plus the number of other targets whose nearest neighbour has a larger lift."""
    nearest_ranks: tuple[int, int]
    """The same rank at best and at worst: counted are the neighbours whose intervals lie wholly
    above the pair's, and those that do not lie wholly below. Intervals are of single cells."""
    nearest_pairs: int
    """How many targets there are; this one counts once, with this victim."""
    nearest_median: float
    """Median lift of the targets' nearest neighbours, in [-1, 1]."""

    def __str__(self) -> str:
        near = "the most similar" if self.nearness == 1 else f"number {self.nearness} in similarity"
        ties = f" (tied with {self.tied})" if self.tied else ""
        best, worst = self.nearest_ranks
        return (
            f"With {self.target} poisoned, {self.victim} ({near}) rose by {self.lift}: rank "
            f"{self.rank}{ties} of {self.pairs} pairs, and rank {self.nearest_rank} (as the "
            f"intervals go, {best} to {worst}) among the {self.nearest_pairs} targets' nearest "
            f"neighbours, whose median is {self.nearest_median:.3f}."
        )
