"""What the methods of a defense return, refused in one sentence where it is something else."""

from typing import Any

from semspill.corpus import ContextFormat, Corpus
from semspill.defenses import Aid, Defense, Repair, TrainingDefense
from semspill.errors import PluginError
from semspill.models import Model, TrainedModel


def control_of(part: Defense) -> Defense | None:
    """Return the control of a defense; None where it has none of its own.

    Raises:
        PluginError: It is no defense of the same stage, or the same defense again.
    """
    made = part.control()
    if made is None:
        return None
    control: Defense = _expected(part, "control", made, Defense, "a Defense or None")
    if control.stage != part.stage:
        raise PluginError(
            f"{type(part).__name__}.control returned a defense of the stage {control.stage}; "
            f"return one of the stage {part.stage}, or None."
        )
    if control == part:
        raise PluginError(
            f"{type(part).__name__}.control returned the same defense, which shows no difference; "
            "return one without its idea, or None."
        )
    return control


def settings_of(part: TrainingDefense, model: Model) -> Model:
    """Return the model with the settings of a defense.

    Raises:
        PluginError: It is no model.
    """
    changed: Model = _expected(part, "settings", part.settings(model), Model)
    return changed


def contexts_of(
    part: TrainingDefense, contexts: tuple[ContextFormat, ContextFormat]
) -> tuple[ContextFormat, ContextFormat]:
    """Return what contexts show with a defense, in training and in answering.

    Raises:
        PluginError: It is not two formats.
    """
    made: Any = part.contexts(*contexts)
    pair: Any = _expected(part, "contexts", made, tuple, "two ContextFormats")
    if [type(one) for one in pair] != [ContextFormat, ContextFormat]:
        raise PluginError(
            f"{type(part).__name__}.contexts must return two ContextFormats, for training and for "
            f"answering; got {len(pair)} values, of {', '.join(type(one).__name__ for one in pair)}"
            "."
        )
    return pair[0], pair[1]


def prepared_by(part: TrainingDefense, corpus: Corpus, made: object) -> Corpus:
    """Return the corpus that a defense made of another one.

    Args:
        part: The defense.
        corpus: What it was given.
        made: What it returned.

    Raises:
        PluginError: It is no corpus, or there is nothing to learn in it.
    """
    prepared: Corpus = _expected(part, "prepare", made, Corpus)
    if not any(exchange.learned for exchange in prepared.exchanges):
        raise PluginError(
            f"{type(part).__name__}.prepare left nothing to learn of {corpus.exchange_count} "
            "exchanges; return a corpus in which some are learned."
        )
    return prepared


def repaired_by(part: Repair, made: object) -> TrainedModel:
    """Return the model that a repair made.

    Raises:
        PluginError: It is no trained model.
    """
    repaired: TrainedModel = _expected(part, "repair", made, TrainedModel)
    return repaired


def require_known_needs(part: Defense) -> None:
    """Refuse a defense that asks for what no defender is given.

    Raises:
        PluginError: It does.
    """
    known, wanted = frozenset(Aid.__dataclass_fields__), part.wanted
    if not isinstance(wanted, frozenset) or not wanted <= known:
        raise PluginError(
            f"{type(part).__name__} declares needs that are none; declare a frozenset of "
            f"{', '.join(sorted(known))}, such as frozenset({{'clean'}})."
        )


def _expected(part: Defense, method: str, made: Any, kind: type, what: str = "") -> Any:
    if not isinstance(made, kind):
        raise PluginError(
            f"{type(part).__name__}.{method} must return {what or f'a {kind.__name__}'}, got "
            f"{type(made).__name__}."
        )
    return made
