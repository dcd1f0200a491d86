"""What every component promises, of whatever kind: a citation, a config, a copy in a worker."""

import pickle
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from semspill._model import Component
from semspill._objects import ObjectComponent
from semspill._registry import Registry
from semspill.errors import ConfigError, DataError, PluginError
from semspill.testing._conformance._check import Broken, Promise, described_error, promise

C = TypeVar("C", bound=Component)
T = TypeVar("T")

PROMISES: list[Promise] = []
"""Their tests take a component and the registry of its kind."""

_LOSSLESS = "Let each field be written to JSON and read back without loss"
_ARGUMENTS = "Give all arguments of the error to super().__init__, or define __reduce__"
_MISSING = "Raise a semspill.errors.DataError that says which file is missing"


@promise(PROMISES, "has a citation: a paper, a page, or 'original'")
def has_a_citation(component: C, registry: Registry[C]) -> None:
    citation = getattr(component, "citation", None)
    if not isinstance(citation, str) or not citation.strip():
        raise Broken(f"citation is {citation!r}", "Set the class attribute citation to a text")


@promise(PROMISES, "can be registered under a name, for configs")
def can_be_named(component: C, registry: Registry[C]) -> None:
    try:
        registry.build(component)
    except PluginError as error:
        raise Broken(str(error).rstrip("."), "Only then can a config name it") from error


@promise(PROMISES, "is built anew, and equal, from what a config says of it")
def comes_back_from_its_config(component: C, registry: Registry[C]) -> None:
    if isinstance(component, ObjectComponent):
        return  # no config holds the object it was made of
    fields = component.model_dump_json()
    if type(component).model_validate_json(fields) != component:
        raise Broken(f"its fields, {fields}, gave another object", _LOSSLESS)
    if registry.name_of(component) is not None:
        described = registry.describe(component)
        if registry.build(described) != component:
            raise Broken(f"the registry built another object from {described}", _LOSSLESS)


@promise(PROMISES, "refuses a field that it does not have")
def refuses_unknown_fields(component: C, registry: Registry[C]) -> None:
    fields = {name: getattr(component, name) for name in type(component).model_fields}
    try:
        type(component).model_validate({**fields, "no_such_field": 1})
    except ValidationError:
        return
    raise Broken("it took one named 'no_such_field'", "Leave `extra` in model_config as it is")


@promise(PROMISES, "keeps its fields as they were when it was made")
def never_changes(component: C, registry: Registry[C]) -> None:
    for name in type(component).model_fields:
        # Setting the value it has harms nobody where it succeeds.
        with suppress(ValidationError):
            setattr(component, name, getattr(component, name))
            raise Broken(f"{name!r} could be set", "Leave `frozen` in model_config as it is")


@promise(PROMISES, "is equal to its pickled copy, because workers get copies")
def pickles(component: C, registry: Registry[C]) -> None:
    copy = pickled(
        component,
        "Define its class at the top of a module, and keep locks, open files and lambdas out of "
        "its fields",
    )
    if copy != component:
        raise Broken("the copy differs", "Let all that matters be a field")


def pickled(thing: T, mend: str) -> T:
    """Return a pickled copy.

    Raises:
        Broken: It cannot be pickled; `mend` says what to do.
    """
    try:
        copy: T = pickle.loads(pickle.dumps(thing))
    except Exception as error:
        raise Broken(f"pickling raised {described_error(error)}", mend) from error
    return copy


def errors_pickle(act: Callable[[], object]) -> None:
    """Do something that may fail, and refuse an error that cannot leave a worker."""
    try:
        act()
    except Exception as error:
        _refuse_unpicklable(error)


def _refuse_unpicklable(error: Exception) -> None:
    which = f"its {type(error).__name__}"
    try:
        copy = pickle.loads(pickle.dumps(error))
    except Exception as lost:
        raise Broken(f"{which} is lost ({described_error(lost)})", _ARGUMENTS) from lost
    if type(copy) is not type(error) or str(copy) != str(error):
        raise Broken(f"{which} came out of pickling as {copy!r}", _ARGUMENTS)


def promise_of_missing_files(promises: list[Promise], load: Callable[[Any, Any], object]) -> None:
    """Add what a component promises that reads files.

    Args:
        promises: Those of its kind.
        load: Has the component read its files.
    """

    @promise(promises, "raises a DataError that gets out of a worker where a file is missing")
    def missing_file_is_a_data_error(component: Component, given: object) -> None:
        for name in type(component).model_fields:
            path = getattr(component, name)
            # A folder is left alone: where a cache is missing, a download would begin.
            if isinstance(path, Path) and path.expanduser().is_file():
                moved = path.with_name(f"missing-{path.name}")
                try:
                    lacking = component.replace(**{name: moved})
                except ConfigError:
                    continue
                try:
                    load(lacking, given)
                except DataError as error:
                    _refuse_unpicklable(error)
                except Exception as error:
                    raised = f"with no file at {name!r} it raised {described_error(error)}"
                    raise Broken(raised, _MISSING) from error
                else:
                    raise Broken(f"with no file at {name!r} it loaded all the same", _MISSING)
