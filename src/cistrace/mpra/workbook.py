"""Spreadsheets (XLSX) as rows of cells, once it is known what reading them takes (`mpra.workbook_size`).

python-calamine lays a sheet out as a rectangle, so that two cells far from one another take terabytes, and ends the
process where it gets none.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cistrace.errors import InputError
from cistrace.io.streams import file_faults, shown
from cistrace.mpra.workbook_size import check_size, torn

INSTALL_HINT = "pip install 'cistrace[reasonbench]'"


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
    check_size(path, name)
    try:
        with file_faults(name), calamine.CalamineWorkbook.from_path(str(path)) as book:
            if sheet is not None and sheet not in book.sheet_names:
                there = ", ".join(repr(one) for one in book.sheet_names)
                raise InputError(f"{name}: no sheet {sheet!r}; found {there}; name one of these")
            chosen = book.get_sheet_by_index(0) if sheet is None else book.get_sheet_by_name(sheet)
            rows = chosen.to_python(skip_empty_area=False)
    except calamine.CalamineError as error:
        torn(name, error)
    except BaseException as error:  # what the reader's own language panics with is no Exception
        if type(error).__name__ != "PanicException":
            raise
        torn(name, error)
    yield from rows
