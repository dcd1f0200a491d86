"""Encoders: from contexts and responses to vectors in one space."""

from semspill.encoders._base import BiEncoder, Encoder, EncoderField, encoders

__all__ = ["BiEncoder", "Encoder", "EncoderField", "encoders"]
