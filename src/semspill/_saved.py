"""Reading what `save` of a model wrote beside its weights."""

from pathlib import Path
from typing import Any

from semspill._read import UnreadableError, parse_json
from semspill.errors import DataError


def read_saved(path: Path, form: int, *needed: str) -> dict[str, Any]:
    """Return the JSON object that `save` wrote.

    Args:
        path: The file, in the folder that was given to `save`.
        form: The format that is read.
        *needed: Keys that must be there.

    Raises:
        DataError: There is no such file, it is broken, or it has another format.
    """
    if not path.is_file():
        raise DataError(f"{path.parent} holds no {path.name}; give a folder that save() wrote.")
    try:
        held = parse_json(path.read_bytes())
    except (OSError, UnreadableError) as error:
        raise DataError(f"{path} cannot be read ({error}); save the model again.") from None
    if not isinstance(held, dict) or "format" not in held:
        raise DataError(f"{path} was not written by save(); give a folder that it wrote.")
    if held["format"] != form:
        raise DataError(f"{path} has format {held['format']!r}; this version reads {form}.")
    if absent := [key for key in needed if key not in held]:
        raise DataError(f"{path} lacks {absent[0]!r}; save the model again.")
    return held
