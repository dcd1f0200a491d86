"""Repairs: a trained model is changed, and nothing, or little, is trained again."""
