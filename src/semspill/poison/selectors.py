"""The built-in selectors."""

from semspill.poison._selectors import CategorySelector, RandomSelector

__all__ = ["CategorySelector", "RandomSelector"]
