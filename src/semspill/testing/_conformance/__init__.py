"""Checks that tell the author of a plugin what it promises and does not keep."""
