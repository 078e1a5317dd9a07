"""Bytes in, lines out: files, pipes and standard input, plain or gzip, read in bounded memory.

Every fault of the file itself (missing, folder, torn gzip, not text) leaves here as one `InputError`.
"""

from __future__ import annotations

import codecs
import gzip
import io
import os
import sys
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from cistrace.errors import InputError
from cistrace.io.dna_sequence import Place

STDIN = "-"
HEAD_BYTES = 4096
PIECE_CHARACTERS = 1 << 16
MAXIMUM_LENGTH = 10_000_000
"""Bases in one record of any format."""

MAXIMUM_LINE = 1 << 24
"""Characters in one line of a table, JSONL or BED file. A FASTA line has no limit: it is read in pieces."""

PARQUET_MAGIC = b"PAR1"
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_ENDINGS = (".gz", ".bgz")


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One record as its file states it, not yet checked.

    Attributes
    ----------
    number : int
        1-based count of records.
    line : int
        1-based line on which the record starts; in Parquet, the row.
    id : str or None
        None where the file has no ids.
    bases : str
    source : str
        Value of `Sequence.source`.
    fault : str or None
        Why the record cannot be used, where the format itself already says so.
    unit : str
        What `line` counts: `line`, or `row` in Parquet.
    place : Place or None
        Value of `Sequence.place`.
    """

    number: int
    line: int
    id: str | None
    bases: str
    source: str
    fault: str | None = None
    unit: str = "line"
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class ByteSource:
    """An open input: its name in messages, its first bytes (unzipped), its ending, all its bytes (unzipped)."""

    name: str
    head: bytes
    ending: str
    handle: BinaryIO


class Piece(NamedTuple):
    """Part of a line: its 1-based number, its text, and whether it opens and closes the line."""

    line: int
    text: str
    first: bool
    last: bool


class _Rejoined(io.RawIOBase):
    """A stream put back together from bytes already taken off it: pipes cannot be rewound."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        chunk = self._head[: len(buffer)] if self._head else self._rest.read(len(buffer))
        self._head = self._head[len(chunk) :] if self._head else b""
        buffer[: len(chunk)] = chunk
        return len(chunk)


def shown(name: str | Path) -> str:
    """A path as messages print it: as it is, or quoted where it holds characters that could upset a terminal."""
    text = str(name)
    return text if text.isprintable() and text else repr(text)


def input_name(path: str | Path) -> str:
    """What messages call an input: its path, or `standard input` for `-`."""
    return "standard input" if str(path) == STDIN else shown(path)


def ending_of(path: str | Path) -> str:
    """Lower-case ending of a path (`.fa`), looking behind `.gz`; empty for standard input."""
    pure = Path(str(path).lower())
    return pure.with_suffix("").suffix if pure.suffix in _GZIP_ENDINGS else pure.suffix


