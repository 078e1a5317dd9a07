"""Answers already paid for, on disk: one SQLite file, one row an answer, committed as it arrives.

An answer is found by what was asked (`request_key`), whichever server was asked and with whichever key. Every row
carries a hash of itself, so that an altered one is asked again and not believed. The default journal, not a
write-ahead log, as it works on shared file systems too; answers come a few a second at most.
"""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cistrace.errors import TeacherError
from cistrace.io.files import check_output
from cistrace.io.streams import shown

log = logging.getLogger(__name__)

FORMAT = 1  # of the file, in its `user_version`
BUSY_SECONDS = 60.0  # to wait for another process that writes
_TABLE = (
    "CREATE TABLE answers (key TEXT PRIMARY KEY, text TEXT NOT NULL, finish TEXT NOT NULL, "
    "prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL, model TEXT NOT NULL, hash TEXT NOT NULL)"
)
_COLUMNS = "text, finish, prompt_tokens, completion_tokens, model"


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """One answer as it came.

    Attributes
    ----------
    finish : str
        Why the server stopped writing: `stop`, `length`, ...
    prompt_tokens, completion_tokens : int
        As the server counted them, or estimated where it did not.
    model : str
        That the server says it served.
    """

    text: str
    finish: str
    prompt_tokens: int
    completion_tokens: int
    model: str


def request_key(plain: Any) -> str:
    """SHA-256, hexadecimal, of canonical JSON: sorted names, no blanks."""
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


class AnswerCache:
    """Answers by the key of their request; for any number of threads, and of processes on one file.

    Parameters
    ----------
    path : Path
        Made where it does not exist.

    Raises
    ------
    OutputError
        The path cannot be written.
    TeacherError
        The file is not such a cache, or torn.
    """

    def __init__(self, path: Path) -> None:
        check_output(path)
        self.path = path
        self._lock = threading.Lock()
        with self._faults():
            self._connection = sqlite3.connect(path, BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            try:
                self._prepare()
            except BaseException:
                self._connection.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; nothing can be asked of it afterwards."""
        with self._lock:
            self._connection.close()

    def __len__(self) -> int:
        return int(self._rows("SELECT count(*) FROM answers")[0][0])

    def get(self, key: str) -> KeptAnswer | None:
        """The answer to a request, or None. An altered row is removed with a warning that names it.

        Raises
        ------
        TeacherError
            The file cannot be read.
        """
        rows = self._rows(f"SELECT {_COLUMNS}, hash FROM answers WHERE key = ?", key)
        if not rows:
            return None
        *values, digest = rows[0]
        if digest == _digest(key, values):
            return KeptAnswer(*values)
        log.warning("%s: answer %s was altered since it was stored; it is removed and asked again", self._name, key)
        self._rows("DELETE FROM answers WHERE key = ? AND hash IS ?", key, digest)
        return None

    def put(self, key: str, answer: KeptAnswer) -> KeptAnswer:
        """Store an answer for good before returning.

        Returns
        -------
        KeptAnswer
            What the cache holds from now on: an earlier answer, where another process was faster.
        """
        values = astuple(answer)
        places = ", ".join("?" * (len(values) + 2))
        insert = f"INSERT OR IGNORE INTO answers (key, {_COLUMNS}, hash) VALUES ({places})"
        self._rows(insert, key, *values, _digest(key, values))
        kept = self.get(key)
        if kept is None:  # what lay there was altered, and is gone
            self._rows(insert, key, *values, _digest(key, values))
        return kept or answer

    @property
    def _name(self) -> str:
        return shown(self.path)

    def _rows(self, statement: str, *values: object) -> list[Any]:
        """Run one statement as its own transaction. All rows are fetched: an open cursor would lock others out."""
        with self._lock, self._faults():
            return self._connection.execute(statement, values).fetchall()

    def _prepare(self) -> None:
        """Make the table in a new file; check an old one."""
        # What is not UTF-8 was altered: readable, so that its hash can say so.
        self._connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        run = self._connection.execute
        run("BEGIN IMMEDIATE")
        try:
            (version,) = run("PRAGMA user_version").fetchone()
            names = [name for (name,) in run("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()]
            if not names and not version:
                run(_TABLE)
                run(f"PRAGMA user_version = {FORMAT}")
            elif names != ["answers"] or version != FORMAT:
                raise TeacherError(
                    f"{self._name}: is a database of something else (tables {', '.join(names) or 'none'}, format "
                    f"{version}); expected a cache of answers, format {FORMAT}; name another file"
                )
        finally:
            if self._connection.in_transaction:
                run("COMMIT")
        ((found,),) = run("PRAGMA quick_check(1)").fetchall()
        if found != "ok":
            raise sqlite3.DatabaseError(" ".join(found.split()))

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """Turn what SQLite raises into one line."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise TeacherError(
                f"{self._name}: cannot be used as cache of answers ({error}); expected a file that can be read and "
                "written; choose another path, or run again when no other process holds it"
            ) from error
        except sqlite3.DatabaseError as error:
            raise TeacherError(
                f"{self._name}: is not a cache of answers, or torn ({error}); expected one that cistrace made; "
                "name another file, or remove it to ask for all answers anew"
            ) from error


def _digest(key: str, values: Any) -> str:
    """Of the row with its key: answers cannot change places. Whatever an altered row holds has a hash, if another."""
    return hashlib.sha256(json.dumps([key, *values], default=repr).encode()).hexdigest()
