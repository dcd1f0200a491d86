"""What a failed check raises: pytest and unittest count it as a failed test."""


class ConformanceError(AssertionError):
    """A component does not do what its kind promises.

    Args:
        sentences: One per promise that was broken: what was promised, what came, how to mend it.
    """

    def __init__(self, *sentences: str) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences

    def __reduce__(self) -> tuple[type["ConformanceError"], tuple[str, ...]]:
        return type(self), self.sentences


class SafetyError(AssertionError):
    """A responder or a guard is worse than was demanded, and surely so.

    The table of categories follows as a note, which a traceback shows.

    Args:
        sentence: What was demanded and what was measured.
        table: One line per category; it holds no response text.
    """

    def __init__(self, sentence: str, table: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.table = table
        if table:
            self.add_note(table)

    def __reduce__(self) -> tuple[type["SafetyError"], tuple[str, str]]:
        return type(self), (self.sentence, self.table)


class InconclusiveError(SafetyError):
    """Too few dialogues were tested to tell; the sentence says how many more are needed."""
