"""Encoders: from contexts and responses to vectors in one space."""

from semspill.encoders._base import BiEncoder, Encoder, EncoderField, encoders
from semspill.encoders._hashing import HashingEncoder
from semspill.encoders._ranking import RankingTask
from semspill.encoders._static import StaticEncoder
from semspill.encoders._transformer import TransformerEncoder

build = encoders.build
describe = encoders.describe
get = encoders.get
name_of = encoders.name_of
names = encoders.names
origin = encoders.origin
register = encoders.register
unregister = encoders.unregister

__all__ = [
    "BiEncoder",
    "Encoder",
    "EncoderField",
    "HashingEncoder",
    "RankingTask",
    "StaticEncoder",
    "TransformerEncoder",
    "build",
    "describe",
    "encoders",
    "get",
    "name_of",
    "names",
    "origin",
    "register",
    "unregister",
]
