"""The rounds of a search, kept beside its output as they are made, so that an interrupted one goes on to the same end.

A file of JSON Lines named after the output: first what the search is of, then a line a round with its hash. A last line
that was torn is made again; one that is not as it was written is named, and made again with those behind it.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from cistrace.design.archive import Found, Round
from cistrace.errors import OutputError
from cistrace.io.files import write_faults
from cistrace.io.hashes import text_hash
from cistrace.io.journal import check_same, close_journal, journal_path, lock_journal
from cistrace.io.json_lines import json_line
from cistrace.io.small_files import parse_json
from cistrace.io.streams import shown


class SearchJournal:
    """The journal of one output folder, opened to begin or to go on. It goes when its `with` block ends well.

    Parameters
    ----------
    output : Path
        The output folder.
    of : dict of JSON types
        What the rounds follow from.
    resume : bool
        Take up what an interrupted search of the same left.

    Raises
    ------
    OutputError
        There is a journal and it is not to be taken up; it is of another search, or at work; it cannot be written.
    """

    def __init__(self, output: Path, of: dict[str, Any], resume: bool) -> None:
        self.path = journal_path(output)
        self.kept: list[Round] = []
        """Rounds of the interrupted search."""
        self.altered: str | None = None
        """What is wrong with a round that was altered since it was written, if there is one."""
        there = os.path.lexists(self.path)
        if there and not resume:
            raise OutputError(
                f"{shown(self.path)}: holds the rounds of an interrupted search; expected none; add --resume to go on "
                "from them, or remove it"
            )
        with write_faults(self.path):
            flags = os.O_RDWR | os.O_NOFOLLOW | (0 if there else os.O_CREAT | os.O_EXCL)
            self._file: BinaryIO = os.fdopen(os.open(self.path, flags, 0o666), "rb+")
            try:
                lock_journal(self._file, self.path, "search")
                if there:
                    self._take_up(of)
                if not self._file.tell():
                    self._write({"of": of})
            except BaseException:
                self._file.close()
                raise

    def _take_up(self, of: dict[str, Any]) -> None:
        """Read the whole rounds, and cut off what comes behind them."""
        head = _plain(self._file.readline())
        whole = 0
        if head is not None:
            self._check(head, of)
            whole = self._file.tell()
            while line := self._file.readline():
                round = _round(_plain(line), len(self.kept))
                if round is None:
                    self._note_altered(line)
                    break
                self.kept.append(round)
                whole = self._file.tell()
        self._file.truncate(whole)
        self._file.seek(whole)

    def _note_altered(self, line: bytes) -> None:
        if line.endswith(b"\n"):  # else torn: a kill does that
            self.altered = (
                f"{shown(self.path)}: round {len(self.kept)} was altered (its SHA-256 is another than was written); it "
                "and what follows are made again"
            )

    def _check(self, head: dict[str, Any], of: dict[str, Any]) -> None:
        found = head.get("of")
        if not isinstance(found, dict):
            raise OutputError(f"{shown(self.path)}: is no journal of a search; expected one to go on from; remove it")
        check_same(found, of, self.path, "search")

    def add(self, round: Round) -> None:
        """Keep a round.

        Raises
        ------
        OutputError
            The journal cannot be written.
        """
        found = [[one.bases, one.reward, one.move, one.parent, one.start] for one in round.found]
        with write_faults(self.path):
            plain = {"round": round.number, "gradients": list(round.gradients), "found": found}
            self._write({**plain, "sha256": text_hash(json_line(plain))})

    def _write(self, plain: dict[str, Any]) -> None:
        self._file.write(json_line(plain).encode())
        self._file.flush()
        os.fsync(self._file.fileno())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None or self._is_empty():
            self.path.unlink(missing_ok=True)
        close_journal(self._file)

    def _is_empty(self) -> bool:
        """Whether it holds no round: then nothing is lost with it."""
        self._file.seek(0)
        return len(self._file.readlines(2)) < 1 or not self._file.readline()


def _plain(line: bytes) -> dict[str, Any] | None:
    """A whole line as JSON, or None where it ends or was torn."""
    try:
        plain = parse_json(line) if line.endswith(b"\n") else None
    except ValueError:
        return None
    return plain if isinstance(plain, dict) else None


def _round(plain: dict[str, Any] | None, number: int) -> Round | None:
    """The round that is to come next, or None where a line ends, was torn or altered: it is made again."""
    try:
        if plain is None or plain.pop("sha256") != text_hash(json_line(plain)) or plain["round"] != number:
            return None
        found = (
            Found(str(bases), float(reward), str(move), int(parent), int(start), number)
            for bases, reward, move, parent, start in plain["found"]
        )
        return Round(number, tuple(found), tuple(map(int, plain["gradients"])))
    except (KeyError, TypeError, ValueError):
        return None
