"""The format version of results in JSON; another version is refused."""

from semspill._read import parse_json
from semspill.errors import DataError

FORMAT = 2
"""What this version of semspill writes and reads."""


class FormatError(DataError):
    """Results in JSON that another version of semspill wrote."""


def require_format(text: str, what: str) -> None:
    """Refuse JSON of another format version.

    Args:
        text: A JSON object.
        what: What it is, such as `"report"`.

    Raises:
        FormatError: It was written in another format.
        ValueError: It is no JSON object.
    """
    fields = parse_json(text)
    if not isinstance(fields, dict):
        raise ValueError("no JSON object")
    written = fields.get("format")
    if written != FORMAT:
        is_number = isinstance(written, int) and not isinstance(written, bool)
        has = f"has format {written}" if is_number else "has no format version"
        raise FormatError(
            f"This {what} {has}; this version of semspill reads format {FORMAT}. Run the "
            "experiment again, or read it with the version that wrote it."
        )
