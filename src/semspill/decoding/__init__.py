"""What a stimulus in a context does to the states of a trained transformer, layer by layer."""

from semspill.decoding._decode import decode_layers

__all__ = ["decode_layers"]
