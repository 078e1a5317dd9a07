"""Sequences that a program holds: strings, records, dicts, and the tables and series of pandas, polars and pyarrow."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from numbers import Integral
from typing import Any, Protocol, cast

from cistrace.errors import InputError
from cistrace.io.dna_sequence import DnaSequence
from cistrace.io.sequences import base_fault
from cistrace.io.tables import ID_NAMES, SEQUENCE_NAMES, find_column, listed_columns


class ArrowTable(Protocol):
    """A table that gives itself as a stream of Arrow's: pyarrow's, pandas' and polars', among others."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...


_UNNAMED = object()  # stands for the id of what has none

SequenceInput = str | DnaSequence | Mapping[Any, Any] | Iterable[Any] | ArrowTable
"""What `as_sequences` takes."""


def as_sequences(given: SequenceInput, minimum_known: int = 0) -> Iterator[DnaSequence]:
    """The DNA sequences of a Python object, in its order, each checked as it is reached.

    Parameters
    ----------
    given : str, DnaSequence, or several
        One sequence; a list or any other iterable of sequences; a dict from ids to sequences; a Series (of pandas:
        its index gives the ids); a DataFrame or Arrow table with the columns that `cistrace.io.tables` finds in files
        (ids from the id column, else from pandas' index). Letters in either case, blanks around them do not count.
        Ids are text or whole numbers and may repeat; what has none is called `seq1`, `seq2`, ... by its place.
    minimum_known : int
        Fewest letters A, C, G, T that a sequence must hold.

    Yields
    ------
    DnaSequence
        Bases upper-case.

    Raises
    ------
    InputError
        Something else, a table without such a column, an id that is neither text nor a whole number, an item that is
        no DNA, shorter than 20 bp or over 10 Mb.
    """
    for number, (name, item) in enumerate(_named_items(given), 1):
        yield _record(number, name, item, minimum_known)


def _named_items(given: SequenceInput) -> Iterable[tuple[object, object]]:
    """Pairs of an id and a sequence; the id is `_UNNAMED` where there is none."""
    pandas = sys.modules.get("pandas")  # what was never imported made no object
    if isinstance(given, Mapping) or (pandas is not None and isinstance(given, pandas.Series)):
        return given.items()  # type: ignore[union-attr]
    if pandas is not None and isinstance(given, pandas.DataFrame):
        bases, ids = _columns(list(map(str, given.columns)), "DataFrame")
        return zip(given.index if ids is None else given.iloc[:, ids], given.iloc[:, bases], strict=True)
    if hasattr(given, "__arrow_c_stream__"):
        return _arrow_items(cast(ArrowTable, given))
    if isinstance(given, str | DnaSequence):
        given = [given]
    if isinstance(given, bytes | bytearray | os.PathLike) or not isinstance(given, Iterable):
        mend = "read a file with cistrace.read_sequences" if isinstance(given, os.PathLike) else "decode or convert it"
        raise InputError(f"sequences: found {type(given).__name__}, expected text, records or a table of them; {mend}")
    return ((_UNNAMED, item) for item in given)


def _arrow_items(given: ArrowTable) -> Iterable[tuple[object, object]]:
    import pyarrow

    if not hasattr(given, "columns"):  # a series
        return ((_UNNAMED, item) for item in pyarrow.chunked_array(given).to_pylist())
    table = pyarrow.table(given)
    bases, ids = _columns(table.column_names, type(given).__name__)
    names = [_UNNAMED] * len(table) if ids is None else table.column(ids).to_pylist()
    return zip(names, table.column(bases).to_pylist(), strict=True)


def _columns(header: list[str], kind: str) -> tuple[int, int | None]:
    """Places of the sequence column and of the id column."""
    bases = find_column(header, SEQUENCE_NAMES, None, kind)
    if bases is None:
        raise InputError(
            f"{kind}: no sequence column; found {listed_columns(header)}; expected {', '.join(SEQUENCE_NAMES)}; rename "
            "one, or give that column alone"
        )
    return bases, find_column(header, ID_NAMES, None, kind)


def _record(number: int, name: object, item: object, minimum_known: int) -> DnaSequence:
    if not isinstance(item, str | DnaSequence):
        what = f"item {number}" if name is _UNNAMED else f"item {number}, {name!r}"
        raise InputError(f"{what}: found {type(item).__name__}, expected str or DnaSequence; decode or convert it")
    record = item if isinstance(item, DnaSequence) else DnaSequence(f"seq{number}", item.strip(), "string")
    record = replace(record, id=record.id if name is _UNNAMED else _id(number, name), bases=record.bases.upper())
    fault = base_fault(record.bases, minimum_known=minimum_known)
    if fault and re.search(r"\.\w+$", record.bases):
        raise InputError(f"sequence {record.id!r}: {item!r} reads like the name of a file; expected its bases; read it "
                         "with cistrace.read_sequences")  # fmt: skip
    if fault:
        raise InputError(f"sequence {record.id!r}: {fault}")
    return record


def _id(number: int, name: object) -> str:
    if isinstance(name, str) and name.strip():
        return name
    if isinstance(name, Integral):
        return str(int(name))
    raise InputError(
        f"item {number}: its id is {name!r} ({type(name).__name__}), expected text or a whole number; give it one"
    )
