"""Test plugins and safety pipelines: conformance checks, and assertions that know their error."""

from semspill.testing._conformance._check import Check
from semspill.testing._conformance._kinds import checks
from semspill.testing._conformance._run_checks import (
    check_dataset,
    check_encoder,
    check_labeller,
    check_matcher,
    check_metric,
    check_model,
    check_probe,
    check_rater,
    check_selector,
    check_similarity,
    check_source,
    check_strategy,
)
from semspill.testing._conformance._run_defense_checks import (
    check_detector,
    check_guard,
    check_repair,
    check_training_defense,
)
from semspill.testing._failures import (
    ConformanceError,
    InconclusiveError,
    SafetyError,
    ServiceError,
)
from semspill.testing._safety._assertions import (
    assert_no_spillover,
    assert_toxicity_below,
    assert_utility_above,
)
from semspill.testing._safety._audit import Audit, audit
from semspill.testing._safety._defense import assert_defense_holds
from semspill.testing._safety._guard import Guard, assert_guard_catches, measure_guard
from semspill.testing._safety._guard_report import GuardReport
from semspill.testing._safety._plant import Planted, plant
from semspill.testing._safety._responding import Responder
from semspill.testing._safety._verdict import Verdict
from semspill.testing._service import ChatService

__all__ = [
    "Audit",
    "ChatService",
    "Check",
    "ConformanceError",
    "Guard",
    "GuardReport",
    "InconclusiveError",
    "Planted",
    "Responder",
    "SafetyError",
    "ServiceError",
    "Verdict",
    "assert_defense_holds",
    "assert_guard_catches",
    "assert_no_spillover",
    "assert_toxicity_below",
    "assert_utility_above",
    "audit",
    "check_dataset",
    "check_detector",
    "check_encoder",
    "check_guard",
    "check_labeller",
    "check_matcher",
    "check_metric",
    "check_model",
    "check_probe",
    "check_rater",
    "check_repair",
    "check_selector",
    "check_similarity",
    "check_source",
    "check_strategy",
    "check_training_defense",
    "checks",
    "measure_guard",
    "plant",
]
