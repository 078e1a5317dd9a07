"""Spreadsheets: what they would take is known before they are read."""

from __future__ import annotations

import io
import random
import re
import zipfile
from pathlib import Path

import pytest

from cistrace.errors import InputError
from cistrace.mpra import workbook
from cistrace.mpra.workbook import workbook_cells

xlsxwriter = pytest.importorskip("xlsxwriter")


def made(path: Path, rows: list[list[object]], **parts: bytes) -> Path:
    """A workbook of one sheet, and further parts of the archive."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("one")
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def altered(path: Path, part: str, old: bytes, new: bytes) -> Path:
    """The same with a part of its archive changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as other:
        for name in archive.namelist():
            text = archive.read(name)
            assert name != part or old in text
            other.writestr(name, text.replace(old, new) if name == part else text)
    path.write_bytes(out.getvalue())
    return path


def test_cells_are_read_as_they_stand(tmp_path: Path) -> None:
    rows: list[list[object]] = [["name", "sequence", "K562"], ["one", "ACGT", 1.5], ["two", "", True]]
    assert list(workbook_cells(made(tmp_path / "t.xlsx", rows))) == rows
    with pytest.raises(InputError, match="no sheet 'two'; found 'one'"):
        list(workbook_cells(tmp_path / "t.xlsx", "two"))


def test_two_cells_far_apart_are_refused_before_they_end_the_process(tmp_path: Path) -> None:
    path = made(tmp_path / "t.xlsx", [["name", "sequence"], ["one", "ACGT"]])
    altered(path, "xl/worksheets/sheet1.xml", b'r="B2"', b'r="XFD1048576"')
    with pytest.raises(
        InputError, match="a cell in row 1,048,576 and one in column 16,384; expected at most 16,777,216"
    ):
        list(workbook_cells(path))


@pytest.mark.parametrize("piece", [1, 7, 64])
def test_a_reference_is_found_where_pieces_meet(tmp_path: Path, piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    path = made(tmp_path / "t.xlsx", [["name", "sequence"], ["one", "ACGT"]])
    altered(path, "xl/worksheets/sheet1.xml", b'r="B2"', b'r="XFD1048576"')
    monkeypatch.setattr(workbook, "_PIECE", piece)
    with pytest.raises(InputError, match="row 1,048,576"):
        list(workbook_cells(path))


def test_what_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = made(tmp_path / "t.xlsx", [["name", "sequence"]], bomb=bytes(3 << 20))
    assert list(workbook_cells(path)) == [["name", "sequence"]]
    monkeypatch.setattr(workbook, "MOST_UNPACKED", 2 << 20)
    with pytest.raises(InputError, match="unpacks to over 2 MiB"):
        list(workbook_cells(path))


def test_a_lie_about_the_size_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = made(tmp_path / "t.xlsx", [["name", "sequence"]], bomb=bytes(3 << 20))
    true, said = (3 << 20).to_bytes(4, "little"), (100).to_bytes(4, "little")
    data = path.read_bytes()
    assert data.count(true) == 2  # before the part, and in the archive's directory
    path.write_bytes(data.replace(true, said))
    monkeypatch.setattr(workbook, "MOST_UNPACKED", 2 << 20)
    with pytest.raises(InputError, match="unpacks to over 2 MiB"):
        list(workbook_cells(path))


@pytest.mark.parametrize("part", ["content.xml", "xl/workbook.bin"])
def test_other_kinds_are_refused(tmp_path: Path, part: str) -> None:
    path = made(tmp_path / "t.xlsx", [["name", "sequence"]], **{part: b"x"})
    with pytest.raises(InputError, match=re.escape("(no workbook of XLSX in it); expected XLSX")):
        list(workbook_cells(path))


def test_altered_bytes_are_refused_or_read(tmp_path: Path) -> None:
    path, draw = made(tmp_path / "t.xlsx", [["name", "sequence"], ["one", "ACGT"]]), random.Random(3)
    data = path.read_bytes()
    refused = 0
    for _ in range(300):
        wrong = bytearray(data)
        for _ in range(draw.randrange(1, 6)):
            wrong[draw.randrange(len(wrong))] = draw.randrange(256)
        path.write_bytes(wrong[: draw.choice((len(wrong), draw.randrange(len(wrong))))])
        try:
            list(workbook_cells(path))
        except InputError:
            refused += 1
    assert refused > 150
