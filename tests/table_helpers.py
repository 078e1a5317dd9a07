"""What the tests of table reading and splitting share. All data are made up."""

from __future__ import annotations

import random
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
import pytest

from cistrace.errors import CistraceError, InputError
from cistrace.mpra.loaded import LoadedTable
from cistrace.mpra.table import MpraTable


def bases(seed: int, length: int = 60) -> str:
    return "".join(random.Random(seed).choices("ACGT", k=length))


def made(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def table_text(header: Sequence[str], rows: Sequence[Sequence[object]], separator: str = "\t") -> str:
    return "".join(separator.join(map(str, row)) + "\n" for row in (header, *rows))


def one_line(
    call: Callable[..., object], *args: object, error: type[CistraceError] = InputError, **options: object
) -> str:
    """The message of the error that a call raises, which is one line."""
    with pytest.raises(error) as caught:
        call(*args, **options)
    message = str(caught.value)
    assert "\n" not in message and message.isprintable()
    return message


def measured(
    sequences: Sequence[str],
    *,
    names: Sequence[str] | None = None,
    chromosomes: Sequence[str] | None = None,
    splits: Sequence[str] | None = None,
) -> LoadedTable:
    """A table of given sequences, each measured as 0 in one cell type, its first row on line 2."""
    rows = len(sequences)
    table = MpraTable(
        tuple(names or [f"e{place}" for place in range(rows)]),
        tuple(sequences),
        tuple(chromosomes or [""] * rows),
        ("",) * rows,
        tuple(splits or [""] * rows),
        np.zeros((rows, 1)),
        ("K562",),
    )
    return LoadedTable(table, tuple(range(2, rows + 2)), None, (), ())


def write_xlsx(path: Path, sheets: dict[str, Sequence[Sequence[object]]]) -> Path:
    """A small XLSX, numbers as numbers, None as an empty cell."""
    numbers = range(1, len(sheets) + 1)
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    rels = "http://schemas.openxmlformats.org/package/2006/relationships"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    kinds = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    with zipfile.ZipFile(path, "w") as book:
        parts = "".join(
            f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{kinds}.worksheet+xml"/>' for n in numbers
        )
        book.writestr(
            "[Content_Types].xml",
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{kinds}.sheet.main+xml"/>{parts}</Types>',
        )
        book.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{rels}"><Relationship Id="r1" Type="{office}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>',
        )
        listed = "".join(f'<sheet name="{escape(s)}" sheetId="{n}" r:id="r{n}"/>' for n, s in zip(numbers, sheets))
        book.writestr(
            "xl/workbook.xml", f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>{listed}</sheets></workbook>'
        )
        links = "".join(
            f'<Relationship Id="r{n}" Type="{office}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers
        )
        book.writestr("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{rels}">{links}</Relationships>')
        for n, rows in zip(numbers, sheets.values()):
            body = "".join(_xlsx_row(place, row) for place, row in enumerate(rows, start=1))
            text = f'<worksheet xmlns="{main}"><sheetData>{body}</sheetData></worksheet>'
            book.writestr(f"xl/worksheets/sheet{n}.xml", text)
    return path


def _xlsx_row(number: int, row: Sequence[object]) -> str:
    cells = []
    for place, value in enumerate(row):
        where = f"{chr(ord('A') + place)}{number}"
        if isinstance(value, int | float):
            cells.append(f'<c r="{where}"><v>{value}</v></c>')
        elif value is not None:
            cells.append(f'<c r="{where}" t="inlineStr"><is><t>{escape(str(value))}</t></is></c>')
    return f'<row r="{number}">{"".join(cells)}</row>'
