"""What an id may be: any name, once."""

from __future__ import annotations

import hashlib

from cistrace.io.disk import DigestsOnDisk

MAXIMUM_ID = 1000
"""Characters in an id."""

IN_MEMORY = 1 << 14
"""Ids whose digests are held in memory, about 0.1 kB each; those before them lie in a temporary file, 20 bytes each."""

SEEN_BEFORE = "the id was seen before, expected each id once; rename or remove one"


class SeenIds:
    """The ids of a file so far, as 16-byte hashes; memory does not grow with their number.

    Parameters
    ----------
    in_memory : int
        How many are held there.
    """

    def __init__(self, in_memory: int = IN_MEMORY) -> None:
        self._most = in_memory
        self._seen: set[bytes] = set()
        self._older: DigestsOnDisk | None = None

    def fault(self, given: str) -> str:
        """Why an id cannot be taken; empty where it can, and then it counts as seen.

        Raises
        ------
        OutputError
            There are many, and there is no room for temporary files.
        """
        if not given.strip():
            return "the id is empty, expected a name; give it one"
        if len(given) > MAXIMUM_ID:
            return f"the id is over {MAXIMUM_ID:,} characters long; shorten it"
        try:
            digest = hashlib.blake2b(given.encode(), digest_size=16).digest()
        except UnicodeEncodeError:
            return "the id holds half a surrogate pair, expected Unicode text; correct the id"
        if digest in self._seen or (self._older is not None and digest in self._older):
            return SEEN_BEFORE
        self._seen.add(digest)
        if len(self._seen) >= self._most:
            self._older = self._older or DigestsOnDisk()
            self._older.add(sorted(self._seen))
            self._seen.clear()
        return ""
