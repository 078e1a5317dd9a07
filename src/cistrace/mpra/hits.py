"""Scan the measured elements once and keep the hits as flat arrays, so that later stages need no scan."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cistrace.errors import DataError
from cistrace.io.files import whole_file
from cistrace.motifs.hit import STRANDS, MotifHit
from cistrace.motifs.library import MotifLibrary
from cistrace.motifs.scanner import card_scanner
from cistrace.mpra.table import MpraTable

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class HitTable:
    """Hits of many sequences, those of row i at first[i]:first[i + 1].

    Attributes
    ----------
    first : ndarray, int64, shape (N + 1,)
    motif, start, strand : ndarray, int, shape (H,)
        Place in the library, 0-based start, index into `+-`.
    score, p_value : ndarray, float64, shape (H,)
    """

    first: np.ndarray
    motif: np.ndarray
    start: np.ndarray
    strand: np.ndarray
    score: np.ndarray
    p_value: np.ndarray

    def __len__(self) -> int:
        return len(self.first) - 1

    def hits(self, row: int, library: MotifLibrary) -> tuple[MotifHit, ...]:
        """The hits of one row as records."""
        found = []
        for at in range(self.first[row], self.first[row + 1]):
            motif = library.motifs[self.motif[at]]
            start = int(self.start[at])
            found.append(
                MotifHit(
                    motif.matrix_id,
                    motif.name,
                    motif.families,
                    start,
                    start + motif.width,
                    STRANDS[self.strand[at]],
                    float(self.score[at]),
                    float(self.p_value[at]),
                )
            )
        return tuple(found)


def scan_table(table: MpraTable, path: Path, threads: int = 1) -> HitTable:
    """Hits of every row, from `path` if it is there, else by scanning (written to `path`).

    Only hits that survive `best_of_family` are kept, by falling score.
    """
    if path.exists():
        with np.load(path, allow_pickle=False) as file:
            if len(file["first"]) != len(table) + 1:
                raise DataError(f"{path}: holds {len(file['first']) - 1} rows, expected {len(table)}; remove the file")
            return HitTable(**{name: file[name] for name in HitTable.__dataclass_fields__})
    kept = []
    with card_scanner(threads) as scanner:
        place = {motif.matrix_id: index for index, motif in enumerate(scanner.library.motifs)}
        for begin in range(0, len(table), 2000):
            kept += scanner.scan_best(list(table.sequences[begin : begin + 2000]))
            log.info("scanned %d of %d", len(kept), len(table))
    flat = [hit for hits in kept for hit in hits]
    result = HitTable(
        np.cumsum([0, *(len(hits) for hits in kept)]),
        np.array([place[hit.matrix_id] for hit in flat]),
        np.array([hit.start for hit in flat]),
        np.array([STRANDS.index(hit.strand) for hit in flat]),
        np.array([hit.score for hit in flat]),
        np.array([hit.p_value for hit in flat]),
    )
    with whole_file(path) as part, part.open("wb") as handle:
        np.savez_compressed(handle, **{name: getattr(result, name) for name in HitTable.__dataclass_fields__})
    return result
