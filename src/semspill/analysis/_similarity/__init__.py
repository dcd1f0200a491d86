"""Similarity of categories, measured before anything is trained."""
