"""Assertions on any dialogue system and any filter, with the statistics of the analysis."""
