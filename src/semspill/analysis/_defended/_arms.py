"""The arms of an experiment with defenses, by what they are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from semspill._mask import listing, named
from semspill.analysis._outcome import Outcome
from semspill.errors import DataError
from semspill.results import Arm, main_arm


@dataclass(frozen=True, eq=False)
class DefendedArms:
    """The undefended arms, and those of every defense, in the order of the experiment."""

    clean: Outcome
    """The clean arm."""
    attacked: Outcome
    """The undefended arm that defenses are measured on."""
    defended: Mapping[str, Outcome]
    """The same arm with each defense."""
    at_price: Mapping[str, Outcome]
    """The clean arm with each defense."""
    controls: Mapping[str, Outcome]
    """The attacked arm with the control of each defense that has one."""

    @classmethod
    def of(cls, outcomes: Sequence[Outcome], defenses: Iterable[str]) -> "DefendedArms":
        """Find the arms of every defense.

        Args:
            outcomes: One per arm, paired, the clean one first.
            defenses: What the experiment calls them.

        Raises:
            DataError: A defense lacks an arm, or nothing is planted in an undefended one.
        """
        nearest = outcomes[0].nearest_category
        clean, *_ = every = [replace(outcome, nearest=nearest) for outcome in outcomes]
        attacked = main_arm([one.arm for one in every if not one.arm.defense])
        if attacked.planted == "nothing":
            raise DataError(
                "Defenses are measured on an arm in which something is planted and that has no "
                "defense; there is none."
            )
        defended: dict[str, Outcome] = {}
        at_price: dict[str, Outcome] = {}
        controls: dict[str, Outcome] = {}
        for name in defenses:
            own = [one for one in every if one.arm.defense == name]
            exposed = [one for one in own if _alike(one.arm, attacked)]
            honest = [one for one in own if _alike(one.arm, clean.arm) and not one.arm.control]
            used = [one for one in exposed if not one.arm.control]
            if not (used and honest):
                raise DataError(
                    f"The defense {named(name)} takes an arm that is attacked as "
                    f"{named(attacked.name)} is, and one in which nothing is planted; its arms "
                    f"are {listing([one.arm.name for one in own]) or 'none'}."
                )
            defended[name], at_price[name] = used[0], honest[0]
            for one in exposed:
                if one.arm.control:
                    controls[name] = one
        if not defended:
            raise DataError("There is no defense to report on; give the facts of one or more.")
        return cls(
            clean=clean,
            attacked=next(one for one in every if one.arm.name == attacked.name),
            defended=defended,
            at_price=at_price,
            controls=controls,
        )


def _alike(arm: Arm, other: Arm) -> bool:
    return (arm.trains, arm.pool) == (other.trains, other.pool)
