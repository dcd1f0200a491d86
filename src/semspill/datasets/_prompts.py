"""Published prompts by name: texts to answer, for which nobody wrote a response."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import Field

from semspill._filters import Where, cell, has, taken
from semspill._model import FrozenModel, PathOrName
from semspill._rows import require_columns
from semspill._tables._any import rows_at
from semspill.errors import ConfigError, DataError


class Prompt(NamedTuple):
    """A text to answer.

    Example:
        >>> Prompt("How do I grumble?", "insults").category
        'insults'
    """

    text: str
    """The text."""
    category: str = ""
    """Its category; empty where the data have none."""


class Prompts(FrozenModel):
    """How the prompts of a published set are read."""

    path: PathOrName = Field(min_length=1)
    subset: str | None = None
    revision: str | None = None
    split: str = "train"
    text: tuple[str, ...] = Field(min_length=1)
    category: str | None = None
    category_names: dict[str, str] = Field(default={})
    where: Where = Field(default={})


def load_prompts(name: str, path: str | None = None, **fields: Any) -> tuple[Prompt, ...]:
    """Return the prompts of a published set, in order of its rows.

    They have no response: `P@1` and whatever else asks for one is not defined for them. Rows of
    several categories, or of none, are left out.

    Args:
        name: Name of the set, such as `alert`.
        path: A copy of your own; None for the hub, where the set is on it.
        **fields: What else is read otherwise than it is published: `subset`, `revision`, `split`,
            `where`.

    Raises:
        RegistryError: There is no such set.
        ConfigError: The set holds no prompts, or needs a path.
        DataError: It cannot be read, or is not as it was published.
    """
    from semspill._tables._presets import preset, preset_names  # only who asks for one reads them

    known = preset(name).prompts
    if known is None:
        those = ", ".join(one for one in preset_names() if preset(one).prompts is not None)
        raise ConfigError(f"{name} holds no prompts; these do: {those}.")
    given = {**known, **fields, **({} if path is None else {"path": str(path)})}
    if "path" not in given:
        raise ConfigError(f"{name} is not on the hub: {preset(name).notes[0]}.")
    prompts = tuple(_read(Prompts(**given)))
    if not prompts:
        raise DataError(f"No prompt is left in {given['path']}; check 'where'.")
    return prompts


def _read(spec: Prompts) -> Iterator[Prompt]:
    table = rows_at(spec.path, spec.split, spec.subset, spec.revision)
    columns = [*spec.text, *([] if spec.category is None else [spec.category])]
    for where, row in taken(table.rows, spec.where):
        lacking = [name for name in columns if not has(row, name)]
        require_columns(str(where), tuple(row), lacking, "the data are not as they were published")
        parts = [cell(row, name) for name in spec.text]
        if not all(isinstance(part, str) for part in parts):
            raise DataError(f"{where}: {' and '.join(map(repr, spec.text))} must be texts.")
        category = "" if spec.category is None else _category(row, spec)
        if category is not None:
            yield Prompt(" ".join(part.strip() for part in parts), category)


def _category(row: Mapping[str, Any], spec: Prompts) -> str | None:
    value = cell(row, str(spec.category))
    held = value if isinstance(value, (list, tuple)) else [value]
    if len(held) != 1 or held[0] is None:
        return None
    return spec.category_names.get(str(held[0]), str(held[0]))
