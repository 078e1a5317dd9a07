"""Evidence for the cards of a table, made once and kept: scores as sums over sites, by row, cross-fitted.

bench-evidence.npz
  digests    uint64 (N,)    of the bases: rows are found by content, whatever their order
  estimates  float32 (N, cell types), in the table's units
  backdrops  float32 (N, cell types)
  pairs      int16 (N, 2)   places, among a row's sites told, of the two whose interplay was measured; -1 without
  interplay  float32 (N, cell types)
  first      int64 (N + 1,) sites told of row i are first[i]:first[i + 1]
  told       int16 (T,)     their places among the row's sites (`cards.sites`)
  amounts    float32 (T, cell types)
  line_of    int16 (N,)     group of the row: those of one group share who spoke of them
  lines      float64 (groups, cell types, 3) what composition foretells of a group's backdrops (`cards.backdrop`)
  about      JSON: cell types, source, motif library, scanner
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cistrace.cards.backdrop import CompositionLine, fit_line
from cistrace.cards.composition import composition
from cistrace.cards.evidence import SequenceEvidence
from cistrace.errors import DataError
from cistrace.io.arrays import load_arrays
from cistrace.io.files import whole_file
from cistrace.io.streams import shown


@dataclass(frozen=True)
class EvidenceOrigin:
    """What made the evidence.

    Attributes
    ----------
    cell_types : tuple of str
        Columns.
    source : str
        What a card calls it: `towers` or `associations`.
    motifs, scanner : str
        Versions: other sites would not match the amounts.
    towers : str
        SHA-256 of the towers' files, hexadecimal; empty without towers.
    """

    cell_types: tuple[str, ...]
    source: str
    motifs: str
    scanner: str
    towers: str = ""


KINDS = {
    "digests": ("uint64", 1), "estimates": ("float32", 2), "backdrops": ("float32", 2), "pairs": ("int16", 2),
    "interplay": ("float32", 2), "first": ("int64", 1), "told": ("int16", 1), "amounts": ("float32", 2),
    "line_of": ("int16", 1), "lines": ("float64", 3),
}  # fmt: skip
ARRAYS = tuple(KINDS)


@dataclass(frozen=True, eq=False)
class EvidenceTable:
    """See the module's docstring."""

    digests: NDArray[np.uint64]
    estimates: NDArray[np.float32]
    backdrops: NDArray[np.float32]
    pairs: NDArray[np.int16]
    interplay: NDArray[np.float32]
    first: NDArray[np.int64]
    told: NDArray[np.int16]
    amounts: NDArray[np.float32]
    line_of: NDArray[np.int16]
    lines: NDArray[np.float64]
    about: EvidenceOrigin

    def of_row(self, place: int, columns: list[int]) -> SequenceEvidence:
        """Evidence of one row in some of the cell types."""
        part = slice(self.first[place], self.first[place + 1])
        first, second = self.pairs[place].tolist()
        whole = SequenceEvidence(
            self.estimates[place], self.backdrops[place], tuple(self.told[part].tolist()), self.amounts[part],
            None if first < 0 else (first, second), self.interplay[place],
        )  # fmt: skip
        return whole.of_columns(columns)

    def lines_of_row(self, place: int, columns: list[int]) -> tuple[CompositionLine, ...]:
        """What composition foretells for a row in some of the cell types, by rows of its own group alone."""
        return tuple(CompositionLine(*self.lines[self.line_of[place], column].tolist()) for column in columns)

    @property
    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """All but the digests, by name."""
        return {name: getattr(self, name) for name in ARRAYS if name != "digests"}

    def places(self, sequences: Sequence[str], name: str) -> NDArray[np.int64]:
        """Row of every sequence here: int64 (N,).

        Raises
        ------
        DataError
            Sequences without evidence.
        """
        order = np.argsort(self.digests)
        wanted = digests_of(sequences)
        at = np.searchsorted(self.digests[order], wanted).clip(0, max(0, len(order) - 1))
        places = order[at] if len(order) else np.zeros(len(wanted), dtype=np.int64)
        missing = np.ones(len(wanted), dtype=bool) if not len(order) else self.digests[places] != wanted
        if missing.any():
            raise DataError(
                f"{name}: holds no evidence for {int(missing.sum()):,} of {len(wanted):,} sequences; expected all; "
                "make it from this table with `cistrace reasonbench build --towers`"
            )
        return places

    def columns(self, cell_types: Sequence[str], name: str) -> list[int]:
        """Column of every cell type.

        Raises
        ------
        DataError
            A cell type without evidence.
        """
        missing = [cell for cell in cell_types if cell not in self.about.cell_types]
        if missing:
            raise DataError(
                f"{name}: holds no evidence for {', '.join(missing)}, only for {', '.join(self.about.cell_types)}; "
                "make it with towers that know them, or use --evidence associations"
            )
        return [self.about.cell_types.index(cell) for cell in cell_types]


