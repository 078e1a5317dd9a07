"""Bodies of requests: JSON in which every name of an object stands once.

Of a name that stands twice JSON's readers keep the last without a word; where names are ids, a sequence would be lost.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import HTTPException, Request
from fastapi.responses import Response
from fastapi.routing import APIRoute

SHOWN = 80  # letters of a name in a message


class RepeatedNameError(ValueError):
    """A name stands twice in one object."""


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object from its names and values, for `json.loads` as `object_pairs_hook`.

    Raises
    ------
    RepeatedNameError
        A name stands there more than once.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        ((name, count),) = Counter(name for name, _ in pairs).most_common(1)
        raise RepeatedNameError(
            f"{name[:SHOWN]!r} stands {count} times in one object, expected every id and name once; rename all but one"
        )
    return found


class BodyRoute(APIRoute):
    """A route whose request is answered 422 where a name stands twice in one object of its body."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's own, with the body read by us."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            return await handle(_Request(request.scope, request.receive))

        return handled


class _Request(Request):
    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            try:
                self._json = json.loads(await self.body(), object_pairs_hook=once)
            except RepeatedNameError as error:
                raise HTTPException(422, f"request: {error}") from None
        return self._json
