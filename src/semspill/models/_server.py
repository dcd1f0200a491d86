"""One model of an OpenAI-compatible server: a call of it, and a sentence for each way to fail."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from semspill._chat._asking import Messages
from semspill._chat._calls import Failure
from semspill._chat._retry import status_of
from semspill._mask import named

_UNREACHED = ("ConnectError", "ConnectTimeout")


class NoCompletionError(Exception):
    """A server answered, and not with a chat completion; it has no message."""


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

    def complete(self, client: Any, settings: Mapping[str, Any], messages: Messages) -> str:
        """Return the text of one answer.

        Args:
            client: A client of httpx2.
            settings: What the request says besides the messages.
            messages: The conversation so far.

        Raises:
            NoCompletionError: What came is no chat completion.
        """
        url = f"{self.url}/chat/completions"
        response = client.post(url, json={**settings, "messages": messages})
        response.raise_for_status()
        try:
            content = response.json()["choices"][0]["message"]["content"]
        except (ValueError, LookupError, TypeError):
            raise NoCompletionError from None
        if content is None:  # a refusal has none
            return ""
        if not isinstance(content, str):
            raise NoCompletionError
        return content

    def blame(self, failure: Failure) -> str:
        """Return a sentence on a failed call: what failed, and what to do; no text of either."""
        tries = f" after {failure.tries} tries" if failure.tries > 1 else ""
        return f"{self._why(failure.raised)}{tries}; {self._mend(failure.raised)}."

    def _why(self, error: Exception) -> str:
        status, kind = status_of(error), type(error).__name__
        if status in (401, 403):
            what = "key" if self.key else "request without a key"
            return f"The server at {self.url} refused the {what} (HTTP status {status})"
        if status == 404:
            return f"The server at {self.url} knows no model {named(self.model)}, or no chat"
        if status is not None:
            return f"The server at {self.url} answered with HTTP status {status}"
        if isinstance(error, NoCompletionError):
            return (
                f"The server at {self.url} sent no chat completion (no JSON with a text in "
                "choices[0].message.content)"
            )
        if kind in _UNREACHED:
            return f"No server answers at {self.url}"
        if "Timeout" in kind:
            return f"The server at {self.url} gave no answer within timeout={self.timeout:g} s"
        return f"The call of {self.url} failed ({kind})"

    def _mend(self, error: Exception) -> str:
        status = status_of(error)
        if status in (401, 403):
            if self.key is None:
                return "name the environment variable that holds one in api_key_env"
            return f"check the variable {named(self.key)}, which api_key_env names"
        if isinstance(error, NoCompletionError):
            return (
                "check that url is the base URL of an OpenAI-compatible server, such as "
                "http://127.0.0.1:8000/v1"
            )
        if status == 404:
            return "check the names of the models, and that url is a base URL, as with /v1"
        if status is not None and status < 500 and status not in (408, 409, 425, 429):
            return (
                "see whether it takes such messages, with an uneven context.turns, and max_tokens"
            )
        goes_on = "goes on from the answers in the cache" if self.cached else "begins anew"
        return f"see to the server and run it again: the arm {goes_on}"
