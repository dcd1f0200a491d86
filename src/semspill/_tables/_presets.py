"""Published data that semspill knows by name: what they are, and how they are read."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from pydantic import Field, TypeAdapter

from semspill._model import FrozenModel
from semspill.errors import RegistryError, did_you_mean


class Choice(FrozenModel):
    """A field of a source that takes the rows with some values of a column."""

    column: str
    """The column."""
    meaning: str
    """What the field means."""


class Preset(FrozenModel):
    """One file of `presets`."""

    title: str
    """What its authors call it."""
    about: str
    """What it holds, in one sentence."""
    use: str
    """What it is for here."""
    size: str
    """How large it is, in words."""
    categories: str
    """Which categories it has, in words."""
    citation: str
    """Whom to cite."""
    licence: str
    """The licence of the text, and what else its authors ask."""
    url: str
    """Where it is published."""
    revision: str | None = None
    """The commit at `url` that is read; None where none is known."""
    verified: bool
    """Whether the commit was seen at `url`, and not only remembered."""
    counts: dict[str, int] = Field(min_length=1)
    """Rows of each split, or of `all`."""
    dialogues: dict[str, int] = Field(default={})
    """Dialogues of each split, or of `all`, where they are not the rows."""
    counts_from: Literal["files", "card", "memory"]
    """Where the counts are from: counted in the files, read on a page of its authors, or remembered
    from the literature."""
    ids_of_split: bool = False
    """Whether the ids of its dialogues are counted anew in every split."""
    harmful: bool = False
    """Whether much of it is written to hurt."""
    notes: tuple[str, ...] = ()
    """What else a user must know."""
    dataset: dict[str, Any] | None = None
    """The fields of a dataset; None where it holds no dialogues."""
    source: dict[str, Any] | None = None
    """The fields of a response source; None where it holds no texts to plant."""
    prompts: dict[str, Any] | None = None
    """How its prompts are read; None where it holds none."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """What it can be: `dataset`, `source`, `prompts`."""
        named = ("dataset", "source", "prompts")
        return tuple(kind for kind in named if getattr(self, kind) is not None)

    @property
    def description(self) -> str:
        """What it is, for whom it is written out."""
        notes = "".join(f" {note[0].upper()}{note[1:]}." for note in self.notes)
        return (
            f"{self.about} {self.size[0].upper()}{self.size[1:]}; licence: {self.licence}.\n\n"
            f"{self.use}{notes} Published at {self.url}."
        )


def preset_names() -> tuple[str, ...]:
    """Return the names of all presets, in alphabetical order."""
    names = (file.name for file in _folder().iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


@cache
def preset(name: str) -> Preset:
    """Return a preset.

    Raises:
        RegistryError: None has that name.

    Example:
        >>> preset("esconv").licence
        'CC-BY-NC-4.0'
    """
    if name not in preset_names():
        raise RegistryError(
            f"No preset has that name.{did_you_mean(name, preset_names())} There are: "
            f"{', '.join(preset_names())}."
        )
    read = tomllib.loads((_folder() / f"{name}.toml").read_text(encoding="utf-8"))
    made = Preset(**read)
    for kind in made.kinds:
        # A revision is one of the hub; what is downloaded by hand has none that could be asked for.
        if "path" in read[kind] and made.revision is not None:
            read[kind].setdefault("revision", made.revision)
    return Preset(**read)


def require_path(name: str, model: type[FrozenModel], given: object) -> None:
    """Refuse fields without the place of data that are not on the hub, and say how to come by them.

    Args:
        name: The name of the preset.
        model: What is made of the fields.
        given: The fields.

    Raises:
        ValueError: There is no `path`, and none by default.
    """
    lacks = isinstance(given, Mapping) and "path" not in given
    if lacks and model.model_fields["path"].is_required():
        raise ValueError(f"path is missing: {preset(name).notes[0]}")


def with_default(base: type[FrozenModel], field: str, value: Any) -> tuple[Any, Any]:
    """Return a field of a model with another default, as `pydantic.create_model` takes it.

    Args:
        base: The model.
        field: Name of the field.
        value: The default.
    """
    info = base.model_fields[field]
    annotation: Any = info.rebuild_annotation()
    default = TypeAdapter(annotation).validate_python(value)
    return annotation, Field(default=default, description=info.description)


def _folder() -> Any:
    return files("semspill._tables") / "presets"
