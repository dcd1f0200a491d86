"""Matching: which responses count as planted."""
