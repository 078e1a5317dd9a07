"""How work says how far it is to whoever shows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

_Item = TypeVar("_Item")


class Track(Protocol):
    """Passes a stream of work through and shows how far it is: of `what` (a plural), `total` where that is known."""

    def __call__(self, items: Iterable[_Item], what: str, total: int | None = None) -> Iterator[_Item]: ...


def untracked(items: Iterable[_Item], what: str, total: int | None = None) -> Iterator[_Item]:
    """A `Track` that shows nothing."""
    yield from items
