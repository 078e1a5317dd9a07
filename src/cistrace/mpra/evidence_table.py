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
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cistrace.cards.evidence import SequenceEvidence
from cistrace.errors import DataError
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

    digests: NDArray[np.uint64]
    estimates: NDArray[np.float32]
    first: NDArray[np.int64]
    contributions: NDArray[np.float32]
    about: EvidenceOrigin

    def of_row(self, place: int, columns: list[int]) -> SequenceEvidence:
        """Evidence of one row in some of the cell types."""
        part = slice(self.first[place], self.first[place + 1])
        return SequenceEvidence(self.estimates[place][columns], self.contributions[part][:, columns])

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
