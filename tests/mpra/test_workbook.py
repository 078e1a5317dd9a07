"""Spreadsheets: what they would take is known before they are read."""

from __future__ import annotations

import io
import random
import re
import zipfile
from pathlib import Path

import pytest

from cistrace.errors import InputError
from cistrace.mpra import workbook_size
from cistrace.mpra.workbook import workbook_cells

SHEET = "xl/worksheets/sheet1.xml"
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
    monkeypatch.setattr(workbook_size, "_PIECE", piece)
    with pytest.raises(InputError, match="row 1,048,576"):
        list(workbook_cells(path))


def test_what_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = made(tmp_path / "t.xlsx", [["name", "sequence"]], bomb=bytes(3 << 20))
    assert list(workbook_cells(path)) == [["name", "sequence"]]
    monkeypatch.setattr(workbook_size, "MOST_UNPACKED", 2 << 20)
    with pytest.raises(InputError, match="unpacks to over 2 MiB"):
        list(workbook_cells(path))


def test_a_lie_about_the_size_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = made(tmp_path / "t.xlsx", [["name", "sequence"]], bomb=bytes(3 << 20))
    true, said = (3 << 20).to_bytes(4, "little"), (100).to_bytes(4, "little")
    data = path.read_bytes()
    assert data.count(true) == 2  # before the part, and in the archive's directory
    path.write_bytes(data.replace(true, said))
    monkeypatch.setattr(workbook_size, "MOST_UNPACKED", 2 << 20)
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


def with_sheet(path: Path, body: str, shared: str = "") -> Path:
    """A workbook whose one sheet holds these rows, as XML, and these shared texts."""
    made(path, [["x"]])
    head = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    out = io.BytesIO()
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as other:
        for name in archive.namelist():
            text = archive.read(name)
            if name == SHEET:
                text = head + body.encode() + b"</sheetData></worksheet>"
            elif name == "xl/sharedStrings.xml" and shared:
                text = b"<sst>" + shared.encode() + b"</sst>"
            other.writestr(name, text)
    path.write_bytes(out.getvalue())
    return path


def test_cells_and_rows_that_do_not_say_where_they_are_stand_where_the_reader_puts_them(tmp_path: Path) -> None:
    body = '<row><c><v>1</v></c><c r="C1"><v>2</v></c><c><v>3</v></c></row><row/><row r="5"><c><v>4</v></c></row>'
    body += '<x:row xmlns:x="x"><x:c><v>5</v></x:c></x:row>'
    rows = list(workbook_cells(with_sheet(tmp_path / "t.xlsx", body)))
    assert rows == [[1, "", 2, 3], [""] * 4, [""] * 4, [""] * 4, [4, "", "", ""], [5, "", "", ""]]


CELL = "<c><v>1</v></c>"
FAR = {
    "implicit cells and rows": (
        "<row>" + CELL * 16_000 + "</row>" + "<row/>" * 20_000 + "<row>" + CELL + "</row>",
        "a cell in",
    ),
    "a row past a prefix": (
        '<x:row xmlns:x="x" r="1048576"><c r="XFD1"><v>1</v></c></x:row>',
        "a cell in row 1,048,576",
    ),
    "an attribute without a blank before it": ('<row><c t="n"r="XFD1048576"><v>1</v></c></row>', "not well-formed"),
    "too many implicit cells": ("<row>" + CELL * 20_000 + "</row>", "at 'row 1, column 16,385'"),
    "too many implicit rows": ("<row/>" * 1_048_576 + "<row>" + CELL + "</row>", "at 'row 1,048,577, column 1'"),
    "zeros before the digits": (
        '<row><c r="A00000000001000000"><v>1</v></c></row>',
        "at 'A00000000001000000'; expected from A1",
    ),
    "many letters": ('<row><c r="AAAAAA2"><v>1</v></c></row>', "at 'AAAAAA2'; expected from A1 to XFD1048576"),
    "a column too far": ('<row><c r="XFE1"><v>1</v></c></row>', "at 'XFE1'"),
    "a row too far": ('<row><c r="A1048577"><v>1</v></c></row>', "at 'A1048577'"),
    "a row's number too long": ('<row r="00000000001000000"><c><v>1</v></c></row>', "at '00000000001000000'"),
    "ends that the reader passes over": ("<row><c><is></row><c/></is></c></row>", "mismatched tag"),
    "rows in a cell": ("<row><c><v><row/></v></c></row>", "a row within a cell"),
    "a document type": ("<row><c><v>1</v></c></row></sheetData><!DOCTYPE x><sheetData>", "not a whole spreadsheet"),
}


@pytest.mark.parametrize("name", FAR)
def test_no_way_to_write_a_place_goes_around_the_bounds(tmp_path: Path, name: str) -> None:
    body, told = FAR[name]
    path = with_sheet(tmp_path / "t.xlsx", body)
    assert path.stat().st_size < 100_000
    with pytest.raises(InputError, match=re.escape(told)):
        list(workbook_cells(path))


def test_shared_texts_count_once_for_every_cell_that_copies_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook_size, "MOST_UNPACKED", 2 << 20)
    shared = f"<si><t>{'A' * (1 << 19)}</t></si><si><r><t>ab</t></r><r><t>c</t></r></si>"

    def cells(*places: object) -> str:
        return "<row>" + "".join(f'<c t="s"><v>{place}</v></c>' for place in places) + "</row>"

    path = with_sheet(tmp_path / "t.xlsx", cells(0, 1, 0) + cells(1) * 1000, shared)
    first, *others = workbook_cells(path)
    assert [len(text) for text in first] == [1 << 19, 3, 1 << 19] and others == [["abc", "", ""]] * 1000
    with pytest.raises(InputError, match="share texts, of over 2 MiB one by one; expected less"):
        list(workbook_cells(with_sheet(path, cells(0) * 5, shared)))
    for odd in ("1<!---->0", "<![CDATA[1]]>", "&#49;", "2", "-1", " 1"):
        with pytest.raises(InputError, match="a cell names no shared text"):
            list(workbook_cells(with_sheet(path, cells(odd), shared)))


def test_two_tables_of_shared_texts_are_refused(tmp_path: Path) -> None:
    path = made(tmp_path / "t.xlsx", [["name", "sequence"]], **{"a/sharedStrings.xml": b"<sst/>"})
    with pytest.raises(InputError, match="two tables of shared texts"):
        list(workbook_cells(path))