@contextmanager
def file_faults(name: str) -> Iterator[None]:
    """Turn what reading `name` may raise into an `InputError` of one line."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise InputError(
            f"{name}: found bytes that are not UTF-8 (0x{error.object[error.start]:02x}); expected text or Parquet, "
            "plain or gzip; save it as UTF-8"
        ) from error
    except EOFError as error:
        raise InputError(
            f"{name}: the gzip stream ends in the middle; expected a whole file; copy or download it again"
        ) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise InputError(
            f"{name}: the gzip stream is corrupt ({error}); expected whole gzip data; copy or download it again"
        ) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            f"{name}: cannot be read ({reason}); expected a file to read; check path and rights"
        ) from error


@contextmanager
def open_source(path: str | Path, holds: str = "sequences") -> Iterator[ByteSource]:
    """Open a file, a pipe or standard input (`-`), unzipping by content.

    Parameters
    ----------
    path : str or Path
    holds : str
        What is expected in it, in the plural: messages say so.

    Raises
    ------
    InputError
        Missing file, folder, no rights, empty, corrupt gzip, bytes that are not gzip, text or Parquet under a name
        of gzip.
    """
    name = input_name(path)
    with ExitStack() as stack:
        with file_faults(name):
            raw = _open_raw(path, name, holds, stack)
            head, handle = _take_head(raw)
            if head.startswith(_GZIP_MAGIC):
                unzipped = stack.enter_context(gzip.GzipFile(fileobj=handle, mode="rb"))
                head, handle = _take_head(cast(BinaryIO, unzipped))
            elif str(path).lower().endswith(_GZIP_ENDINGS) and not _is_readable(head):
                raise InputError(
                    f"{name}: is not gzip-compressed, although its name ends in {Path(path).suffix}; expected gzip "
                    "data; compress it with gzip, or copy or download it again"
                )
        if not head:
            raise InputError(f"{name}: the file is empty; expected {holds} in it; check how it was made")
        yield ByteSource(name, head, ending_of(path), handle)


def _open_raw(path: str | Path, name: str, holds: str, stack: ExitStack) -> BinaryIO:
    if str(path) == STDIN:
        if sys.stdin is None:
            raise InputError(f"{name}: is closed; expected {holds} on it; pipe them in or name a file")
        return cast(BinaryIO, sys.stdin.buffer)
    if os.path.isdir(path):
        raise InputError(f"{name}: is a folder; expected a file of {holds}; name a file in it")
    try:
        return stack.enter_context(open(path, "rb"))
    except FileNotFoundError as error:
        raise InputError(f"{name}: no such file; expected a file of {holds}, or - for standard input") from error
    except ValueError as error:  # a NUL byte in the path
        raise InputError(f"{name}: is not a path ({error}); expected a file of {holds}") from error


def _is_readable(head: bytes) -> bool:
    """Whether bytes begin text or Parquet, which are read under any name: browsers unpack and keep names."""
    try:
        return head.startswith(PARQUET_MAGIC) or "\0" not in codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False


def _take_head(stream: BinaryIO) -> tuple[bytes, BinaryIO]:
    """The first bytes of a stream, and the stream with them put back. A pipe may hand over few bytes a read."""
    head = b""
    while len(head) < HEAD_BYTES and (chunk := stream.read(HEAD_BYTES - len(head))):
        head += chunk
    return head, cast(BinaryIO, io.BufferedReader(_Rejoined(head, stream), PIECE_CHARACTERS))


def read_pieces(source: ByteSource, *, size: int = PIECE_CHARACTERS, exact: bool = False) -> Iterator[Piece]:
    """Lines in pieces of at most `size` characters. A leading BOM is dropped.

    Line ends (LF, CRLF, CR) become `\\n`; with `exact` they stay as they are, as the csv module needs them.

    Raises
    ------
    InputError
        NUL bytes, not UTF-8, torn gzip.
    """
    with file_faults(source.name):
        text = io.TextIOWrapper(source.handle, encoding="utf-8-sig", newline="" if exact else None)
        line, first = 1, True
        while piece := text.readline(size):
            if "\0" in piece:
                raise InputError(
                    f"{source.name}: line {line} holds NUL bytes; expected text or Parquet, plain or gzip; "
                    "check that this is the file you mean"
                )
            last = piece.endswith(("\n", "\r")) if exact else piece.endswith("\n")
            yield Piece(line, piece, first, last)
            line, first = line + last, last


def read_lines(source: ByteSource, *, exact: bool = False) -> Iterator[tuple[int, str]]:
    """1-based number and text (line end kept) of each line.

    Raises
    ------
    InputError
        As `read_pieces`, and a line of more than `MAXIMUM_LINE` characters.
    """
    for piece in read_pieces(source, size=MAXIMUM_LINE, exact=exact):
        if not piece.last and len(piece.text) >= MAXIMUM_LINE:
            raise InputError(
                f"{source.name}: line {piece.line} is longer than {MAXIMUM_LINE:,} characters; "
                "expected one record a line; check line ends and quotes"
            )
        yield piece.line, piece.text
