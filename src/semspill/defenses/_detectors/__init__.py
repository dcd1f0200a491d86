"""Detectors: what scores how suspicious the exchanges of a training corpus are."""
