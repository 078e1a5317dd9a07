"""What a matrix is called on a site: its archetype, a group of matrices that look alike, and a human symbol."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from cistrace.io.shipped import shipped_file

FILE = "archetypes.tsv"


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
    pair : bool
        Whether the matrix is of two factors with a site each, ETS beside FOX.
    known : bool
        Whether the factor is one of those that the archetype is best known for.
    """

    symbol: str
    archetype: str
    pair: bool = False
    known: bool = False


@cache
def matrix_names() -> Mapping[str, MatrixName]:
    """Names by matrix id, of every matrix of the default library.

    Raises
    ------
    ModelError
        The table that comes with the package is torn or altered.
    """
    with shipped_file(FILE).open(encoding="utf-8", newline="") as file:
        next(file)  # the library's version
        rows = csv.DictReader(file, delimiter="\t")
        return MappingProxyType({row["matrix_id"]: _name(row) for row in rows})


def _name(row: dict[str, str]) -> MatrixName:
    return MatrixName(row["symbol"], row["archetype"], row["kind"] == "pair", row["kind"] == "known")


def name_of(matrix_id: str, name: str) -> MatrixName:
    """Names of a matrix; one that the table does not know, of another library, is an archetype of its own."""
    return matrix_names().get(matrix_id) or MatrixName(name, name)
