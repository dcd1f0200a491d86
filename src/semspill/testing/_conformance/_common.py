"""What every component promises, of whatever kind: a source, a config, a copy in a worker."""

import pickle
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import ValidationError

from semspill._model import Component
from semspill._registry import Registry
from semspill.errors import DataError, PluginError
from semspill.testing._conformance._check import Broken, Checks, first_line

C = TypeVar("C", bound=Component)
G = TypeVar("G")
T = TypeVar("T")

_LOSSLESS = "Let each field be written to JSON and read back without loss"
_ARGUMENTS = "Give all arguments of the error to super().__init__, or define __reduce__"


def add_common(checks: Checks[C, G], registry: Registry[C]) -> None:
    """Add what every component promises to the checks of one kind.

    Args:
        checks: Those of the kind.
        registry: Its registry.
    """
    checks.find = partial(built, registry)
    for promise, test in _PROMISES.items():
        checks.add(promise, test.__name__)(_with(registry, test))


def _with(
    registry: Registry[C], test: Callable[[Any, Registry[Any]], None]
) -> Callable[[C, G], None]:
    def tried(component: C, given: G) -> None:
        test(component, registry)

    return tried


def has_a_citation(component: C, registry: Registry[C]) -> None:
    """Refuse a component whose origin is not said."""
    said = getattr(component, "citation", None)
    if not isinstance(said, str) or not said.strip():
        raise Broken(f"citation is {said!r}", "Set the class attribute citation to a text")


def comes_back_from_its_config(component: C, registry: Registry[C]) -> None:
    """Refuse a component that a config does not bring back."""
    fields = component.model_dump_json()
    if type(component).model_validate_json(fields) != component:
        raise Broken(f"its fields, {fields}, gave another object", _LOSSLESS)
    if registry.name_of(component) is not None:
        described = registry.describe(component)
        if registry.build(described) != component:
            raise Broken(f"the registry built another object from {described}", _LOSSLESS)


def pickles(component: C, registry: Registry[C]) -> None:
    """Refuse a component that does not get through to a worker."""
    copy = pickled(
        component,
        "Define its class at the top of a module, and keep locks, open files and lambdas out of "
        "its fields",
    )
    if copy != component:
        raise Broken("the copy differs", "Let all that matters be a field")


def can_be_named(component: C, registry: Registry[C]) -> None:
    """Refuse a component whose class the registry does not take."""
    try:
        registry.build(component)
    except PluginError as error:
        raise Broken(first_line(error), "Only then can a config name it") from error


def refuses_unknown_fields(component: C, registry: Registry[C]) -> None:
    """Refuse a component that takes a misspelled field for nothing."""
    fields = {name: getattr(component, name) for name in type(component).model_fields}
    try:
        type(component).model_validate({**fields, "no_such_field": 1})
    except ValidationError:
        return
    raise Broken("it took one named 'no_such_field'", "Leave `extra` in model_config as it is")


def never_changes(component: C, registry: Registry[C]) -> None:
    """Refuse a component whose fields can be set."""
    for name in type(component).model_fields:
        # Setting the value it has harms nobody where it succeeds.
        with suppress(ValidationError):
            setattr(component, name, getattr(component, name))
            raise Broken(f"{name!r} could be set", "Leave `frozen` in model_config as it is")


_PROMISES = {
    "has a citation: a paper, a page, or 'original'": has_a_citation,
    "can be registered under a name, for configs": can_be_named,
    "is built anew, and equal, from what a config says of it": comes_back_from_its_config,
    "refuses a field that it does not have": refuses_unknown_fields,
    "keeps its fields as they were when it was made": never_changes,
    "is equal to its pickled copy, because workers get copies": pickles,
}


def built(registry: Registry[C], spec: Any) -> C:
    """Return the component that is meant; an object comes back as it is, whatever it lacks.

    Args:
        registry: That of its kind.
        spec: An object, a registered name, or a mapping with `name` and fields.
    """
    # `Registry.build` refuses an object at the first fault; the checks tell them all.
    return cast(C, spec) if isinstance(spec, registry.base) else registry.build(spec)


def pickled(thing: T, mend: str) -> T:
    """Return a pickled copy.

    Args:
        thing: Anything.
        mend: What to do where it cannot be pickled.

    Raises:
        Broken: It cannot be pickled.
    """
    try:
        copy: T = pickle.loads(pickle.dumps(thing))
    except Exception as error:
        said = f"pickling raised {type(error).__name__}: {first_line(error)}"
        raise Broken(said, mend) from error
    return copy


def errors_pickle(act: Callable[[], object]) -> None:
    """Do something that may fail; if it does, see whether its error can leave a worker.

    Raises:
        Broken: The error is lost in pickling, or comes out as another.
    """
    try:
        act()
    except Exception as error:
        must_pickle(error)


def must_pickle(error: Exception) -> None:
    """See whether an error can leave a worker.

    Raises:
        Broken: It is lost in pickling, or comes out as another.
    """
    said = f"its {type(error).__name__}"
    try:
        again = pickle.loads(pickle.dumps(error))
    except Exception as lost:
        why = f"{type(lost).__name__}: {first_line(lost)}"
        raise Broken(f"{said} is lost ({why})", _ARGUMENTS) from lost
    if type(again) is not type(error) or str(again) != str(error):
        raise Broken(f"{said} came out of pickling as {again!r}", _ARGUMENTS)


def missing_files(component: C, load: Callable[[C], object]) -> None:
    """Point each field that names a file at none, and see what `load` says.

    Raises:
        Broken: It raises something else than a DataError, or one that is lost in pickling.
    """
    for name in type(component).model_fields:
        path = getattr(component, name)
        # A folder is left alone: where a cache is missing, a download would begin.
        if not (isinstance(path, Path) and path.expanduser().is_file()):
            continue
        try:
            load(component.replace(**{name: path.with_name(f"missing-{path.name}")}))
        except DataError as error:
            must_pickle(error)
        except ValidationError:
            continue
        except Exception as error:
            raise Broken(
                f"with no file at {name!r} it raised {type(error).__name__}: {first_line(error)}",
                "Raise a semspill.errors.DataError that says which file is missing",
            ) from error
        else:
            raise Broken(
                f"with no file at {name!r} it loaded all the same",
                "Raise a semspill.errors.DataError that says which file is missing",
            )
