"""The attributes of a dialogue: an immutable mapping that can be hashed and pickled."""

from collections.abc import Iterator, Mapping


class Attributes(Mapping[str, str]):
    """Values by name, never changed.

    Example:
        >>> Attributes({"region": "north"})["region"]
        'north'
    """

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[str, str] | None = None) -> None:
        self._items = dict(items or {})

    def __getitem__(self, name: str) -> str:
        return self._items[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __hash__(self) -> int:
        return hash(frozenset(self._items.items()))

    def __repr__(self) -> str:
        return repr(self._items)


NONE = Attributes()
"""Those of most dialogues."""
