"""What some models cannot be asked, refused by the config: candidates, scores, empty texts."""

from collections.abc import Sequence

from semspill._mask import named
from semspill.defenses import Cleaner, Defense
from semspill.errors import ConfigError
from semspill.matching import Matcher
from semspill.models import Model
from semspill.results import Arm
from semspill.sources import DegenerateSource, ResponseSource


def require_same_pools(arms: Sequence[Arm], model: Model) -> None:
    """Refuse arms whose candidates are others than what was trained on.

    Args:
        arms: The arms of an experiment.
        model: What answers.

    Raises:
        ConfigError: There is one, and the model answers without candidates.
    """
    for arm in arms:
        if not model.uses_pool() and (arm.trains == "clean") != (arm.pool == "clean"):
            pool = "clean" if arm.trains == "clean" else "planted"
            raise ConfigError(
                f"Arm {named(arm.name)} has other candidates than its training gives, and "
                f"{type(model).__name__} answers without candidates; leave it out, or give it "
                f'pool = "{pool}".'
            )


def require_scores(parts: Sequence[Matcher], model: Model) -> None:
    """Refuse matchers that compare scores, for a model that gives none.

    Args:
        parts: The matchers of an experiment.
        model: What answers.

    Raises:
        ConfigError: There is one.
    """
    for part in parts:
        if part.needs_scores and not model.gives_scores():
            raise ConfigError(
                f"{type(part).__name__} compares scores, and {type(model).__name__} cannot score "
                "given responses; choose another matcher, such as 'near'."
            )


def require_candidate(source: ResponseSource, model: Model) -> None:
    """Refuse a source of texts that are never among candidates, for a model that chooses from them.

    Args:
        source: What is planted.
        model: What answers.

    Raises:
        ConfigError: It is one.
    """
    if isinstance(source, DegenerateSource) and source.kind == "empty" and model.uses_pool():
        raise ConfigError(
            f"The source plants a response without text, and {type(model).__name__} chooses among "
            "candidates, which have some; give the source another kind, or take a model that "
            "generates."
        )


def require_no_candidates(name: str, part: Defense, model: Model) -> None:
    """Refuse a defense that works on candidates, for a model that answers without.

    Args:
        name: What the config calls it.
        part: The defense.
        model: What answers.

    Raises:
        ConfigError: It does.
    """
    if isinstance(part, Cleaner) and part.where == "pool":
        raise ConfigError(
            f"defenses.{name} cleans the candidates alone, and {type(model).__name__} answers "
            'without candidates; set where = "train".'
        )
    if part.needs_candidates:
        raise ConfigError(
            f"defenses.{name} works on a model that chooses among candidates, and "
            f"{type(model).__name__} answers without; choose another defense or model."
        )
