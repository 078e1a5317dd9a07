"""Traces as a spreadsheet for a person to judge, and the person's word back: CSV, TSV or Excel.

A row a trace. The person fills `decision` (accept, correct, reject), `reviewer`, `reason`, and `corrected_trace` where
the decision is correct; rows without a decision are passed over. Text that a spreadsheet would take for a formula is
kept as text: quoted by an apostrophe in CSV and TSV (taken off again), typed as a string in Excel.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cistrace.errors import DataError, InputError, OutputError
from cistrace.io.files import whole_file
from cistrace.io.streams import STDIN, shown
from cistrace.mpra.rows import read_rows
from cistrace.reasonbench.entries import Entry
from cistrace.reasonbench.reviews import CORRECT, DECISIONS, Review, correction_faults, is_taken, trace_hash

COLUMNS = (
    "id", "cell_type", "split", "activity", "observed_level", "stated_level", "faults", "card", "trace",
    "decision", "corrected_trace", "reviewer", "reason", "trace_sha256",
)  # fmt: skip
TO_FILL = ("decision", "corrected_trace", "reviewer", "reason")
WIDE = {"card": 60, "trace": 70, "corrected_trace": 70, "faults": 30, "reason": 30}
FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
LARGEST_CELL = 32_767  # characters that Excel holds in a cell


def sheet_row(entry: Entry) -> list[str | float]:
    """What a person sees of an entry, in the order of `COLUMNS`."""
    faults = "\n".join(f"{fault.gate}: {fault.reason}" for fault in entry.faults)
    stated = "" if entry.stated_level is None else entry.stated_level
    return [
        entry.id, entry.cell_type, entry.split, entry.activity, entry.level, stated, faults, entry.card,
        entry.trace, "", "", "", "", trace_hash(entry.trace),
    ]  # fmt: skip


def write_sheet(entries: Iterable[Entry], path: Path) -> int:
    """Write a spreadsheet; the ending decides: .csv, .tsv or .xlsx. Returns the number of traces.

    Raises
    ------
    OutputError
        Another ending, or the file cannot be written.
    """
    writers: dict[str, Callable[[Iterable[Entry], Path], int]] = {
        ".csv": _write_csv, ".tsv": _write_tsv, ".xlsx": _write_excel,
    }  # fmt: skip
    write = writers.get(path.suffix.lower())
    if write is None:
        raise OutputError(f"{shown(path)}: its ending names no spreadsheet; expected .csv, .tsv or .xlsx; rename it")
    with whole_file(path) as part:
        return write(entries, part)


def _write_csv(entries: Iterable[Entry], path: Path) -> int:
    return _write_delimited(entries, path, ",")


def _write_tsv(entries: Iterable[Entry], path: Path) -> int:
    return _write_delimited(entries, path, "\t")


def _write_delimited(entries: Iterable[Entry], path: Path, mark: str) -> int:
    count = 0
    with path.open("w", encoding="utf-8-sig", newline="") as handle:  # Excel takes UTF-8 without a mark for Latin-1
        writer = csv.writer(handle, delimiter=mark)
        writer.writerow(COLUMNS)
        for entry in entries:
            writer.writerow([_neutral(value) for value in sheet_row(entry)])
            count += 1
    return count


def _neutral(value: str | float) -> str | float:
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value


def _write_excel(entries: Iterable[Entry], path: Path) -> int:
    try:
        from xlsxwriter import Workbook
    except ImportError as error:
        raise OutputError(
            "Excel files: the package XlsxWriter is missing; expected it beside cistrace; "
            "pip install 'cistrace[reasonbench]', or write .csv"
        ) from error
    count = 0
    with Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet("traces")
        bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
        sheet.freeze_panes(1, 2)
        for column, name in enumerate(COLUMNS):
            sheet.set_column(column, column, WIDE.get(name, 14), wrapped)
            sheet.write_string(0, column, name, bold)
        for count, entry in enumerate(entries, 1):
            for column, value in enumerate(sheet_row(entry)):
                if isinstance(value, str):
                    sheet.write_string(count, column, value[:LARGEST_CELL], wrapped)
                else:
                    sheet.write_number(count, column, value, wrapped)
        choice = COLUMNS.index("decision")
        sheet.data_validation(1, choice, max(1, count), choice, {"validate": "list", "source": list(DECISIONS)})
    return count


@dataclass(frozen=True, slots=True)
class _Filled:
    """One row of the sheet that carries a decision."""

    line: int
    values: dict[str, str]


def read_sheet(path: Path, find: Callable[[str, str], Entry | None]) -> list[Review]:
    """The decisions of a filled spreadsheet; those that are taken already are passed over.

    Parameters
    ----------
    find : callable
        The data set's entry of an id and cell type.

    Raises
    ------
    InputError
        The file cannot be read or lacks a column.
    DataError
        Rows with a decision that cannot be taken; all of them in one message. Nothing is imported then.
    """
    reviews, faults = [], []
    for filled in _filled(path):
        values = filled.values
        entry = find(values["id"], values["cell_type"])
        review = _review(values)
        if entry is not None and is_taken(entry, review):
            continue
        fault = _fault(values, entry)
        if fault:
            faults.append(f"line {filled.line} ({values['id'] or 'no id'}, {values['cell_type']}): {fault}")
        else:
            reviews.append(review)
    if faults:
        more = f"; and {len(faults) - 3} more" if len(faults) > 3 else ""
        raise DataError(f"{shown(path)}: {'; '.join(faults[:3])}{more}; correct the sheet and import it again")
    return reviews


def _review(values: dict[str, str]) -> Review:
    decision = values["decision"].lower()
    corrected = values["corrected_trace"].replace("\r\n", "\n") if decision == CORRECT else ""
    return Review(
        values["id"], values["cell_type"], decision, values["trace_sha256"], corrected, values["reviewer"],
        values["reason"],
    )  # fmt: skip


def _filled(path: Path) -> Iterator[_Filled]:
    if not path.is_file() and str(path) != STDIN:
        fault = "is no file" if path.exists() else "no such file"
        raise InputError(
            f"{shown(path)}: {fault}; expected a filled sheet that `reasonbench review export` wrote; name it"
        )
    found = False
    for row in read_rows(path):
        found = True
        if row.fault:
            raise InputError(f"{shown(path)}: line {row.line}: {row.fault}")
        missing = [name for name in COLUMNS if name not in row.values and name in (*TO_FILL, "id", "cell_type")]
        if missing:
            raise InputError(
                f"{shown(path)}: no column {missing[0]!r}; expected a sheet that `reasonbench review export` wrote; "
                "export it again"
            )
        values = {name: _plain(row.values.get(name)) for name in COLUMNS}
        if values["decision"]:
            yield _Filled(row.line, values)
    if not found:
        raise InputError(f"{shown(path)}: no rows; expected a sheet that `reasonbench review export` wrote")


def _plain(value: object) -> str:
    text = "" if value is None else str(value).strip()
    return text[1:] if text[:1] == "'" and text[1:2] in FORMULA else text


def _fault(values: dict[str, str], entry: Entry | None) -> str:
    """Why a row's decision cannot be taken; empty where it can."""
    if entry is None:
        return "no such trace in the data set; leave id and cell_type as exported"
    decision = values["decision"].lower()
    if decision not in DECISIONS:
        return f"decision {values['decision']!r}, expected {', '.join(DECISIONS)}"
    if not values["reviewer"] or not values["reason"]:
        return "no reviewer or no reason; give both"
    if values["trace_sha256"] != trace_hash(entry.trace):
        return "the trace has changed since the sheet was exported; export it again"
    if decision != CORRECT:
        return ""
    if not values["corrected_trace"]:
        return "no corrected_trace; give one, or decide otherwise"
    _, faults = correction_faults(values["corrected_trace"], entry)
    return "; ".join(f"the corrected trace: {fault.gate}: {fault.reason}" for fault in faults[:2])
