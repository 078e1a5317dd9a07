"""The nouns of a measured table: what can be used, and what was left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cistrace.mpra.table import MpraTable

SPLITS = ("train", "val", "test")
UNKNOWN_LEVEL = -1


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A row of the table, or one of its measurements, that the data set does without.

    Attributes
    ----------
    line : int
        1-based line on which the row starts (row in Parquet and spreadsheets); 0 where there is none to name.
    id : str
        Name of the row, as the table has it or made from its place.
    cell_type : str
        Empty where the whole row is meant.
    reason : str
        What was found and what was expected.
    """

    line: int
    id: str
    cell_type: str
    reason: str


@dataclass(frozen=True, eq=False)
class LoadedTable:
    """An MPRA table as read: usable rows, and a list of the rest.

    Attributes
    ----------
    table : MpraTable
        `chromosomes`, `categories` and `splits` hold empty strings where the table has no such column. Splits are
        as the column says (`train`, `val`, `test`, or anything else) until `splits.assign`.
    lines : tuple of int
        1-based line of every row of `table`.
    levels : ndarray, int8, shape (N, cell types), or None
        From a column of levels; -1 where it is empty.
    exclusions : tuple of Exclusion
    sources : tuple of (name, SHA-256 in hexadecimal)
        The files read.
    notes : tuple of str
        What a user should hear of, one line each, such as mixed lengths.
    """

    table: MpraTable
    lines: tuple[int, ...]
    levels: NDArray[np.int8] | None
    exclusions: tuple[Exclusion, ...]
    sources: tuple[tuple[str, str], ...]
    notes: tuple[str, ...] = ()
