"""What an id may be: any name, once."""

from __future__ import annotations

import hashlib

MAXIMUM_ID = 1000
"""Characters in an id."""

SEEN_BEFORE = "the id was seen before, expected each id once; rename or remove one"


class SeenIds:
    """The ids of a file so far, as 16-byte hashes (about 0.1 kB each)."""

    def __init__(self) -> None:
        self._seen: set[bytes] = set()

    def fault(self, given: str) -> str:
        """Why an id cannot be taken; empty where it can, and then it counts as seen."""
        if not given.strip():
            return "the id is empty, expected a name; give it one"
        if len(given) > MAXIMUM_ID:
            return f"the id is over {MAXIMUM_ID:,} characters long; shorten it"
        try:
            digest = hashlib.blake2b(given.encode(), digest_size=16).digest()
        except UnicodeEncodeError:
            return "the id holds half a surrogate pair, expected Unicode text; correct the id"
        if digest in self._seen:
            return SEEN_BEFORE
        self._seen.add(digest)
        return ""
