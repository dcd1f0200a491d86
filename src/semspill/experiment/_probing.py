"""The probes of a config: each by a name of the user's own."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator

from semspill._mask import described, spelled
from semspill.errors import ConfigError
from semspill.experiment._treatment import NAME
from semspill.probes import Probe, ProbeField


def _listed(given: Any) -> Any:
    return given if isinstance(given, tuple | list) else (given,)


Probing: TypeAlias = Annotated[tuple[ProbeField, ...], BeforeValidator(_listed)]
"""One probe, or several that are applied one after the other."""


def require_named(probes: Mapping[str, Sequence[Probe]]) -> None:
    """Refuse probes that a report cannot name, or that ask nothing.

    Args:
        probes: By name.

    Raises:
        ConfigError: Which one, and what to do.
    """
    for name, parts in probes.items():
        if not NAME.fullmatch(name):
            raise ConfigError(
                f"probes: {spelled(name) or described(name)} is no name; use up to 40 letters, "
                "digits and _ . -"
            )
        if not parts:
            raise ConfigError(f"probes.{name} is an empty list; give it a probe, or leave it out.")
