"""Metrics: each turns an outcome into an estimate."""
