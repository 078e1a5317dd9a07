"""What a long run has finished so far, kept beside its output, so that an interrupted one can go on.

A file of JSON Lines named after the output. First what the run is of (settings, model, version); then, for every block
of sequences, a line with their number and hash, its rows, and a line that ends it with the hash of all these. A block
without that last line was torn and is done again; one that is not as it was written is named, and done again with all
that stands behind it. A block is taken up only where the sequences read anew are the same, so that it does not matter
which file they come from, and a fault mended further down loses nothing.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from cistrace.errors import OutputError
from cistrace.io.dna_sequence import DnaSequence
from cistrace.io.files import write_faults
from cistrace.io.json_lines import json_line
from cistrace.io.small_files import parse_json
from cistrace.io.streams import shown

START, END = b'{"of": ', b'{"end": '  # how the first line begins, and the one that ends a block


def journal_path(output: Path) -> Path:
    """Where the journal of an output lies."""
    return output.with_name(f"{output.name}.partial")


def lock_journal(file: BinaryIO, path: Path, what: str = "run") -> None:
    """Keep a journal, of a `what`, to this process while its file is open.

    Raises
    ------
    OutputError
        Another process has it.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise OutputError(
            f"{shown(path)}: another {what} is at work on it; expected none; wait for it, or stop it"
        ) from None


def close_journal(file: BinaryIO) -> None:
    """Close a journal: what a full disk has not taken was told as it was written, and is of no finished block."""
    with suppress(OSError):
        file.close()


def check_same(found: dict[str, Any], of: dict[str, Any], path: Path, what: str = "run") -> None:
    """Refuse the journal of a `what` that is of something else than what is to go on.

    Raises
    ------
    OutputError
        Naming the first thing that differs, and both values.
    """
    for name in sorted({*found, *of}):
        if found.get(name) != of.get(name):
            raise OutputError(
                f"{shown(path)}: is of a {what} with another {name} ({_short(found.get(name))}, not "
                f"{_short(of.get(name))}); expected the same; use that, or remove the file"
            )


def check_no_journal(output: Path) -> None:
    """Refuse to begin anew where an interrupted run has left something; a journal of no finished block goes.

    Raises
    ------
    OutputError
        There is a journal.
    """
    path = journal_path(output)
    if os.path.lexists(path) and not _removed_as_empty(path):
        raise OutputError(
            f"{shown(path)}: holds what an interrupted run had finished; expected none; add --resume to go on from it, "
            "or remove it"
        )


