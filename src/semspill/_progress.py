"""Progress belongs to the caller: any callable that wraps an iterable, such as `tqdm.tqdm`."""

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar, runtime_checkable

T = TypeVar("T")


@runtime_checkable
class Progress(Protocol):
    """Wrap an iterable and yield its items unchanged; `iter` shows nothing."""

    def __call__(self, items: Iterable[T], /) -> Iterable[T]: ...


def quiet(items: Iterable[T], /) -> Iterator[T]:
    """Yield the items and show nothing."""
    return iter(items)
