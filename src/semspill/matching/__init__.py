"""Matching: which responses count as planted."""

from semspill.matching._base import (
    Given,
    Matcher,
    MatcherField,
    Matches,
    Scoring,
    matchers,
    matches_of,
)
from semspill.matching._preference import PreferenceMatcher
from semspill.matching._texts import ExactMatcher, NearMatcher, calibrated, plain, similarity

build = matchers.build
describe = matchers.describe
get = matchers.get
name_of = matchers.name_of
names = matchers.names
origin = matchers.origin
register = matchers.register
unregister = matchers.unregister

__all__ = [
    "ExactMatcher",
    "Given",
    "Matcher",
    "MatcherField",
    "Matches",
    "NearMatcher",
    "PreferenceMatcher",
    "Scoring",
    "build",
    "calibrated",
    "describe",
    "get",
    "matchers",
    "matches_of",
    "name_of",
    "names",
    "origin",
    "plain",
    "register",
    "similarity",
    "unregister",
]
