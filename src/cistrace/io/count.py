"""How many records a file holds, found in a second or two: counted where that suffices, else reckoned from a part."""

from __future__ import annotations

import gzip
import os
import re
import stat
import time
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from cistrace.errors import InputError
from cistrace.io.formats import FileFormat, format_of
from cistrace.io.streams import STDIN, open_source

SECONDS = 1.5  # after which counting stops
PIECE = 1 << 20
_GZIP_MAGIC = b"\x1f\x8b"
_BLANK = re.compile(rb"\n(?=\r?\n)")


@dataclass(frozen=True, slots=True)
class RecordCount:
    """Number of records of a file; `exact` is false where it was reckoned from the part read in time.

    Records that turn out to be unusable count too, blank lines in tables do not.
    """

    records: int
    exact: bool


def count_records(path: str | Path, seconds: float = SECONDS) -> RecordCount | None:
    """Count the records of a file: FASTA, a table with a header, JSONL, BED (plain or gzip), Parquet.

    A table's record is taken for a line: fields that hold line ends make the count too high.

    Returns
    -------
    RecordCount or None
        None for what can be read only once (standard input, pipes), a spreadsheet, or a file that cannot be read:
        reading it will say why.
    """
    try:
        if str(path) == STDIN or not stat.S_ISREG(os.stat(path).st_mode):
            return None
        with open_source(path) as source:
            kind = format_of(source)
        if kind == "parquet":
            return _parquet_rows(path)
        return None if kind == "spreadsheet" else _count(path, kind, seconds)
    except (OSError, ValueError, EOFError, zlib.error, InputError):
        return None


def _parquet_rows(path: str | Path) -> RecordCount:
    import pyarrow.parquet as pq

    return RecordCount(int(pq.read_metadata(str(path)).num_rows), True)


def _count(path: str | Path, kind: FileFormat, seconds: float) -> RecordCount | None:
    size, deadline = os.path.getsize(path), time.monotonic() + seconds
    with open(path, "rb") as raw:
        zipped = raw.read(2) == _GZIP_MAGIC
        raw.seek(0)
        stream = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if zipped else raw
        found, last = 0, b"\n"
        while piece := stream.read(PIECE):
            found += _marks(last + piece, kind)
            last = piece[-1:]
            if time.monotonic() > deadline and (read := raw.tell()) < size:
                return RecordCount(max(1, round(found * size / read)), False)
    if kind != "fasta":
        found += last != b"\n"  # a last line without its end
        found -= kind == "table"  # the header
    return RecordCount(found, True) if found > 0 else None


def _marks(piece: bytes, kind: FileFormat) -> int:
    """Records that begin in a piece, its first byte the last of the piece before: headers, or lines that are not blank.

    A line counts where it ends.
    """
    if kind == "fasta":
        return piece.count(b"\n>") + piece.count(b"\r>")
    return piece.count(b"\n", 1) - sum(1 for _ in _BLANK.finditer(piece))
