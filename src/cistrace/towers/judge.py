"""A judge: a tower that no search asks, with its scores of natural elements beside it.

Its file is a tower's, and says in the metadata which chromosomes it learnt from and what it gives natural elements of
others, so that a score can be told as a percentile without any data at hand.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from cistrace.errors import ModelError
from cistrace.io.codes import BLANK
from cistrace.towers.encoding import base_codes, one_hot, opposite_codes
from cistrace.towers.files import AnyTower, load_tower, save_tower, tower_notes
from cistrace.towers.tower import Tower, fused

NATURAL, CHROMOSOMES, VAL = "natural", "chromosomes", "val"
"""Notes of a judge's file: natural elements' scores, what it learnt from, val Pearson by cell type."""

ROWS = 64  # of every pass, the last filled up: a row's score then cannot depend on its neighbours


class Judge:
    """A tower with its scores of natural elements that it never saw.

    Parameters
    ----------
    tower : Tower
        In evaluation mode.
    natural : ndarray, float32, shape (M, cell types)
        Its scores of natural elements, log2(RNA/DNA).
    notes : mapping of str to str
        What its file says of it.
    """

    def __init__(self, tower: Tower, natural: NDArray[np.float32], notes: Mapping[str, str]) -> None:
        self.cell_types = tower.cell_types
        self.window = tower.window
        self.natural = natural
        self.chromosomes = tuple(notes.get(CHROMOSOMES, "").split())
        self.notes = notes
        self._tower = fused(tower)
        self._sorted = np.sort(natural, axis=0)

    def __repr__(self) -> str:
        return f"<Judge of {', '.join(self.cell_types)}: {self.window} bp, {len(self.natural):,} natural elements>"

    @torch.inference_mode()
    def scores(self, sequences: Sequence[str]) -> NDArray[np.float32]:
        """Activities, mean of both strands, log2(RNA/DNA): float32 (N, cell types).

        Raises
        ------
        ModelError
            A sequence longer than `window` bp.
        """
        codes = base_codes(list(sequences), self.window)
        rows = np.concatenate([codes, opposite_codes(codes)])
        parts = [np.zeros((0, len(self.cell_types)), dtype=np.float32)]
        for start in range(0, len(rows), ROWS):
            block = rows[start : start + ROWS]
            filled = np.full((ROWS, self.window), BLANK, dtype=np.int64)
            filled[: len(block)] = block
            parts.append(self._tower(one_hot(filled))[: len(block)].numpy())
        return np.concatenate(parts).reshape(2, len(codes), len(self.cell_types)).mean(axis=0)

    def percentiles(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """Percent of natural elements that score below, cell type by cell type, 0-100: float32 (N, cell types).

        Half of those that score the same count as below.
        """
        columns = [percentiles_among(scores[:, at], self._sorted[:, at]) for at in range(len(self.cell_types))]
        return np.stack(columns, axis=1)


def percentiles_among(values: NDArray[np.floating], rising: NDArray[np.floating]) -> NDArray[np.float32]:
    """Percent of sorted values that lie below each of `values`, half of equal ones with them: float32, 0-100."""
    below = np.searchsorted(rising, values, side="left") + np.searchsorted(rising, values, side="right")
    return (100 * below / (2 * max(1, len(rising)))).astype(np.float32)


def load_judge_file(path: Path) -> Judge:
    """Read a judge.

    Raises
    ------
    ModelError
        The file is missing or torn, or holds a tower that is no judge.
    """
    tower, notes = load_tower(path), tower_notes(path)
    try:
        natural = _unpacked(notes[NATURAL], len(tower.cell_types))
    except (KeyError, ValueError, binascii.Error) as error:
        raise ModelError(
            f"{path}: a tower without its scores of natural elements; expected a judge's file, as `cistrace train "
            "judge` writes it; name one"
        ) from error
    return Judge(tower, natural, notes)


def save_judge(tower: AnyTower, path: Path, natural: Sequence[str], notes: Mapping[str, str]) -> None:
    """Write a judge's file with its scores of natural elements.

    Parameters
    ----------
    natural : sequence of str
        Elements that the tower did not learn from, at most `tower.window` bp each.
    notes : mapping of str to str
        Further lines of the metadata.
    """
    save_tower(tower, path, {})
    rounded = load_tower(path)  # as whoever opens the file will have it
    scores = Judge(rounded, np.zeros((0, len(tower.cell_types)), dtype=np.float32), {}).scores(natural)
    save_tower(rounded, path, {**notes, NATURAL: _packed(scores)})


def _packed(scores: NDArray[np.float32]) -> str:
    """Rows sorted, so that their order says nothing of the elements; float16, base64."""
    ordered = scores[np.lexsort(scores.T[::-1])]
    return base64.b64encode(ordered.astype("<f2").tobytes()).decode("ascii")


def _unpacked(text: str, columns: int) -> NDArray[np.float32]:
    found = np.frombuffer(base64.b64decode(text, validate=True), dtype="<f2").reshape(-1, columns)
    if not np.isfinite(found).all() or not len(found):
        raise ValueError("no scores")
    return found.astype(np.float32)
