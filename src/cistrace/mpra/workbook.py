"""Spreadsheets (XLSX) as rows of cells, once it is known what reading them takes.

python-calamine lays a sheet out as a rectangle, so that two cells far from one another take terabytes, and ends the
process where it gets none. A workbook is a zip archive; what it unpacks to, and the last cell that it names, are found
by unpacking it piece by piece, in fixed memory.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from cistrace.errors import InputError
from cistrace.io.streams import file_faults, shown

INSTALL_HINT = "pip install 'cistrace[reasonbench]'"
MOST_UNPACKED = 1 << 29  # bytes of all parts of a workbook
MOST_CELLS = 1 << 24  # of the rectangle from A1 to the last cell: a million rows by sixteen columns
_PIECE = 1 << 16
_CELLS = b"sheetData"  # the element that cells are in; other parts have other things called r
_OVERLAP = 64  # characters of a piece that are looked at with the next: no reference is longer
_OTHERS = frozenset({"content.xml", "xl/workbook.bin"})  # of ODS and XLSB, in which a cell may say that it is a million
_REFERENCE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{0,3})([0-9]{1,9})\b""")


def workbook_cells(path: str | Path, sheet: str | None = None) -> Iterator[list[Any]]:
    """Rows of one sheet, the first by default, from its first row and column on, blank ones as lists of empty texts.

    Raises
    ------
    InputError
        No such sheet; a file that is torn, too large or no XLSX; python-calamine is not installed.
    """
    name = shown(path)
    try:
        import python_calamine as calamine
    except ImportError as error:
        raise InputError(
            f"{name}: is a spreadsheet, and python-calamine, which reads them, is missing; {INSTALL_HINT}"
        ) from error
    _check_size(path, name)
    try:
        with file_faults(name), calamine.CalamineWorkbook.from_path(str(path)) as book:
            if sheet is not None and sheet not in book.sheet_names:
                there = ", ".join(repr(one) for one in book.sheet_names)
                raise InputError(f"{name}: no sheet {sheet!r}; found {there}; name one of these")
            chosen = book.get_sheet_by_index(0) if sheet is None else book.get_sheet_by_name(sheet)
            rows = chosen.to_python(skip_empty_area=False)
    except calamine.CalamineError as error:
        _torn(name, error)
    except BaseException as error:  # what the reader's own language panics with is no Exception
        if type(error).__name__ != "PanicException":
            raise
        _torn(name, error)
    yield from rows


def _torn(name: str, error: BaseException) -> NoReturn:
    reason = shown(str(error).splitlines()[0][:120]) if str(error) else type(error).__name__
    raise InputError(
        f"{name}: is not a whole spreadsheet ({reason}); expected XLSX; save or download it again"
    ) from error


def _check_size(path: str | Path, name: str) -> None:
    """Refuse what would not fit into memory."""
    try:
        with file_faults(name), zipfile.ZipFile(path) as archive, open(path, "rb") as raw:
            names = archive.namelist()
            if "xl/workbook.xml" not in names or not _OTHERS.isdisjoint(names):
                raise zipfile.BadZipFile("no workbook of XLSX in it")
            unpacked, row, column = 0, 1, 1
            for part in archive.infolist():
                before, is_sheet = b"", False
                for piece in _unpacked(raw, part):
                    unpacked += len(piece)
                    if unpacked > MOST_UNPACKED:
                        raise InputError(
                            f"{name}: unpacks to over {MOST_UNPACKED >> 20} MiB; expected less; save the sheet as CSV"
                        )
                    seen = before + piece
                    is_sheet |= _CELLS in seen
                    for letters, digits in _REFERENCE.findall(seen) if is_sheet else ():
                        row, column = max(row, int(digits)), max(column, _column(letters))
                    before = seen[-_OVERLAP:]
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, ValueError, EOFError) as error:
        _torn(name, error)
    if row * column > MOST_CELLS:
        raise InputError(
            f"{name}: has a cell in row {row:,} and one in column {column:,}; expected at most {MOST_CELLS:,} cells "
            "from the first to the last; remove what stands apart, or save the sheet as CSV"
        )


def _unpacked(raw: Any, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """A part's bytes in pieces, all there are: what the archive says of their number may be a lie."""
    raw.seek(part.header_offset)
    header = raw.read(30)
    if len(header) < 30:
        raise zipfile.BadZipFile("a part is missing")
    raw.seek(int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little"), 1)
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    left = part.compress_size
    while left > 0 and (packed := raw.read(min(left, _PIECE))):
        left -= len(packed)
        if part.compress_type == zipfile.ZIP_STORED:
            yield packed
            continue
        if part.compress_type != zipfile.ZIP_DEFLATED:
            raise zipfile.BadZipFile(f"packed by method {part.compress_type}")
        while packed and not inflate.eof:
            yield inflate.decompress(packed, _PIECE)
            packed = inflate.unconsumed_tail


def _column(letters: bytes) -> int:
    """Place of a column from its letters: A 1, Z 26, AA 27."""
    place = 0
    for letter in letters.upper():
        place = place * 26 + letter - ord("A") + 1
    return place
