"""What happens on the way to an answer, as server-sent events."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

from cistrace.errors import CistraceError
from cistrace.io.json_lines import json_line
from cistrace.serve.faults import FAILED, told

EVENTS = "text/event-stream"
_Row = TypeVar("_Row")


async def events(
    news: AsyncIterator[int | list[_Row]], total: int, name: str, plain: Callable[[_Row], dict[str, Any]]
) -> AsyncIterator[str]:
    """`progress` (done, total), rows under a `name` of theirs, at last `end`, or `error` where a fault ends it.

    Parameters
    ----------
    news
        As `told_in_turns` tells them.
    total : int
        Of predictions.
    plain : callable
        A row as JSON types.
    """
    try:
        async for one in news:
            if isinstance(one, int):
                yield _event("progress", {"done": one, "total": total})
                continue
            for row in one:
                yield _event(name, plain(row))
    except CistraceError as error:
        yield _event("error", {"error": told(error)})
    except Exception:
        yield _event("error", {"error": FAILED})
        raise
    else:
        yield _event("end", {})


def _event(name: str, plain: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json_line(plain)}\n"