def _removed_as_empty(path: Path) -> bool:
    """Whether a journal held no finished block, and nobody was at work on it: then it is removed."""
    with write_faults(path), os.fdopen(os.open(path, os.O_RDWR | os.O_NOFOLLOW), "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        start = file.readline()[: len(START)]
        if not START.startswith(start) or any(line.startswith(END) for line in file):
            return False
        path.unlink()
        return True


class Journal:
    """The journal of one output file, opened to go on or to begin. No file is made before the first block is done.

    Parameters
    ----------
    output : Path
        The output file; a regular one, or none yet.
    of : dict of JSON types
        What the rows depend on beside the sequences.
    resume : bool
        Take up what an interrupted run of the same left.

    Raises
    ------
    OutputError
        Another run is at work on the journal; it is of something else, or cannot be read.
    """

    def __init__(self, output: Path, of: dict[str, Any], resume: bool) -> None:
        self.path = journal_path(output)
        self._of = of
        self._file: BinaryIO | None = None
        self._left = False  # blocks of the interrupted run are still to come
        self.kept = 0
        """Sequences in finished blocks."""
        self.altered: str | None = None
        """What is wrong with a block that was altered since it was written, if there is one."""
        if resume and os.path.lexists(self.path) and not _removed_as_empty(self.path):
            with write_faults(self.path):
                self._take_up()

    def _take_up(self) -> None:
        file = os.fdopen(os.open(self.path, os.O_RDWR | os.O_NOFOLLOW), "rb+")
        try:
            lock_journal(file, self.path)
            whole, self.kept = self._whole(file)
            file.truncate(whole)
            file.seek(0)
            file.readline()
        except BaseException:
            file.close()
            raise
        self._file, self._left = file, True

    def _whole(self, file: BinaryIO) -> tuple[int, int]:
        """Bytes up to the end of the last whole block, and the sequences up to there."""
        try:
            found = dict(parse_json(file.readline())["of"])
        except (ValueError, KeyError, TypeError):
            raise OutputError(
                f"{shown(self.path)}: is no journal of an interrupted run; expected one to go on from; remove it"
            ) from None
        check_same(found, self._of, self.path)
        whole, kept, sequences, seen = file.tell(), 0, 0, hashlib.sha256()
        while line := file.readline():
            plain = _plain(line)
            if "end" in plain:
                if plain["end"] != seen.hexdigest():
                    break
                whole, kept, seen = file.tell(), kept + sequences, hashlib.sha256()
                continue
            if not {"sequences", "row"} & plain.keys() or not isinstance(plain.get("sequences", 0), int):
                break
            sequences = plain.get("sequences", sequences)
            seen.update(line)
        if line.endswith(b"\n"):  # a kill tears the last line, or leaves off after a whole one
            self.altered = (
                f"{shown(self.path)}: was altered behind its first {kept:,} sequences (their SHA-256 is another than "
                "was written); what follows is done again"
            )
        return whole, kept

    def known(self, block: list[DnaSequence]) -> Iterator[Any] | None:
        """The rows of the next block where an interrupted run had finished it; None where it has to be made.

        Raises
        ------
        OutputError
            The run had finished a block here, but of other sequences.
        """
        if not self._left or self._file is None:
            return None
        line = self._file.readline()
        if not line:
            self._left = False
            return None
        if _plain(line) != _about(block):
            raise OutputError(
                f"{shown(self.path)}: {len(block)} sequences from {block[0].id!r} on are not those of the "
                "interrupted run; expected the same input up to where it came; use that, or remove the file"
            )
        return self._rows(self._file)

    def _rows(self, file: BinaryIO) -> Iterator[Any]:
        while "end" not in (plain := _plain(file.readline())):
            if "row" not in plain:
                raise OutputError(
                    f"{shown(self.path)}: was altered (found {str(plain)[:40]!r}, expected a row); remove the file and "
                    "run again"
                )
            yield plain["row"]

    def add(self, block: list[DnaSequence], rows: Iterable[Any]) -> Iterator[Any]:
        """Keep the rows of a block as they are made, and pass them on. What does not come to its end is not kept.

        Raises
        ------
        OutputError
            The journal cannot be written.
        """
        with write_faults(self.path):
            file = self._file = self._file or self._begin()
            line = json_line(_about(block)).encode()
            file.write(line)
        seen = hashlib.sha256(line)
        for row in rows:
            line = json_line({"row": row}).encode()
            seen.update(line)
            with write_faults(self.path):
                file.write(line)
            yield row
        with write_faults(self.path):
            file.write(json_line({"end": seen.hexdigest()}).encode())
            file.flush()
            os.fsync(file.fileno())
        self.kept += len(block)

    def _begin(self) -> BinaryIO:
        file = os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666), "wb+")
        lock_journal(file, self.path)
        file.write(json_line({"of": self._of}).encode())
        file.flush()
        return file

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: BaseException | TracebackType | None) -> None:
        """The output is whole: the journal goes. After an error it stays, unless no block was finished."""
        if self._file is not None:
            if kind is None or not self.kept:
                self.path.unlink(missing_ok=True)
            close_journal(self._file)


def _plain(line: bytes) -> dict[str, Any]:
    """A line's object; an empty one where it is none."""
    try:
        plain = parse_json(line)
    except ValueError:
        return {}
    return plain if isinstance(plain, dict) else {}


def _about(block: list[DnaSequence]) -> dict[str, Any]:
    whole = hashlib.sha256()
    for sequence in block:
        whole.update(f"{len(sequence.id)} {sequence.id} {sequence.bases}\n".encode())
    return {"sequences": len(block), "sha256": whole.hexdigest()}


def _short(value: object) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= 40 else f"{text[:16]}…"
