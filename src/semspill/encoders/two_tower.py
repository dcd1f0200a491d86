"""The trainable bi-encoder and its parts; importing this module imports torch."""

from semspill.encoders._tokens import Tokens, shorten
from semspill.encoders._tower import Tower
from semspill.encoders._two_tower import TwoTower, load_biencoder

__all__ = ["Tokens", "Tower", "TwoTower", "load_biencoder", "shorten"]
