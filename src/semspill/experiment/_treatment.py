"""Defenses of an experiment: what is done for each, and in which arms."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator

from semspill._code import code_of
from semspill._mask import described, listing, spelled
from semspill._model import FrozenModel, parts_of
from semspill.corpus import ContextFormat
from semspill.defenses import (
    STAGES,
    Cleaner,
    Defense,
    DefenseField,
    Detector,
    OutputGuard,
    Repair,
    TrainingDefense,
)
from semspill.defenses import defenses as registry
from semspill.errors import ConfigError
from semspill.experiment._pool import require_no_candidates
from semspill.experiment._promised import (
    contexts_of,
    control_of,
    require_known_needs,
    settings_of,
)
from semspill.models import Model
from semspill.results import Arm, main_arm, reference
from semspill.scoring import Rater
from semspill.training import Begin

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")
"""What a config may call a defense or a probe."""
_CONTROL = ".control"


def _listed(given: Any) -> Any:
    return given if isinstance(given, tuple | list) else (given,)


Applied: TypeAlias = Annotated[tuple[DefenseField, ...], BeforeValidator(_listed)]
"""One defense, or several that are applied together in the order of their stages."""


@dataclass(frozen=True)
class Treatment:
    """What is done in one arm against planted behaviour."""

    parts: tuple[Defense, ...] = ()
    """The defenses, in the order of their stages."""
    control: bool = False
    """Whether each is replaced by its control, where it has one."""

    @classmethod
    def of(cls, defenses: Mapping[str, Sequence[Defense]], arm: Arm) -> "Treatment":
        """Return what an experiment does in an arm."""
        parts = staged(defenses[arm.defense]) if arm.defense else ()
        if arm.control:
            # A cleaner and a guard are their own controls: as much at random.
            parts = tuple(control_of(part) or part for part in parts)
        return cls(parts, arm.control)

    @property
    def cleaners(self) -> tuple[Cleaner, ...]:
        """What takes exchanges out of the data."""
        return tuple(part for part in self.parts if isinstance(part, Cleaner))

    @property
    def training(self) -> tuple[TrainingDefense, ...]:
        """What changes the training."""
        return tuple(part for part in self.parts if isinstance(part, TrainingDefense))

    @property
    def repairs(self) -> tuple[Repair, ...]:
        """What changes the trained model."""
        return tuple(part for part in self.parts if isinstance(part, Repair))

    @property
    def guards(self) -> tuple[OutputGuard, ...]:
        """What decides which responses are given."""
        return tuple(part for part in self.parts if isinstance(part, OutputGuard))

    @property
    def begins(self) -> tuple[Begin, ...]:
        """What is called before the first step of a training."""
        return tuple(part.begins for part in self.training if part.begins is not None)

    @property
    def prepares(self) -> tuple[TrainingDefense, ...]:
        """Those that change what is trained on."""
        return tuple(
            part for part in self.training if type(part).prepare is not TrainingDefense.prepare
        )

    def model(self, model: Model) -> Model:
        """Return the model with its settings changed."""
        for part in self.training:
            model = settings_of(part, model)
        return model

    def contexts(
        self, contexts: tuple[ContextFormat, ContextFormat]
    ) -> tuple[ContextFormat, ContextFormat]:
        """Return what a context shows in training, and in answering."""
        for part in self.training:
            contexts = contexts_of(part, contexts)
        return contexts

    def predicts_labels(self, contexts: tuple[ContextFormat, ContextFormat]) -> bool:
        """Return whether a labeller is needed for what contexts show."""
        training, answering = self.contexts(contexts)
        made = any(part.relabels for part in self.training)
        return answering.label == "predicted" or (training.label == "predicted" and not made)

    @property
    def data_recipe(self) -> list[Any]:
        """What decides which exchanges are trained on, as JSON; empty for all."""
        filters = [part for part in self.cleaners if part.where != "pool"]
        return self._recipe([*filters, *self.prepares])

    @property
    def training_recipe(self) -> list[Any]:
        """What decides the steps of the training, besides data, settings and contexts, as JSON."""
        return self._recipe([part for part in self.training if part.begins is not None])

    @property
    def finish(self) -> list[Any]:
        """What is done after the training, as JSON; empty for nothing."""
        return self._recipe([*self.repairs, *self.guards])

    @property
    def recipe(self) -> list[Any]:
        """All that is done, as JSON; empty for nothing."""
        return self._recipe(self.parts)

    @property
    def code(self) -> list[str]:
        """Fingerprints of the code behind all that is done, and of its raters."""
        return [_code(part, type(part)) for part in parts_of(self.parts)]

    def _recipe(self, parts: Iterable[Defense]) -> list[Any]:
        # Not their code: of a class in a notebook it has another fingerprint in every process.
        named = [(f"{type(p).__module__}.{type(p).__qualname__}", p) for p in parts]
        rows: list[Any] = [[name, part.model_dump(mode="json")] for name, part in named]
        return [*rows, "control"] if rows and self.control else rows


def _code(part: object, kind: type) -> str:
    # What a rater loads decides its ratings, too.
    return part.fingerprint if isinstance(part, Rater) else code_of(kind)


def staged(parts: Sequence[Defense]) -> tuple[Defense, ...]:
    """Return defenses in the order of their stages; those of one stage as they came."""
    return tuple(sorted(parts, key=lambda part: STAGES.index(part.stage)))


def defended_arms(arms: Sequence[Arm], defenses: Mapping[str, Sequence[Defense]]) -> Iterator[Arm]:
    """Yield the arms that defenses add: the main arm defended, its control, and the clean one."""
    if not defenses:
        return
    attacked, clean = main_arm(arms), reference(arms)
    for name, parts in defenses.items():
        of = attacked.replace(name=f"{attacked.name}+{name}", defense=name)
        yield of
        if any(_has_control(part) for part in parts):
            yield of.replace(name=f"{of.name}{_CONTROL}", control=True)
        yield clean.replace(name=f"{clean.name}+{name}", defense=name)


def defense_in(arm: str) -> str:
    """Return the name of the defense in that of an arm; empty for an arm without.

    Example:
        >>> defense_in("poison+filter.control"), defense_in("poison")
        ('filter', '')
    """
    return arm.partition("+")[2].removesuffix(_CONTROL)


def _has_control(part: Defense) -> bool:
    return isinstance(part, Cleaner | OutputGuard) or control_of(part) is not None


def require_sound(
    defenses: Mapping[str, Sequence[Defense]],
    arms: Sequence[Arm],
    *,
    model: Model,
    rater: Rater | None,
    trusted: bool,
) -> None:
    """Refuse defenses that cannot be applied, before anything is trained.

    Args:
        defenses: By name.
        arms: The undefended arms.
        model: What is trained.
        rater: What scores the outcome and no defense may use; None where any may.
        trusted: Whether there are dialogues that a defender trusts.

    Raises:
        ConfigError: Which one, why, and what to do.
    """
    if defenses and main_arm(arms).planted == "nothing":
        raise ConfigError("defenses need an arm to defend, such as 'poison'; add it to arms.")
    folded: dict[str, str] = {}
    for name, parts in defenses.items():
        if not NAME.fullmatch(name) or name.endswith(_CONTROL):
            raise ConfigError(
                f"defenses: {spelled(name) or described(name)} cannot be a folder's name; use up "
                "to 40 letters, digits and _ . - and another end than .control."
            )
        if (other := folded.setdefault(name.casefold(), name)) != name:
            raise ConfigError(
                f"defenses: {other} and {name} differ in case alone, and would share a folder on "
                "some systems; rename one."
            )
        if not parts:
            raise ConfigError(
                f"defenses.{name} is an empty list; give it a defense, or leave it out."
            )
        for part in parts:
            _require_applicable(name, part, model, trusted)
        if rater is not None and any(one == rater for one in parts_of(parts)):
            raise ConfigError(
                f"defenses.{name} uses the rater that scores the outcome ({type(rater).__name__}), "
                "and so finds what is counted; give it another one, or set same_rater = true to "
                "study that."
            )


def _require_applicable(name: str, part: Defense, model: Model, trusted: bool) -> None:
    if isinstance(part, Detector):
        raise ConfigError(
            f"defenses.{name} is a detector, which only scores; say what is done with its scores: "
            '{ name = "cleaner", detector = ..., share = 0.05 }.'
        )
    if not isinstance(part, Cleaner | TrainingDefense | Repair | OutputGuard):
        raise ConfigError(
            f"defenses.{name} holds a {type(part).__name__}, which extends none of the four bases: "
            f"{listing(['Detector', 'TrainingDefense', 'Repair', 'OutputGuard'])}."
        )
    require_known_needs(part)
    if not model.uses_pool():
        require_no_candidates(name, part, model)
    if model.takes_condition() and not isinstance(part, OutputGuard):
        raise ConfigError(
            f"defenses.{name} changes what is trained on, the training or its weights, and "
            f"{type(model).__name__} was trained elsewhere; choose an output guard, or fine-tune "
            "a model on the cleaned corpus and measure that."
        )
    if "clean" in part.wanted and not trusted:
        raise ConfigError(
            f"defenses.{name} needs dialogues that a defender trusts; name their split in "
            "trusted_split, such as 'valid'."
        )
    if isinstance(part, TrainingDefense):
        settings_of(part, model)
        if part.begins is not None and not model.takes_steps():
            raise ConfigError(
                f"defenses.{name} changes the steps of a training, and {type(model).__name__} lets "
                "none be changed; choose another defense or model."
            )


def title_of(parts: Sequence[FrozenModel]) -> str:
    """Return the registered names of what is done, joined by +; a detector stands for its cleaner.

    Example:
        >>> title_of([Cleaner(detector="frequency", share=0.1)])
        'frequency'
    """
    shown = [part.detector if isinstance(part, Cleaner) else part for part in parts]
    names = [registry.name_of(part) or type(part).__name__ for part in shown]  # type: ignore[arg-type]
    return " + ".join(names)
