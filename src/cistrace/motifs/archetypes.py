"""What a matrix is called on a site: its archetype, a group of matrices that look alike, and a human symbol."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

FILE = Path(__file__).parent.parent / "data" / "archetypes.tsv"


@dataclass(frozen=True, slots=True)
class MatrixName:
    """Names of one matrix.

    Attributes
    ----------
    symbol : str
        Of the human TF, parts of a heterodimer joined by `::`, also where the matrix is another species'; the
        matrix's own name where no human gene corresponds.
    archetype : str
        Of the matrices that look like one leading matrix, so that all share its consensus; one text without blanks,
        at most 14 letters (`docs/make_archetypes.py`).
    """

    symbol: str
    archetype: str


@cache
def matrix_names() -> Mapping[str, MatrixName]:
    """Names by matrix id, of every matrix of the default library."""
    with FILE.open(encoding="utf-8", newline="") as file:
        next(file)  # the library's version
        rows = csv.DictReader(file, delimiter="\t")
        return MappingProxyType({row["matrix_id"]: MatrixName(row["symbol"], row["archetype"]) for row in rows})


def name_of(matrix_id: str, name: str) -> MatrixName:
    """Names of a matrix; one that the table does not know, of another library, is an archetype of its own."""
    return matrix_names().get(matrix_id) or MatrixName(name, name)
