"""A small chat service with a filter in front of its answers."""

from safety_pipeline_example._filter import refuses
from safety_pipeline_example._service import ChatBot

__all__ = ["ChatBot", "refuses"]
