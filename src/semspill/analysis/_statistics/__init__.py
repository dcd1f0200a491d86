"""Intervals and tests over dialogues and training seeds, which are crossed."""
