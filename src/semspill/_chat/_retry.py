"""Failed calls: which are worth a retry, how long to wait, and how a message names them."""

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from semspill._mask import printable
from semspill._where import line_of

# Mistakes in code, which no second call mends.
_BUGS = (
    AssertionError,
    AttributeError,
    ImportError,
    IndexError,
    KeyError,
    NameError,
    NotImplementedError,
    TypeError,
    ZeroDivisionError,
)
# Of the HTTP statuses that blame the caller, those that pass: timeouts, conflicts, rate limits.
_PASSING = frozenset({408, 409, 425, 429})
_LONGEST_WAIT = 60.0


def may_pass(error: Exception) -> bool:
    """Return whether a call that failed so may succeed when it is tried again.

    Example:
        >>> may_pass(ConnectionResetError()), may_pass(TypeError())
        (True, False)
    """
    status = status_of(error)
    if isinstance(error, _BUGS):
        return False
    return status is None or status >= 500 or status in _PASSING


def what_to_mend(error: Exception) -> str:
    """Return what a failed call blames.

    Example:
        >>> what_to_mend(KeyError()), what_to_mend(ConnectionResetError())
        ('function', 'service')
    """
    if isinstance(error, _BUGS):
        return "function"
    return "service" if may_pass(error) else "request"


def seconds_to_wait(failures: int, error: Exception, share: float) -> float:
    """Return how long to wait before the next try: what the server asks for, or a backoff.

    The backoff doubles with every failure, from a second on, less up to half of it by chance, so
    that calls which failed together do not come back together. Neither is over a minute.

    Args:
        failures: How often this call has failed, 1 or more.
        error: The latest failure; `Retry-After` is looked for in its headers or its response's.
        share: A random number from 0 to 1.

    Example:
        >>> [seconds_to_wait(failures, ConnectionError(), share=1.0) for failures in (1, 2, 3, 9)]
        [1.0, 2.0, 4.0, 60.0]
    """
    asked = _retry_after(error)
    if asked is not None:
        return min(asked, _LONGEST_WAIT)
    return min(2.0 ** (failures - 1), _LONGEST_WAIT) * (1 + share) / 2


def status_of(error: Exception) -> int | None:
    """Return the HTTP status of a failed call, wherever its library keeps it; None for none."""
    for holder in (error, getattr(error, "response", None)):
        for name in ("status_code", "status", "code"):
            status = getattr(holder, name, None)
            if type(status) is int and 400 <= status <= 599:
                return status
    return None


def failure_of(error: Exception) -> str:
    """Return the types of an error and of its first cause, its status and the line that failed.

    Never its message: that of a client may hold the request or the answer.

    Example:
        >>> failure_of(ConnectionResetError("You grumble."))
        'ConnectionResetError'
    """
    status, cause = status_of(error), _first_cause(error)
    name = type(error).__name__ + (f" with HTTP status {status}" if status else "")
    after = "" if cause is error else f" after {type(cause).__name__}"
    return printable(name + after + line_of(error))


def _first_cause(error: BaseException) -> BaseException:
    for _ in range(20):
        reason = getattr(error, "reason", None)  # where urllib keeps it
        below = error.__cause__ or (reason if isinstance(reason, BaseException) else None)
        if below is None or below is error:
            break
        error = below
    return error


def _retry_after(error: Exception) -> float | None:
    for holder in (error, getattr(error, "response", None)):
        headers: Any = getattr(holder, "headers", None)
        if isinstance(headers, Mapping) or hasattr(headers, "get"):
            given = headers.get("Retry-After") or headers.get("retry-after")
            if (seconds := _seconds(given)) is not None:
                return seconds
    return None


def _seconds(given: object) -> float | None:
    """Return a `Retry-After` in seconds: it is a number of them, or a date."""
    try:
        return max(float(str(given)), 0.0)
    except ValueError:
        pass
    try:
        return max(parsedate_to_datetime(str(given)).timestamp() - time.time(), 0.0)
    except ValueError:
        return None
