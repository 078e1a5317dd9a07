"""Sequence-only rivals, fitted here: what a prediction is worth without reasoning.

Every one is fitted on the training split, chosen and given its interval on val, and sees test once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression

from cistrace.cards.composition import composition
from cistrace.evaluation.bench import Bench
from cistrace.evaluation.predicted import Predicted, with_interval
from cistrace.io.files import whole_file
from cistrace.motifs.library import load_library
from cistrace.mpra.hits import HitTable, scan_table
from cistrace.mpra.table import MpraTable
from cistrace.towers.evidence import Towers
from cistrace.towers.files import load_tower, save_tower
from cistrace.towers.fit import LEGNET, fit_tower, new_tower
from cistrace.towers.recipe import TowerFitRecipe, TowerRecipe
from cistrace.towers.tower import Tower

BASES = "ACGT"
MOST_TREES = 600
log = logging.getLogger(__name__)


def composition_only(bench: Bench, seed: int) -> Predicted:
    """Least squares on GC, its square and CpG observed/expected: three numbers need no penalty."""
    return _each_cell(bench, lambda which: composed(bench.table(which)), lambda x, y, *_: LinearRegression().fit(x, y))


def motif_boosting(bench: Bench, seed: int) -> Predicted:
    """Gradient boosting on every TF's summed hit scores, dinucleotide shares, GC and CpG; trees counted on val."""
    library = load_library()
    names = sorted({motif.name for motif in library.motifs})
    place = {name: at for at, name in enumerate(names)}
    tf_of = np.array([place[motif.name] for motif in library.motifs])

    def features(which: str) -> np.ndarray:
        table = bench.table(which)
        path = bench.hits(which)
        path.parent.mkdir(parents=True, exist_ok=True)
        hits = scan_table(table.sequences, path, bench.threads)
        return np.hstack([summed_scores(hits, tf_of, len(names)), dinucleotides(table), composed(table)])

    def fit(x: np.ndarray, y: np.ndarray, val_x: np.ndarray, val_y: np.ndarray) -> HistGradientBoostingRegressor:
        booster = HistGradientBoostingRegressor(
            max_iter=MOST_TREES, learning_rate=0.08, l2_regularization=1.0, max_features=0.2, early_stopping=True,
            n_iter_no_change=20, random_state=seed,
        )  # fmt: skip
        return booster.fit(x, y, X_val=val_x, y_val=val_y)

    return _each_cell(bench, features, fit)


class _Fitted(Protocol):
    def predict(self, x: np.ndarray, /) -> np.ndarray: ...


def _each_cell(
    bench: Bench,
    features: Callable[[str], np.ndarray],
    fit: Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], _Fitted],
) -> Predicted:
    """Fit every cell type by itself on the rows measured in it; predictions with intervals."""
    train, val, judged = (features(which) for which in ("train", "val", "judged"))
    found = []
    for cell in range(len(bench.cell_types)):
        y, val_y = bench.training.activity[:, cell], bench.val.activity[:, cell]
        seen, val_seen = np.isfinite(y), np.isfinite(val_y)
        fitted = fit(train[seen], y[seen], val[val_seen], val_y[val_seen])
        found.append((fitted.predict(judged), fitted.predict(val)))
        log.info("%s fitted", bench.cell_types[cell])
    on_judged, on_val = (np.stack(column, axis=1) for column in zip(*found))
    return with_interval(on_judged, on_val, bench.val.activity)


def summed_scores(hits: HitTable, tf_of: np.ndarray, tfs: int) -> np.ndarray:
    """Bits of every TF's hits, summed: float32 (N, tfs).

    Parameters
    ----------
    tf_of : ndarray, int64, shape (motifs,)
        TF of every matrix of the library.
    """
    row = np.repeat(np.arange(len(hits)), np.diff(hits.first))
    flat = np.bincount(row * tfs + tf_of[hits.motif], weights=hits.score, minlength=len(hits) * tfs)
    return flat.reshape(len(hits), tfs).astype(np.float32)


def dinucleotides(table: MpraTable) -> np.ndarray:
    """Share of each of the 16 dinucleotides, both strands counted: float32 (N, 16)."""
    pairs = [first + second for first in BASES for second in BASES]
    turned = [pairs.index(pair[::-1].translate(str.maketrans("ACGT", "TGCA"))) for pair in pairs]
    counts = np.array([[_overlapping(bases, pair) for pair in pairs] for bases in table.sequences], dtype=np.float32)
    both = counts + counts[:, turned]
    return both / np.maximum(1, both.sum(axis=1, keepdims=True))


def _overlapping(bases: str, pair: str) -> int:
    """Occurrences, those that overlap too (`str.count` skips them)."""
    return sum(bases.startswith(pair, at) for at in range(len(bases) - 1)) if pair[0] == pair[1] else bases.count(pair)


def composed(table: MpraTable) -> np.ndarray:
    """GC, its square, CpG observed/expected: float64 (N, 3)."""
    found = [composition(bases) for bases in table.sequences]
    return np.array([[entry.gc, entry.gc**2, entry.cpg] for entry in found])


def legnet(bench: Bench, seed: int) -> Predicted:
    """LegNet (Penzar et al. 2023) with this package's recipe, on the training split alone: no further library."""
    path = bench.folder / "models" / f"legnet.{seed}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        recipe: TowerFitRecipe = TowerRecipe().legnet
        window = -(-max(map(len, bench.training.sequences)) // 8) * 8
        tower = new_tower(LEGNET, bench.cell_types, window, recipe.dropout, seed)
        rows = np.arange(len(bench.training))
        state = path.with_suffix(".state")
        fitted = fit_tower(tower, f"legnet.{seed}", rows, bench.training, bench.val, recipe, state, seed)
        with whole_file(path) as part:
            save_tower(fitted.tower, part, {"window": str(window)})
        state.unlink(missing_ok=True)
    tower_read = load_tower(path)
    return with_interval(_estimates(tower_read, bench.judged), _estimates(tower_read, bench.val), bench.val.activity)


@dataclass(frozen=True)
class Ensemble:
    """Towers added with weights that are fitted on val, one set a cell type, none negative."""

    files: tuple[Path, ...]

    def __call__(self, bench: Bench, seed: int) -> Predicted:
        towers = [load_tower(path) for path in self.files]
        val, judged = (np.stack([_estimates(t, table) for t in towers]) for table in (bench.val, bench.judged))
        fitted = [self._fit(val[:, :, cell], bench.val.activity[:, cell]) for cell in range(len(bench.cell_types))]

        def added(found: np.ndarray) -> np.ndarray:
            return np.stack([line.predict(found[:, :, cell].T) for cell, line in enumerate(fitted)], axis=1)

        return with_interval(added(judged), added(val), bench.val.activity)

    @staticmethod
    def _fit(found: np.ndarray, measured: np.ndarray) -> LinearRegression:
        seen = np.isfinite(measured)
        return LinearRegression(positive=True).fit(found[:, seen].T, measured[seen])


def _estimates(tower: Tower, table: MpraTable) -> np.ndarray:
    return Towers(tower, tower).estimate(table.sequences).astype(np.float64)
