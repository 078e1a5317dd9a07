"""The hits of a table's rows as flat arrays: scanned once, then read by every stage that needs them.

A file of them says which motif library, which scanner and which sequences it is of, and is made again, by name, where
any of these is another.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import overload

import numpy as np
from numpy.typing import NDArray

from cistrace.io.arrays import load_arrays
from cistrace.io.dna_sequence import DnaSequence
from cistrace.io.files import whole_file
from cistrace.io.streams import shown
from cistrace.motifs.hit import STRANDS, MotifHit
from cistrace.motifs.library import MotifLibrary
from cistrace.motifs.overlap import best_of_family
from cistrace.motifs.scanner import card_scanner

log = logging.getLogger(__name__)
_KINDS = {
    "first": ("int64", 1), "motif": ("int16", 1), "start": ("int32", 1), "strand": ("int8", 1), "score": ("float64", 1),
    "p_value": ("float64", 1),
}  # fmt: skip
BLOCK = 1000  # sequences whose hits are held as records at a time


@dataclass(frozen=True)
class HitOrigin:
    """What decides hits.

    Attributes
    ----------
    motifs : str
        `MotifLibrary.version`: what the places of motifs mean.
    scanner : str
        `Scanner.version`: its rules, background and threshold.
    sequences : str
        SHA-256 of all bases in order, hexadecimal.
    """

    motifs: str
    scanner: str
    sequences: str


@dataclass(frozen=True, eq=False)
class HitTable:
    """Hits that survive overlaps (`motifs.overlap`), by falling score; those of row i at first[i]:first[i + 1].

    Attributes
    ----------
    first : ndarray, int64, shape (N + 1,)
    motif : ndarray, int16, shape (H,)
        Place in the library.
    start : ndarray, int32, shape (H,)
        0-based.
    strand : ndarray, int8, shape (H,)
        Place in `STRANDS`.
    score, p_value : ndarray, float64, shape (H,)
        Bits, and the chance of as many.
    """

    first: NDArray[np.int64]
    motif: NDArray[np.int16]
    start: NDArray[np.int32]
    strand: NDArray[np.int8]
    score: NDArray[np.float64]
    p_value: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.first) - 1

    def of_row(self, row: int, library: MotifLibrary) -> tuple[MotifHit, ...]:
        """The hits of one row as records; `library` is the one that was scanned with."""
        part = slice(self.first[row], self.first[row + 1])
        columns = (self.motif, self.start, self.strand, self.score, self.p_value)
        found = []
        for place, start, strand, score, p_value in zip(*(column[part].tolist() for column in columns), strict=True):
            motif = library.motifs[place]
            end = start + motif.width
            names = (motif.matrix_id, motif.name, motif.families)
            found.append(MotifHit(*names, start, end, STRANDS[strand], score, p_value))
        return tuple(found)


class HitRows(Sequence[tuple[MotifHit, ...]]):
    """A table of hits read row by row as records, made anew at each reading: N rows take no more memory than the table.

    Parameters
    ----------
    library : MotifLibrary
        That was scanned with.
    """

    def __init__(self, table: HitTable, library: MotifLibrary) -> None:
        self._table = table
        self._library = library

    def __len__(self) -> int:
        return len(self._table)

    @overload
    def __getitem__(self, row: int) -> tuple[MotifHit, ...]: ...

    @overload
    def __getitem__(self, row: slice) -> list[tuple[MotifHit, ...]]: ...

    def __getitem__(self, row: int | slice) -> tuple[MotifHit, ...] | list[tuple[MotifHit, ...]]:
        places = range(len(self))[row]
        if isinstance(places, range):
            return [self._table.of_row(place, self._library) for place in places]
        return self._table.of_row(places, self._library)


def scan_table(sequences: Sequence[str], path: Path | None = None, threads: int = 1) -> HitTable:
    """Hits of every sequence, by the scanner that cards are made with.

    Parameters
    ----------
    sequences : sequence of str
        Upper-case bases.
    path : Path, optional
        Read where it holds these very hits, else written.
    threads : int
        Processes that scan.
    """
    with card_scanner(threads) as scanner:
        origin = HitOrigin(scanner.library.version, scanner.version, _digest(sequences))
        if path is not None and (kept := _read(path, origin)) is not None:
            return kept
        scanned = scanner.iter_hits(DnaSequence("", bases) for bases in sequences)
        hits = hit_table((best_of_family(found) for _, found in scanned), scanner.library)
    if path is not None:
        _write(hits, origin, path)
    return hits


def hit_table(rows: Iterable[tuple[MotifHit, ...]], library: MotifLibrary) -> HitTable:
    """The table of rows that come one after another; `BLOCK` of them are held as records at a time."""
    place = {motif.matrix_id: index for index, motif in enumerate(library.motifs)}
    stream, blocks = iter(rows), [_flat([], place)]
    while block := list(islice(stream, BLOCK)):
        blocks.append(_flat(block, place))
        log.info("%d sequences scanned", sum(map(len, blocks)))
    return _joined(blocks)


def _flat(rows: list[tuple[MotifHit, ...]], place: dict[str, int]) -> HitTable:
    hits = [hit for row in rows for hit in row]
    return HitTable(
        np.cumsum([0, *map(len, rows)]),
        np.array([place[hit.matrix_id] for hit in hits], dtype=np.int16),
        np.array([hit.start for hit in hits], dtype=np.int32),
        np.array([STRANDS.index(hit.strand) for hit in hits], dtype=np.int8),
        np.array([hit.score for hit in hits], dtype=np.float64),
        np.array([hit.p_value for hit in hits], dtype=np.float64),
    )


def _joined(blocks: list[HitTable]) -> HitTable:
    counts = np.concatenate([np.diff(block.first) for block in blocks])
    columns = [
        np.concatenate([getattr(block, name) for block in blocks])
        for name in ("motif", "start", "strand", "score", "p_value")
    ]
    return HitTable(np.append(0, np.cumsum(counts)), *columns)


def _digest(sequences: Sequence[str]) -> str:
    whole = sha256()
    for bases in sequences:
        whole.update(bases.encode() + b"\n")
    return whole.hexdigest()


def _read(path: Path, expected: HitOrigin) -> HitTable | None:
    """The file's hits, or None where there is no such file or it is of something else, which is said."""
    if not path.exists():
        return None
    try:
        arrays, found = load_arrays(path, _KINDS, "origin")
    except (OSError, ValueError) as error:
        log.warning("%s: no readable file of hits (%s); scanning again", shown(path), error)
        return None
    for name, value in asdict(expected).items():
        if found.get(name) != value:
            log.warning("%s: is of %s %s, not %s; scanning again", shown(path), name, found.get(name), value)
            return None
    hits = HitTable(**arrays)
    counts = {len(array) for name, array in arrays.items() if name != "first"}
    if not len(hits.first) or counts != {int(hits.first[-1])}:
        log.warning("%s: its arrays disagree in length; scanning again", shown(path))
        return None
    return hits


def _write(hits: HitTable, origin: HitOrigin, path: Path) -> None:
    with whole_file(path) as part, part.open("wb") as handle:
        np.savez_compressed(handle, **vars(hits), origin=np.array(json.dumps(asdict(origin))))