def digests_of(sequences: Iterable[str]) -> NDArray[np.uint64]:
    """First 8 bytes of BLAKE2b of the bases: uint64 (N,)."""
    joined = b"".join(hashlib.blake2b(bases.encode(), digest_size=8).digest() for bases in sequences)
    return np.frombuffer(joined, dtype="<u8")


def save_evidence(evidence: EvidenceTable, path: Path) -> None:
    """Write the file, whole or not at all."""
    with whole_file(path) as part, part.open("wb") as handle:
        about = np.array(json.dumps(asdict(evidence.about)))
        np.savez_compressed(handle, allow_pickle=False, digests=evidence.digests, about=about, **evidence.arrays)


def table_of(
    sequences: Sequence[str], found: Sequence[SequenceEvidence], groups: NDArray[np.integer], about: EvidenceOrigin
) -> EvidenceTable:
    """The evidence of rows, in their order, as one table.

    Parameters
    ----------
    groups : ndarray, int, shape (N,)
        Rows of one group had the same fits or towers speak of them. What composition foretells is fitted in each by
        itself: no row's measurement then reaches its own card by way of those that learnt from it.
    """
    cells = len(about.cell_types)
    backdrops = np.array([one.backdrops for one in found], dtype=np.float32).reshape(-1, cells)
    line_of, lines = group_lines(sequences, backdrops, groups)
    return EvidenceTable(
        digests=digests_of(sequences),
        estimates=np.array([one.estimates for one in found], dtype=np.float32).reshape(-1, cells),
        backdrops=backdrops,
        pairs=np.array([one.pair or (-1, -1) for one in found], dtype=np.int16).reshape(-1, 2),
        interplay=np.array([one.interplay for one in found], dtype=np.float32).reshape(-1, cells),
        first=np.cumsum([0, *(len(one.told) for one in found)]),
        told=np.array([place for one in found for place in one.told], dtype=np.int16),
        amounts=np.concatenate([np.zeros((0, cells)), *(one.amounts for one in found)]).astype(np.float32),
        line_of=line_of,
        lines=lines,
        about=about,
    )


def group_lines(
    sequences: Sequence[str], backdrops: NDArray[np.float32], groups: NDArray[np.integer]
) -> tuple[NDArray[np.int16], NDArray[np.float64]]:
    """`line_of` and `lines` of an `EvidenceTable`; `backdrops` are (N, cell types), `groups` (N,) any numbers."""
    known, line_of = np.unique(groups, return_inverse=True)
    measured = [composition(bases) for bases in sequences]
    lines = np.zeros((len(known), backdrops.shape[1], 3))
    for number in range(len(known)):
        rows = np.flatnonzero(line_of == number)
        fitted = fit_line([measured[row] for row in rows], backdrops[rows])
        lines[number] = [[line.intercept, line.gc, line.cpg] for line in fitted]
    return line_of.ravel().astype(np.int16), lines


def load_evidence(path: Path) -> EvidenceTable:
    """Read what `save_evidence` wrote.

    Raises
    ------
    DataError
        The file is missing, torn or another.
    """
    try:
        arrays, about = load_arrays(path, KINDS, "about")
        about["cell_types"] = tuple(about["cell_types"])
        evidence = EvidenceTable(**arrays, about=EvidenceOrigin(**about))
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{shown(path)}: not a readable evidence file ({error}); expected evidence.npz of a build with --towers"
        ) from error
    rows, told = len(evidence.digests), len(evidence.amounts)
    lengths = {
        "estimates": rows, "backdrops": rows, "pairs": rows, "interplay": rows, "first": rows + 1, "told": told,
        "line_of": rows,
    }  # fmt: skip
    fits = (
        len(evidence.first) > 0
        and evidence.first[-1] == told
        and evidence.lines.shape[1:] == (len(evidence.about.cell_types), 3)
    )
    fits &= len(evidence.lines) > evidence.line_of.max(initial=-1)
    if not fits or any(len(getattr(evidence, name)) != length for name, length in lengths.items()):
        raise DataError(f"{shown(path)}: its arrays disagree in length; make it again")
    return evidence
