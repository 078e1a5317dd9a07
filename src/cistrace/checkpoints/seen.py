"""The elements that a checkpoint's towers were fitted on, by digest: of such their evidence is no prediction.

cistrace/seen_elements.npy: uint64, rising, `mpra.folds.canonical_digest` of every element, both strands the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cistrace.checkpoints.schema import SEEN
from cistrace.mpra.folds import canonical_digest


def write_seen(sequences: Iterable[str], folder: Path, start: Path | None = None) -> None:
    """Write the file of a checkpoint's folder.

    Parameters
    ----------
    start : Path, optional
        Folder of the checkpoint that this one was adapted from: what that was fitted on is seen too.
    """
    digests = np.array([canonical_digest(bases) for bases in sequences], dtype=np.uint64)
    before = _seen(start) if start is not None and (start / SEEN).exists() else digests[:0]
    np.save(folder / SEEN, np.union1d(digests, before))


def seen_by(folder: Path, sequences: Sequence[str]) -> NDArray[np.bool_] | None:
    """Which sequences, on either strand, the towers of a checkpoint were fitted on; None where it does not say."""
    if not (folder / SEEN).exists():
        return None
    digests = np.array([canonical_digest(bases) for bases in sequences], dtype=np.uint64)
    return np.isin(digests, _seen(folder))


def _seen(folder: Path) -> NDArray[np.uint64]:
    found: NDArray[np.uint64] = np.load(folder / SEEN, mmap_mode="r", allow_pickle=False)
    return found
