"""Conformance checks: the contract of every kind of component."""
