"""One model of an OpenAI-compatible server: a call of it, and a sentence for each way to fail."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from semspill._chat._asking import Messages
from semspill._chat._calls import Failure
from semspill._chat._retry import status_of
from semspill._mask import named
from semspill.errors import DataError

_UNREACHED = ("ConnectError", "ConnectTimeout")


class Server(NamedTuple):
    """A model of a server, and what messages need to know of how it is asked."""

    url: str
    """Its base URL."""
    model: str
    """What it calls the model."""
    key: str | None
    """Name of the environment variable of its key."""
    timeout: float
    """Seconds after which a try has failed."""
    cached: bool
    """Whether answers are kept."""

    def complete(self, client: Any, settings: Mapping[str, Any], messages: Messages) -> str | None:
        """Return the text of one answer; None where what came is no chat completion.

        Args:
            client: A client of httpx2.
            settings: What the request says besides the messages.
            messages: The conversation so far.
        """
        url = f"{self.url}/chat/completions"
        response = client.post(url, json={**settings, "messages": messages})
        response.raise_for_status()
        try:
            content = response.json()["choices"][0]["message"]["content"]
        except (ValueError, LookupError, TypeError):
            return None
        if content is None:  # a refusal has none
            return ""
        return content if isinstance(content, str) else None

    def read(self, came: object, place: int) -> str:
        """Return the text that came.

        Raises:
            DataError: None came.
        """
        __tracebackhide__ = True
        if isinstance(came, str):
            return came
        raise DataError(
            f"The server at {self.url} sent no chat completion (no JSON with "
            "choices[0].message.content); check that url is the base URL of an OpenAI-compatible "
            "server, such as http://127.0.0.1:8000/v1."
        )

    def blame(self, failure: Failure) -> str:
        """Return a sentence on a failed call: what failed, and what to do; no text of either."""
        tries = f" after {failure.tries} tries" if failure.tries > 1 else ""
        return f"{self._why(failure.raised)}{tries}; {self._mend(status_of(failure.raised))}."

    def _why(self, error: Exception) -> str:
        status, kind = status_of(error), type(error).__name__
        if status in (401, 403):
            return f"The server at {self.url} refused the key (HTTP status {status})"
        if status == 404:
            return f"The server at {self.url} knows no model {named(self.model)}, or no chat"
        if status is not None:
            return f"The server at {self.url} answered with HTTP status {status}"
        if kind in _UNREACHED:
            return f"No server answers at {self.url}"
        if "Timeout" in kind:
            return f"The server at {self.url} gave no answer within timeout={self.timeout:g} s"
        return f"The call of {self.url} failed ({kind})"

    def _mend(self, status: int | None) -> str:
        if status in (401, 403):
            variable = f"check the variable {named(self.key)}" if self.key else "name its variable"
            return f"{variable}, which is named by api_key_env"
        if status == 404:
            return "check the names of the models, and that url is a base URL, as with /v1"
        if status is not None and status < 500 and status not in (408, 409, 425, 429):
            return (
                "see whether it takes such messages, with an uneven context.turns, and max_tokens"
            )
        goes_on = "goes on from the answers in the cache" if self.cached else "begins anew"
        return f"see to the server and run it again: the arm {goes_on}"
