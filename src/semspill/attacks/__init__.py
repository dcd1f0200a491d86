"""Parts of an adversary that know more than the corpus, such as what a rater says of it."""

from semspill.attacks._evading import Evaded, EvadingStrategy
from semspill.attacks._phi import PhiSelector

__all__ = ["Evaded", "EvadingStrategy", "PhiSelector"]
