"""What reading a spreadsheet (XLSX) would take, before any of it is read: found by unpacking it in fixed memory.

A workbook is a zip archive of XML. Its sheets are followed as python-calamine reads them: cells and rows that do not
say where they are stand behind the last, and a shared text is copied into every cell that names it.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from array import array
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import IO, NoReturn
from xml.parsers import expat

from cistrace.errors import InputError
from cistrace.io.streams import file_faults, shown

MOST_UNPACKED = 1 << 29  # bytes of all parts of a workbook; of the texts that cells of a sheet share, copied, as many
MOST_CELLS = 1 << 24  # of the rectangle from A1 to the last cell: a million rows by sixteen columns
MOST_ROWS, MOST_COLUMNS = 1 << 20, 1 << 14  # XLSX's own bounds
_PIECE = 1 << 16
_CELLS = b"sheetData"  # the element that cells are in
_SHARED = "sharedstrings.xml"
_OTHERS = frozenset({"content.xml", "xl/workbook.bin"})  # of ODS and XLSB, in which a cell may say that it is a million
_CELL = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})", re.ASCII)
_ROW = re.compile(r"[1-9][0-9]{0,6}", re.ASCII)
_INDEX = re.compile(r"[0-9]{1,9}", re.ASCII)


def check_size(path: str | Path, name: str) -> None:
    """Refuse what would not fit into memory.

    Raises
    ------
    InputError
        No whole XLSX, or too large a one.
    """
    try:
        with file_faults(name), zipfile.ZipFile(path) as archive, open(path, "rb") as raw:
            names = archive.namelist()
            if "xl/workbook.xml" not in names or not _OTHERS.isdisjoint(names):
                raise zipfile.BadZipFile("no workbook of XLSX in it")
            parts = sorted(archive.infolist(), key=lambda part: not _is_shared(part))  # sheets refer to these
            if sum(map(_is_shared, parts)) > 1:
                raise zipfile.BadZipFile("two tables of shared texts")
            unpacked, shared = 0, array("q")
            for part in parts:
                content = _Part(name, shared)
                for piece in _unpacked(raw, part):
                    unpacked += len(piece)
                    if unpacked > MOST_UNPACKED:
                        raise InputError(
                            f"{name}: unpacks to over {MOST_UNPACKED >> 20} MiB; expected less; save the sheet as CSV"
                        )
                    content.feed(piece)
                content.close()
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, ValueError, EOFError) as error:
        torn(name, error)


def torn(name: str, error: BaseException) -> NoReturn:
    """Say that a file is no whole spreadsheet.

    Raises
    ------
    InputError
        Always.
    """
    reason = shown(str(error).splitlines()[0][:120]) if str(error) else type(error).__name__
    raise InputError(
        f"{name}: is not a whole spreadsheet ({reason}); expected XLSX; save or download it again"
    ) from error


def _is_shared(part: zipfile.ZipInfo) -> bool:
    return part.filename.lower().endswith(_SHARED)


class _Part:
    """One part of a workbook, fed in pieces. Lengths of shared texts, bytes, are added to `shared` and looked up there.

    A part that is no XML is passed over, unless it speaks of cells: the reader is less strict than a parser.
    """

    def __init__(self, name: str, shared: array[int]) -> None:
        self._name, self._shared = name, shared
        self._parser = parser = expat.ParserCreate("utf-8")
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.StartDoctypeDeclHandler = self._doctype
        self._before, self._speaks, self._fault = b"", False, ""
        self._in_sheet = self._in_cell = self._in_text = False
        self._row = self._column = 0  # where a cell that does not say would stand, 0-based
        self._last_row = self._last_column = 0  # 1-based
        self._copied = 0
        self._text, self._text_at = "", 0  # of a cell's value, and its first byte
        self._length = 0

    def feed(self, piece: bytes) -> None:
        seen = self._before + piece
        self._speaks |= _CELLS in seen
        self._before = seen[-len(_CELLS) :]
        self._parse(piece, False)

    def close(self) -> None:
        self._parse(b"", True)

    def _parse(self, piece: bytes, last: bool) -> None:
        if not self._fault:
            try:
                self._parser.Parse(piece, last)
            except expat.ExpatError as error:
                self._fault = f"XML: {error}"
        if self._fault and self._speaks:
            raise ValueError(self._fault)

    def _doctype(self, *_: object) -> None:
        raise expat.ExpatError("a document type")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        kind = tag.rpartition(":")[2] if ":" in tag else tag
        if not self._in_sheet:
            self._in_sheet = kind == "sheetData"
            if kind == "si":
                self._length, self._parser.CharacterDataHandler = 0, self._add_length
        elif kind == "c":
            self._refuse_within_cell(kind)
            self._place_cell(attributes.get("r"))
            self._in_cell, self._in_text = True, attributes.get("t") == "s"
        elif kind == "row":
            self._refuse_within_cell(kind)
            if (given := attributes.get("r")) is not None:
                if not _ROW.fullmatch(given):
                    self._no_reference(given)
                self._row = max(self._row, int(given) - 1)
        elif kind == "v" and self._in_text:
            self._text, self._text_at, self._parser.CharacterDataHandler = "", -1, self._add_text

    def _end(self, tag: str) -> None:
        kind = tag.rpartition(":")[2] if ":" in tag else tag
        if not self._in_sheet:
            if kind == "si":
                self._parser.CharacterDataHandler = None
                self._shared.append(self._length)
                if len(self._shared) > MOST_CELLS:
                    raise InputError(f"{self._name}: has over {MOST_CELLS:,} texts; expected fewer; save it as CSV")
        elif kind == "c":
            self._in_cell = self._in_text = False
        elif kind == "row":
            self._row, self._column = self._row + 1, 0
        elif kind == "v" and self._in_text:
            self._parser.CharacterDataHandler = None
            self._copy_text()

    def _refuse_within_cell(self, kind: str) -> None:
        if self._in_cell:  # which the reader would pass over
            raise ValueError(f"a {kind} within a cell")

    def _place_cell(self, given: str | None) -> None:
        """Where the reader puts the cell, or further: it does not take every way to write a reference for one."""
        row = self._row
        if given is not None:
            found = _CELL.fullmatch(given)
            if not found:
                self._no_reference(given)
            row = max(row, int(found[2]) - 1)
            self._column = max(self._column, _column(found[1]) - 1)
        self._column += 1
        if row >= MOST_ROWS or self._column > MOST_COLUMNS:
            self._no_reference(given or f"row {row + 1:,}, column {self._column:,}")
        if row < self._last_row and self._column <= self._last_column:
            return
        self._last_row, self._last_column = max(self._last_row, row + 1), max(self._last_column, self._column)
        if self._last_row * self._last_column > MOST_CELLS:
            raise InputError(
                f"{self._name}: has a cell in row {self._last_row:,} and one in column {self._last_column:,}; expected "
                f"at most {MOST_CELLS:,} cells from the first to the last; remove what stands apart, or save the sheet "
                "as CSV"
            )

    def _no_reference(self, given: str) -> NoReturn:
        raise InputError(
            f"{self._name}: has a cell or row at {shown(given[:40])!r}; expected from A1 to XFD{MOST_ROWS}; save the "
            "sheet again, or as CSV"
        )

    def _add_length(self, text: str) -> None:
        self._length += len(text.encode())

    def _add_text(self, text: str) -> None:
        if self._text_at < 0:
            self._text_at = self._parser.CurrentByteIndex
        self._text += text[:16]

    def _copy_text(self) -> None:
        if self._text_at < 0:  # an empty value
            return
        plain = self._parser.CurrentByteIndex - self._text_at == len(self._text)  # the reader stops at what is not
        if not plain or not _INDEX.fullmatch(self._text) or int(self._text) >= len(self._shared):
            raise ValueError("a cell names no shared text")
        self._copied += self._shared[int(self._text)]
        if self._copied > MOST_UNPACKED:
            raise InputError(
                f"{self._name}: the cells of a sheet share texts, of over {MOST_UNPACKED >> 20} MiB one by one; "
                "expected less; save the sheet as CSV"
            )


def _unpacked(raw: IO[bytes], part: zipfile.ZipInfo) -> Iterator[bytes]:
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


@cache
def _column(letters: str) -> int:
    """Place of a column from its letters: A 1, Z 26, AA 27."""
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - ord("A") + 1
    return place
