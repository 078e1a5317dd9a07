"""Evidence for the cards of a table, made once and kept: estimates and contributions by row, cross-fitted.

bench-evidence.npz
  digests        uint64 (N,)    of the bases: rows are found by content, whatever their order
  estimates      float32 (N, cell types), in the table's units
  first          int64 (N + 1,) hits of row i are first[i]:first[i + 1], in the order of `card.best_of_family`
  contributions  float32 (H, cell types)
  about          JSON: cell types, source, motif library, scanner
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from cistrace.errors import DataError
from cistrace.io.files import whole_file
from cistrace.io.streams import shown
from cistrace.motifs.hit import MotifHit
from cistrace.mpra.table import MpraTable

if TYPE_CHECKING:
    from cistrace.towers.evidence import Towers

BATCH = 256
_Item = TypeVar("_Item")
Progress = Callable[[Iterable[_Item], str], Iterator[_Item]]
"""Wraps a stream of work, under a label, to show how far it is."""


@dataclass(frozen=True)
class EvidenceOrigin:
    """What made the evidence.

    Attributes
    ----------
    cell_types : tuple of str
        Columns.
    source : str
        What a card calls it: `tower` or `associations`.
    motifs, scanner : str
        Versions: other hits would not match the contributions.
    towers : str
        SHA-256 of the towers' files, hexadecimal; empty without towers.
    """

    cell_types: tuple[str, ...]
    source: str
    motifs: str
    scanner: str
    towers: str = ""


@dataclass(frozen=True, eq=False)
class EvidenceTable:
    """See the module's docstring."""

    digests: np.ndarray
    estimates: np.ndarray
    first: np.ndarray
    contributions: np.ndarray
    about: EvidenceOrigin

    def places(self, sequences: Sequence[str], name: str) -> np.ndarray:
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


def digests_of(sequences: Iterable[str]) -> np.ndarray:
    """First 8 bytes of BLAKE2b of the bases: uint64 (N,)."""
    joined = b"".join(hashlib.blake2b(bases.encode(), digest_size=8).digest() for bases in sequences)
    return np.frombuffer(joined, dtype="<u8")


def save_evidence(evidence: EvidenceTable, path: Path) -> None:
    """Write the file, whole or not at all."""
    with whole_file(path) as part, part.open("wb") as handle:
        np.savez_compressed(
            handle,
            digests=evidence.digests,
            estimates=evidence.estimates,
            first=evidence.first,
            contributions=evidence.contributions,
            about=np.array(json.dumps(asdict(evidence.about))),
        )


def load_evidence(path: Path) -> EvidenceTable:
    """Read what `save_evidence` wrote.

    Raises
    ------
    DataError
        The file is missing, torn or another.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            about = json.loads(str(file["about"]))
            about["cell_types"] = tuple(about["cell_types"])
            names = ("digests", "estimates", "first", "contributions")
            evidence = EvidenceTable(**{name: file[name] for name in names}, about=EvidenceOrigin(**about))
    except (OSError, KeyError, TypeError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{shown(path)}: not a readable evidence file ({error}); expected evidence.npz of a build with --towers"
        ) from error
    if len(evidence.first) != len(evidence.digests) + 1 or evidence.first[-1] != len(evidence.contributions):
        raise DataError(f"{shown(path)}: its arrays disagree in length; make it again")
    return evidence


@dataclass(frozen=True, eq=False)
class FoldTower:
    """A tower and the chromosomes that it never saw."""

    towers: Towers
    held_out: frozenset[str]


def load_fold_towers(folder: Path) -> list[FoldTower]:
    """Towers of a training run that name what they held out.

    Raises
    ------
    DataError
        The folder holds no such towers.
    """
    from safetensors import safe_open

    from cistrace.towers.evidence import Towers
    from cistrace.towers.files import load_tower

    found = []
    for path in sorted(folder.glob("tower-fold*.safetensors")):
        tower = load_tower(path)
        with safe_open(path, framework="pt") as file:
            held_out = json.loads((file.metadata() or {}).get("held_out", "[]"))
        if not held_out:
            raise DataError(f"{shown(path)}: does not say what it held out; train it again with this version")
        found.append(FoldTower(Towers(tower, tower), frozenset(held_out)))
    if not found:
        raise DataError(f"{shown(folder)}: holds no tower-fold*.safetensors; train them, or name the run's folder")
    return found


def tower_evidence(
    table: MpraTable,
    hits: Sequence[tuple[MotifHit, ...]],
    towers: list[FoldTower],
    about: EvidenceOrigin,
    progress: Progress[tuple[FoldTower, list[int]]],
) -> EvidenceTable:
    """Evidence of every row from the towers that never saw its chromosome, their mean where there are several.

    Raises
    ------
    DataError
        A row without a chromosome: which tower saw its neighbourhood cannot be told.
    """
    nowhere = [row for row, chromosome in enumerate(table.chromosomes) if not chromosome]
    if nowhere:
        raise DataError(
            f"{len(nowhere):,} rows, first {table.names[nowhere[0]]!r}, have no chromosome; expected one a row, to "
            "choose a tower that never saw it; add a column chromosome, or use --evidence associations"
        )
    unseen = [unseeing(chromosome, [fold.held_out for fold in towers]) for chromosome in table.chromosomes]
    estimates = np.zeros((len(table), len(table.cell_types)), dtype=np.float32)
    first = np.cumsum([0, *(len(found) for found in hits)])
    contributions = np.zeros((int(first[-1]), len(table.cell_types)), dtype=np.float32)
    share = np.array([1 / len(who) for who in unseen])
    columns = [towers[0].towers.cell_types.index(cell) for cell in table.cell_types]
    blocks = [(fold, block) for number, fold in enumerate(towers) for block in _blocks(number, unseen)]
    for fold, block in progress(blocks, f"blocks of {BATCH} sequences read by towers, of {len(blocks)}"):
        said = fold.towers.evidence([table.sequences[row] for row in block], [hits[row] for row in block])
        for at, row in enumerate(block):
            estimates[row] += share[row] * said.estimates[at][columns]
            contributions[first[row] : first[row + 1]] += share[row] * said.contributions[at][:, columns]
    return EvidenceTable(digests_of(table.sequences), estimates, first, contributions, about)


def _blocks(number: int, unseen: list[list[int]]) -> list[list[int]]:
    """Rows of which one tower may speak, some together."""
    rows = [row for row, who in enumerate(unseen) if number in who]
    return [rows[begin : begin + BATCH] for begin in range(0, len(rows), BATCH)]


def unseeing(chromosome: str, held_out: Sequence[frozenset[str]]) -> list[int]:
    """Places of the towers that may speak of a row on a chromosome.

    Those that held it out; all where it lies outside the training split, so that none did. A row on the border of two
    chromosomes (`chr1-chr10`) that no one tower held out has those that held out either: none saw the row itself.
    """
    parts = set(chromosome.split("-"))
    inside = parts & frozenset().union(*held_out)
    whole = [number for number, held in enumerate(held_out) if inside <= held]
    return whole or [number for number, held in enumerate(held_out) if inside & held]
