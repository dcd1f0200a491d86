"""An arm: one training-and-pool condition of an experiment, as a value with roles."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, PlainSerializer

from semspill._mask import described, listing, named, spelled
from semspill._model import FrozenModel
from semspill.errors import ConfigError, did_you_mean

Planted: TypeAlias = Literal["nothing", "harmful", "benign"]


class Arm(FrozenModel):
    """One training-and-pool condition.

    Example:
        >>> arm = Arm(name="benign_train", trains="benign")
        >>> arm.planted, arm.meaning
        ('benign', 'harmless responses planted in training, none among the candidates')
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_+.-]{0,63}$")
    """What tables, folders and messages call it."""
    trains: Literal["clean", "poison", "benign"] = "clean"
    """What the model is trained on: the clean corpus, the poisoned one, or the one with harmless
    responses planted at the same turns."""
    pool: Literal["clean", "planted"] = "clean"
    """Whether the planted responses are among the candidates: those of the training corpus, or the
    harmful ones where that is clean."""
    baseline: str = "clean"
    """Name of the arm that its lifts are paired with; that arm names itself."""
    defense: str = ""
    """What is done against it: a name among the experiment's `defenses`; empty for nothing."""
    control: bool = False
    """Whether the control takes the place of that defense: the same at random."""

    @property
    def planted(self) -> Planted:
        """What is planted in training, among the candidates, or in both."""
        if self.trains != "clean":
            return "benign" if self.trains == "benign" else "harmful"
        return "harmful" if self.pool == "planted" else "nothing"

    @property
    def meaning(self) -> str:
        """The roles in words."""
        if self.planted == "nothing":
            return "nothing planted"
        what = "harmless responses planted" if self.planted == "benign" else "planted responses"
        if self.trains == "clean":
            return f"clean training, {what} among the candidates"
        where = "in training and among" if self.pool == "planted" else "in training, none among"
        return f"{what} {where} the candidates"


PRESETS = {
    arm.name: arm
    for arm in (
        Arm(name="clean"),
        Arm(name="poison", trains="poison", pool="planted"),
        Arm(name="train_only", trains="poison"),
        Arm(name="pool_only", pool="planted"),
        Arm(name="benign_swap", trains="benign", pool="planted"),
    )
}
"""The arms that are known by their name alone."""


def arm_of(given: Any) -> Any:
    """Return the preset of a name; anything else as it is.

    Raises:
        ConfigError: No preset has that name.

    Example:
        >>> arm_of("train_only").trains
        'poison'
    """
    if not isinstance(given, str):
        return given
    if given not in PRESETS:
        raise ConfigError(
            f"No arm is known as {spelled(given) or described(given)}."
            f"{did_you_mean(given, PRESETS)} Known are {listing(PRESETS)}; give another one as a "
            'table with its roles, such as { name = "mine", trains = "poison", pool = "clean" }.'
        )
    return PRESETS[given]


def _short(arm: Arm) -> Any:
    if PRESETS.get(arm.name) == arm:
        return arm.name
    return arm.model_dump(exclude=None if arm.defense else {"defense", "control"})


ArmField: TypeAlias = Annotated[Arm, BeforeValidator(arm_of), PlainSerializer(_short)]
"""An arm in a config or a report: a preset by its name, or a table of roles."""


def reference(arms: Sequence[Arm]) -> Arm:
    """Return the arm in which nothing is planted: the first such one that is its own baseline.

    Raises:
        ConfigError: There is none.
    """
    for arm in arms:
        if arm.planted == "nothing" and arm.baseline == arm.name:
            return arm
    raise ConfigError("arms must hold one in which nothing is planted, such as 'clean'.")


def main_arm(arms: Sequence[Arm]) -> Arm:
    """Return the arm that is meant when none is named.

    The first with harmful responses in training and among the candidates, else the last one.

    Example:
        >>> main_arm([PRESETS["clean"], PRESETS["poison"], PRESETS["benign_swap"]]).name
        'poison'
    """
    whole = [arm for arm in arms if arm.trains == "poison" and arm.pool == "planted"]
    return (whole or list(arms))[0 if whole else -1]


def require_baselines(arms: Sequence[Arm]) -> None:
    """Refuse arms that cannot be compared.

    Raises:
        ConfigError: An arm comes twice, its baseline is not among them, or in none nothing is
            planted.
    """
    names = [arm.name for arm in arms]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigError(f"arms must hold each name once; {listing(twice)} comes twice.")
    for arm in arms:
        if arm.baseline not in names:
            raise ConfigError(
                f"Arm {named(arm.name)} has the baseline {named(arm.baseline)}, which is not among "
                f"arms ({listing(names)}); add it."
            )
    reference(arms)
