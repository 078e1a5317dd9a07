"""What does not fit into memory: a set of digests, texts to be sorted, in temporary files that no process leaves.

Both lie in one database of SQLite's without a name, which its cache bounds in memory and which goes with the process,
however that ends. They stand in the folder of temporary files (`TMPDIR`,
else /var/tmp).
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from cistrace.errors import OutputError
from cistrace.io.streams import shown

CACHE_KIB = 4096
TOGETHER = 5_000


class DigestsOnDisk:
    """A set of digests of one length, as bytes. Looking one up takes some microseconds.

    Raises
    ------
    OutputError
        There is no room for temporary files.
    """

    def __init__(self) -> None:
        with temporary_faults():
            self._database = _temporary_database()
            self._database.execute("CREATE TABLE digests (digest BLOB PRIMARY KEY) WITHOUT ROWID")

    def add(self, digests: Iterable[bytes]) -> None:
        """Put several in, fastest in rising order."""
        with temporary_faults():
            self._database.execute("BEGIN")
            self._database.executemany("INSERT OR IGNORE INTO digests VALUES (?)", ((one,) for one in digests))
            self._database.execute("COMMIT")

    def __contains__(self, digest: bytes) -> bool:
        try:  # asked of every record: a context manager would cost as much again
            return self._database.execute("SELECT 1 FROM digests WHERE digest = ?", (digest,)).fetchone() is not None
        except sqlite3.Error as error:
            raise _no_room(error) from error


class SortedOnDisk:
    """Texts that come in any order and leave by two whole numbers, equals in the order in which they came.

    Raises
    ------
    OutputError
        There is no room for temporary files.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[int, int, str]] = []
        with temporary_faults():
            self._database = _temporary_database()
            self._database.execute("CREATE TABLE texts (number INTEGER PRIMARY KEY, first INT, second INT, text TEXT)")

    def add(self, first: int, second: int, text: str) -> None:
        """Put one in: whole numbers of at most 63 bits."""
        self._waiting.append((first, second, text))
        if len(self._waiting) == TOGETHER:
            self._flush()

    def _flush(self) -> None:
        with temporary_faults():
            self._database.execute("BEGIN")
            self._database.executemany("INSERT INTO texts (first, second, text) VALUES (?, ?, ?)", self._waiting)
            self._database.execute("COMMIT")
        self._waiting.clear()

    def __iter__(self) -> Iterator[tuple[int, int, str]]:
        """Both numbers and the text, sorted."""
        self._flush()
        with temporary_faults():
            yield from self._database.execute("SELECT first, second, text FROM texts ORDER BY first, second, number")


def _temporary_database() -> sqlite3.Connection:
    # Autocommit and no journal: nobody goes on with what a process leaves here.
    database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    database.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    database.execute("PRAGMA journal_mode = OFF")
    database.execute("PRAGMA synchronous = OFF")
    database.execute("PRAGMA temp_store = FILE")
    return database


@contextmanager
def temporary_faults() -> Iterator[None]:
    """Turn what a full disk raises into one line that names the folder of temporary files.

    Raises
    ------
    OutputError
        In the place of an error of SQLite's or of the system's.
    """
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise _no_room(error) from error


def _no_room(error: sqlite3.Error | OSError) -> OutputError:
    of_system = isinstance(error, OSError)
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    folder = tempfile.gettempdir() if of_system else _folder_of_sqlite()
    return OutputError(
        f"{shown(folder)}: temporary files cannot be written ({reason}); expected room and rights; make "
        "room, or set TMPDIR to another folder"
    )


def _folder_of_sqlite() -> str:
    """Where SQLite puts temporary files: its own documentation gives the order (tempfiles.html)."""
    places = (os.environ.get("SQLITE_TMPDIR"), os.environ.get("TMPDIR"), "/var/tmp", "/usr/tmp", "/tmp")
    return next((one for one in places if one and os.access(one, os.W_OK | os.X_OK)), ".")
