"""Which factors a cell expresses: a table of symbols and their expression, read once."""

from __future__ import annotations

import math
from pathlib import Path

from cistrace.errors import InputError
from cistrace.io.streams import open_source, shown
from cistrace.io.tables import find_column, listed_columns, table_rows

SYMBOLS = ("tf", "symbol", "gene", "gene_symbol", "gene_name", "name", "id")
AMOUNTS = ("tpm", "fpkm", "rpkm", "cpm", "expression", "value")
LEAST = 1.0  # transcripts per million, from which on a gene counts as expressed


def read_expressed(path: Path, least: float = LEAST) -> frozenset[str]:
    """Symbols of the genes that a table calls expressed, in capitals.

    Parameters
    ----------
    path : Path
        CSV or TSV (plain or gzip) with a header: a column of human gene symbols (`tf`, `symbol`, `gene`, ...) and one
        of their expression (`tpm`, `fpkm`, `expression`, ...; any case).
    least : float
        Expression from which on a gene counts, in the table's units.

    Raises
    ------
    InputError
        A file that cannot be read, lacks a column, or calls nothing expressed; a value that is no number.
    """
    name = shown(path)
    with open_source(path, "genes and their expression") as source:
        rows = table_rows(source)
        _, header = next(rows, (0, []))
        symbol = find_column(header, SYMBOLS, None, name)
        amount = find_column(header, AMOUNTS, None, name)
        if symbol is None or amount is None:
            raise InputError(
                f"{name}: found {listed_columns(header)}; expected a column of gene symbols ({', '.join(SYMBOLS)}) and "
                f"one of expression ({', '.join(AMOUNTS)}); rename them"
            )
        found = set()
        for line, row in rows:
            if _expression(row, amount, f"{name}, line {line}") >= least and symbol < len(row):
                found.add(row[symbol].strip().upper())
    found.discard("")
    if not found:
        raise InputError(f"{name}: calls no gene expressed ({least:g} or more); expected some; check its units")
    return frozenset(found)


def _expression(row: list[str], column: int, place: str) -> float:
    value = row[column] if column < len(row) else "nothing"
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if math.isnan(number):
        raise InputError(f"{place}: found expression {value!r}, expected a number; mend or remove the line")
    return number
