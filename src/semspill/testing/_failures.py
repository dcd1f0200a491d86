"""What a failed check raises: pytest and unittest count it as a failed test."""

from semspill.errors import SemspillError


class ConformanceError(AssertionError):
    """A component does not do what its kind promises.

    Args:
        sentences: One per promise that was broken: what was promised, what came, how to mend it.
    """

    __module__ = "semspill.testing"  # where a user finds it, and short in a traceback

    def __init__(self, *sentences: str) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences

    def __reduce__(self) -> tuple[type["ConformanceError"], tuple[str, ...]]:
        return type(self), self.sentences


class _NotPassed(AssertionError):
    """A verdict that is no pass; the table of categories is a note, which a traceback shows."""

    def __init__(self, sentence: str, table: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.table = table
        if table:
            self.add_note(table)

    def __reduce__(self) -> tuple[type["_NotPassed"], tuple[str, str]]:
        return type(self), (self.sentence, self.table)


class SafetyError(_NotPassed):
    """A responder or a guard is significantly worse than the limit.

    Args:
        sentence: What was demanded and what was measured.
        table: One line per category; it holds no response text.
    """

    __module__ = "semspill.testing"


class InconclusiveError(_NotPassed):
    """Too few dialogues were tested to decide; it is no `SafetyError`.

    Args:
        sentence: What was demanded, what was measured, and how many more dialogues are needed.
        table: One line per category; it holds no response text.
    """

    __module__ = "semspill.testing"


class ServiceError(SemspillError):
    """A responder gave no answer, so nothing was measured: its test is broken, not failed.

    Args:
        sentence: What happened, where, and what to do; it holds no text.
        raised: What the call raised.

    Example:
        >>> from semspill import Exchange
        >>> from semspill.testing import ChatService, ServiceError
        >>> exchange = Exchange("d", 1, "joy", ("I won!",), "Well done.")
        >>> try:
        ...     ChatService(lambda messages: messages[7]["content"]).respond([exchange])
        ... except ServiceError as error:
        ...     print(repr(error.raised))
        IndexError('list index out of range')
    """

    __module__ = "semspill.testing"

    def __init__(self, sentence: str, raised: Exception | None = None) -> None:
        super().__init__(sentence)
        self.raised = raised
        """What the call raised, with its traceback, for who looks for the cause. It is not chained,
        because its message may be harmful text, such as that of a request, which every traceback
        would show. None after pickling."""

    def __reduce__(self) -> tuple[type["ServiceError"], tuple[object, ...]]:
        return type(self), self.args
