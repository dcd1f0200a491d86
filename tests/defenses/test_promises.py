"""The built-in defenses that work on training, models and answers keep every promise."""

import pytest

from semspill.defenses import OutputGuard, Repair, TrainingDefense, defenses
from semspill.testing import check_guard, check_repair, check_training_defense

# Defenses and checks have tests of their own.
pytestmark = pytest.mark.no_cover

CHECKS = {
    TrainingDefense: check_training_defense,
    Repair: check_repair,
    OutputGuard: check_guard,
}
BUILT_IN = [
    (base, name)
    for name in defenses.names()
    for base in CHECKS
    if issubclass(defenses.get(name), base)
    and defenses.get(name).__module__.startswith("semspill.")
]


@pytest.mark.parametrize(("base", "name"), BUILT_IN, ids=[name for _, name in BUILT_IN])
def test_a_built_in_defense_keeps_every_promise(base, name):
    rated = "rater" in defenses.get(name).model_fields
    rater = {"name": "lexicon", "words": {"tell": 1.0}}  # in some responses of the tiny corpus
    CHECKS[base]({"name": name, **({"rater": rater} if rated else {})})
