"""Names become components: entry points, a decorator, and helpful errors."""

import inspect
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout, suppress
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, TypeVar, cast, get_type_hints

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from semspill._mask import described, spelled
from semspill._model import Component
from semspill.errors import ConfigError, PluginError, RegistryError, did_you_mean

C = TypeVar("C", bound=Component)
F = TypeVar("F", bound=Callable[..., Any])

_KINDS: dict[type, "Registry[Any]"] = {}


class Registry(Generic[C]):
    """The components of one kind, by name.

    Names come from entry points, read once and imported only when asked for, and from `register`.
    A taken name is an error, never an overwrite; a broken plugin breaks only itself.

    Args:
        kind: What the components are called in messages, for example `"poison strategy"`.
        group: The entry-point group, for example `"semspill.strategies"`.
        base: The abstract class that every component of this kind extends. The first registry of
            a base is the one that `registries` lists.
        instead: What to write for a name that people try, the line of a config.
    """

    def __init__(
        self, kind: str, *, group: str, base: type, instead: Mapping[str, str] | None = None
    ) -> None:
        self.kind = kind
        self._instead = instead or {}
        self.group = group
        self.base = base
        self._classes: dict[str, type[C]] = {}
        self._presets: dict[str, Mapping[str, Any]] = {}
        self._factories: dict[str, Callable[..., Any]] = {}
        self._points: dict[str, list[EntryPoint]] | None = None
        _KINDS.setdefault(base, self)

    def __repr__(self) -> str:
        return f"<Registry of {self.kind}: {', '.join(self.names())}>"

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Let a field take a name, a mapping or an object, and write a mapping back."""
        return core_schema.no_info_plain_validator_function(
            self.build,
            serialization=core_schema.plain_serializer_function_ser_schema(self.describe),
        )

    def register(self, name: str) -> Callable[[F], F]:
        """Return a decorator that registers a component under `name`.

        It takes a class; a preset, `partial(Shout, most=2)`; or a function with an annotated
        return type, whose arguments are then the fields. What a factory returns is described as
        an object of its class.

        Args:
            name: The name users write in config files.

        Raises:
            RegistryError: The name is taken.
            PluginError: It is no usable component of this kind.
        """

        def decorate(component: F) -> F:
            if name in self._classes or name in self._entry_points():
                raise RegistryError(
                    f"The {self.kind} {name!r} already exists ({self.origin(name)}); "
                    f"choose another name, or call unregister({name!r}) for one of your own."
                )
            self._add(name, component)
            return component

        return decorate

    def unregister(self, name: str) -> None:
        """Forget a name that `register` added in this process; installed plugins stay.

        Raises:
            RegistryError: The name was not added by `register`.
        """
        if name not in self._classes or name in self._entry_points():
            raise RegistryError(f"No {self.kind} named {name!r} was registered in this session.")
        del self._classes[name]
        self._presets.pop(name, None)
        self._factories.pop(name, None)

    def names(self) -> tuple[str, ...]:
        """Return all names in alphabetical order, without importing any plugin."""
        return tuple(sorted({*self._classes, *self._entry_points()}))

    def get(self, name: str) -> type[C]:
        """Return the class of what is registered under `name`, importing that plugin if needed.

        Raises:
            RegistryError: The name is unknown, or two installed packages claim it.
            PluginError: The plugin cannot be imported or is not a component of this kind.
        """
        if name not in self._classes:
            self._add(name, self._load(name))
        return self._classes[name]

    def build(self, spec: object) -> C:
        """Return a component from an object, a name, or a mapping with `name` and fields.

        Args:
            spec: `Shout(most=2)`, `"shout"` or `{"name": "shout", "most": 2}`.

        Raises:
            RegistryError: The name is unknown.
            PluginError: The plugin is broken.
            ConfigError: An object of another kind came, or a function has no such argument.
            pydantic.ValidationError: A field is unknown or its value is not allowed.
        """
        if isinstance(spec, self.base):
            self._checked(type(spec).__name__, type(spec))
            return cast(C, spec)
        if isinstance(spec, str):
            spec = {"name": spec}
        if not isinstance(spec, Mapping) or not isinstance(spec.get("name"), str):
            raise ConfigError(
                f"{self.kind} is given as an object of {self.base.__name__}, a name, or a "
                f"mapping with 'name' and its fields; got {described(spec)}."
            )
        fields = {key: value for key, value in spec.items() if key != "name"}
        cls = self.get(spec["name"])
        if spec["name"] in self._factories:
            return self._call(spec["name"], fields)
        return cls.model_validate({**self._presets.get(spec["name"], {}), **fields})

    def name_of(self, component: C | type[C]) -> str | None:
        """Return the registered name of a component or its class; None if it has none."""
        cls = component if isinstance(component, type) else type(component)
        name = self._known(cls, preset=False)
        if name is None:
            self._load_package(cls.__module__.partition(".")[0])
            name = self._known(cls, preset=False) or self._known(cls, preset=True)
        return name

    def describe(self, component: C) -> dict[str, Any]:
        """Return the mapping that `build` turns into an equal component.

        A class that was never registered is described by its import path, which `build` refuses.
        """
        cls = type(component)
        name = self.name_of(component) or f"{cls.__module__}:{cls.__qualname__}"
        return {"name": name, **component.model_dump(mode="json")}

    def origin(self, name: str) -> str:
        """Say where a name comes from, without importing it."""
        points = self._entry_points().get(name)
        if not points:
            return "registered in this session"
        return " and ".join(_package(point) for point in points)

    def _entry_points(self) -> dict[str, list[EntryPoint]]:
        if self._points is None:
            points: dict[str, list[EntryPoint]] = {}
            for point in entry_points(group=self.group):
                same = points.setdefault(point.name, [])
                # An editable install can list its metadata twice; that is one plugin.
                if point.value not in [known.value for known in same]:
                    same.append(point)
            self._points = points
        return self._points

    def _load(self, name: str) -> object:
        points = self._entry_points().get(name)
        if points is None:
            near = did_you_mean(name, self.names())
            if name in self._instead:
                near = f" Write {self._instead[name]}."
            # What is like no name may be a text in the wrong place.
            quoted = repr(name) if near else spelled(name)
            raise RegistryError(
                f"No {self.kind} is named {quoted or f'so ({described(name)})'}.{near} "
                f"Registered: {', '.join(self.names())}."
            )
        if len(points) > 1:
            raise RegistryError(
                f"Two packages register a {self.kind} named {name!r}: {self.origin(name)}; "
                "uninstall one of them."
            )
        try:
            # What a plugin prints when it is imported is not what the program prints.
            with redirect_stdout(sys.stderr):
                return points[0].load()
        except (Exception, SystemExit) as error:
            raise PluginError(
                f"The {self.kind} {name!r} from {_package(points[0])} failed to import "
                f"({points[0].value}): {type(error).__name__}: {error}"
            ) from error

    def _known(self, cls: type, *, preset: bool) -> str | None:
        names = (name for name in self._classes if (name in self._presets) is preset)
        own = (name for name in names if name not in self._factories)
        return next((name for name in own if self._classes[name] is cls), None)

    def _load_package(self, package: str) -> None:
        for name, points in self._entry_points().items():
            if len(points) == 1 and points[0].module.partition(".")[0] == package:
                with suppress(PluginError):  # a broken plugin stays its own problem
                    self.get(name)

    def _add(self, name: str, component: object) -> None:
        if isinstance(component, type) or not callable(component):
            self._classes[name] = self._checked(name, component)
        elif isinstance(component, partial) and isinstance(component.func, type):
            self._classes[name] = self._checked(name, component.func)
            self._presets[name] = component.keywords
        else:
            function = component.func if isinstance(component, partial) else component
            self._classes[name] = self._checked(name, get_type_hints(function).get("return"))
            self._factories[name] = component

    def _call(self, name: str, fields: Mapping[str, Any]) -> C:
        factory = self._factories[name]
        try:
            inspect.signature(factory).bind(**fields)
        except TypeError as error:
            raise ConfigError(f"The {self.kind} {name!r}: {error}.") from error
        component = factory(**fields)
        if not isinstance(component, self.base):
            raise PluginError(
                f"The {self.kind} {name!r} returned {type(component).__name__}; it must return "
                f"an object of {self.base.__name__}."
            )
        return cast(C, component)

    def _checked(self, name: str, cls: object) -> type[C]:
        title = getattr(cls, "__name__", None) or described(cls)
        component = cast(type[C], cls)
        if not (isinstance(cls, type) and issubclass(cls, self.base)):
            problem = (
                f"it must be a class that extends {self.base.__name__}, or a factory with such a "
                "class as its annotated return type"
            )
        elif inspect.isabstract(cls):
            problem = f"it must implement {', '.join(sorted(component.__abstractmethods__))}"
        elif not isinstance(getattr(cls, "citation", None), str) or not component.citation:
            problem = "it must set citation to a citation or 'original'"
        elif "name" in component.model_fields:
            problem = "its field 'name' must be renamed, because 'name' selects the component"
        else:
            return component
        raise PluginError(f"{title} cannot be the {self.kind} {name!r}: {problem}.")


def registries() -> dict[str, Registry[Any]]:
    """Return the registry of every plug point by its plural, such as `"datasets"`, sorted."""
    known = {registry.group.rpartition(".")[2]: registry for registry in _KINDS.values()}
    return dict(sorted(known.items()))


def _package(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else point.value
