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
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression

from cistrace.cards.composition import composition
from cistrace.errors import DataError
from cistrace.evaluation.comparison import Comparison
from cistrace.evaluation.predicted import Predicted, with_interval
from cistrace.io.files import whole_file
from cistrace.motifs.library import load_library
from cistrace.mpra.hits import HitTable, scan_table
from cistrace.mpra.table import MpraTable
from cistrace.towers.cross_fit import LEGNET, new_tower
from cistrace.towers.evidence import Towers
from cistrace.towers.files import AnyTower, load_tower, save_tower
from cistrace.towers.fit import fit_tower
from cistrace.towers.recipe import TowerFitRecipe, TowerRecipe
from cistrace.towers.tower import Tower

BASES = "ACGT"
MOST_TREES = 600
FEWEST = 20  # measurements of train without which a cell type is not fitted
log = logging.getLogger(__name__)


def composition_only(comparison: Comparison, seed: int) -> Predicted:
    """Least squares on GC, its square and CpG observed/expected: three numbers need no penalty."""

    def fit(x: NDArray[np.float64], y: NDArray[np.float64], *_: NDArray[np.float64]) -> LinearRegression:
        return LinearRegression().fit(x, y)

    return each_cell(comparison, lambda which: composed(comparison.table(which)), fit)


def motif_boosting(comparison: Comparison, seed: int) -> Predicted:
    """Gradient boosting on every TF's summed hit scores, dinucleotide shares, GC and CpG; trees counted on val."""
    library = load_library()
    names = sorted({motif.name for motif in library.motifs})
    place = {name: at for at, name in enumerate(names)}
    tf_of = np.array([place[motif.name] for motif in library.motifs])

    def features(which: str) -> NDArray[np.float64]:
        table = comparison.table(which)
        if not len(table):
            return np.zeros((0, len(names) + len(BASES) ** 2 + 3))
        hits = scanned(comparison, which)
        return np.hstack([summed_scores(hits, tf_of, len(names)), dinucleotides(table), composed(table)])

    def fit(
        x: NDArray[np.float64], y: NDArray[np.float64], val_x: NDArray[np.float64], val_y: NDArray[np.float64]
    ) -> HistGradientBoostingRegressor:
        booster = HistGradientBoostingRegressor(
            max_iter=MOST_TREES, learning_rate=0.08, l2_regularization=1.0, max_features=0.2, early_stopping=True,
            n_iter_no_change=20, random_state=seed,
        )  # fmt: skip
        return booster.fit(x, y, X_val=val_x, y_val=val_y)

    return each_cell(comparison, features, fit)


def scanned(comparison: Comparison, which: str) -> HitTable:
    """Motif hits of `train`, `val` or `judged`, as kept in OUT/hits or scanned now."""
    path = comparison.hits(which)
    path.parent.mkdir(parents=True, exist_ok=True)
    return scan_table(comparison.table(which).sequences, path, comparison.threads)


class FittedModel(Protocol):
    """What a fit gives: predictions, float64 (N,), of features (N, F)."""

    def predict(self, x: NDArray[np.float64], /) -> NDArray[np.float64]: ...


Fit = Callable[[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]], FittedModel]
"""Of features and activities in train, then in val."""


def each_cell(
    comparison: Comparison,
    features: Callable[[str], NDArray[np.float64]],
    fit: Fit,
) -> Predicted:
    """Fit every cell type by itself on the rows measured in it; predictions with intervals.

    NaN in a cell type with fewer than `FEWEST` training measurements, or none of val to choose by.
    """
    train, val, judged = (features(which) for which in ("train", "val", "judged"))
    found = []
    for cell in range(len(comparison.cell_types)):
        y, val_y = comparison.training.activity[:, cell], comparison.val.activity[:, cell]
        seen, val_seen = np.isfinite(y), np.isfinite(val_y)
        if seen.sum() < FEWEST or not val_seen.any():
            log.info(
                "%s: %d measurements in train and %d in val, too few to fit; expected %d and one",
                comparison.cell_types[cell], seen.sum(), val_seen.sum(), FEWEST,
            )  # fmt: skip
            found.append((np.full(len(judged), np.nan), np.full(len(val), np.nan)))
            continue
        fitted = fit(train[seen], y[seen], val[val_seen], val_y[val_seen])
        found.append((fitted.predict(judged), fitted.predict(val)))
        log.info("%s fitted", comparison.cell_types[cell])
    on_judged, on_val = (np.stack(column, axis=1) for column in zip(*found))
    return with_interval(on_judged, on_val, comparison.val.activity)


def summed_scores(hits: HitTable, tf_of: NDArray[np.int64], tfs: int) -> NDArray[np.float32]:
    """Bits of every TF's hits, summed: float32 (N, tfs).

    Parameters
    ----------
    tf_of : ndarray, int64, shape (motifs,)
        TF of every matrix of the library.
    """
    row = np.repeat(np.arange(len(hits)), np.diff(hits.first))
    flat = np.bincount(row * tfs + tf_of[hits.motif], weights=hits.score, minlength=len(hits) * tfs)
    return flat.reshape(len(hits), tfs).astype(np.float32)


def dinucleotides(table: MpraTable) -> NDArray[np.float32]:
    """Share of each of the 16 dinucleotides, both strands counted: float32 (N, 16)."""
    pairs = [first + second for first in BASES for second in BASES]
    turned = [pairs.index(pair[::-1].translate(str.maketrans("ACGT", "TGCA"))) for pair in pairs]
    counts = np.array([[_overlapping(bases, pair) for pair in pairs] for bases in table.sequences], dtype=np.float32)
    both = counts + counts[:, turned]
    return both / np.maximum(1, both.sum(axis=1, keepdims=True))


def _overlapping(bases: str, pair: str) -> int:
    """Occurrences, those that overlap too (`str.count` skips them)."""
    return sum(bases.startswith(pair, at) for at in range(len(bases) - 1)) if pair[0] == pair[1] else bases.count(pair)


def composed(table: MpraTable) -> NDArray[np.float64]:
    """GC, its square, CpG observed/expected: float64 (N, 3)."""
    found = [composition(bases) for bases in table.sequences]
    return np.array([[entry.gc, entry.gc**2, entry.cpg] for entry in found]).reshape(-1, 3)


def legnet(comparison: Comparison, seed: int) -> Predicted:
    """LegNet (Penzar et al. 2023) with this package's recipe, on the training split alone: no further library."""
    recipe: TowerFitRecipe = TowerRecipe().legnet

    def untrained() -> AnyTower:
        return new_tower(LEGNET, comparison.cell_types, comparison.training.window, recipe.dropout, seed)

    return fitted_net(comparison, f"legnet.{seed}", untrained, recipe, seed)


def fitted_net(
    comparison: Comparison, name: str, untrained: Callable[[], AnyTower], recipe: TowerFitRecipe, seed: int
) -> Predicted:
    """A net fitted on the training rows, with intervals from val; kept as OUT/models/NAME.safetensors, an epoch at a
    time while it is fitted, so that what was interrupted goes on.

    Parameters
    ----------
    untrained : callable
        Makes the net; called where none is kept.
    seed : int
        Of order, augmentation and dropout.
    """
    path = comparison.folder / "models" / f"{name}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        rows, state, tower = np.arange(len(comparison.training)), path.with_suffix(".state"), untrained()
        fitted = fit_tower(tower, name, rows, comparison.training, comparison.val, recipe, state, seed)
        with whole_file(path) as part:
            save_tower(fitted.tower, part, {"window": str(tower.window)})
        state.unlink(missing_ok=True)
    tower_read = load_tower(path)
    return with_interval(
        _estimates(tower_read, comparison.judged), _estimates(tower_read, comparison.val), comparison.val.activity
    )


@dataclass(frozen=True)
class Ensemble:
    """Towers added with weights that are fitted on val, one set a cell type, none negative."""

    files: tuple[Path, ...]

    def __call__(self, comparison: Comparison, seed: int) -> Predicted:
        towers = [load_tower(path) for path in self.files]
        val, judged = (
            np.stack([_estimates(tower, table) for tower in towers]) for table in (comparison.val, comparison.judged)
        )
        added = [
            self._added(val[:, :, cell], comparison.val.activity[:, cell], judged[:, :, cell])
            for cell in range(len(comparison.cell_types))
        ]
        on_judged, on_val = (np.stack(column, axis=1) for column in zip(*added))
        return with_interval(on_judged, on_val, comparison.val.activity)

    def _added(
        self, val: NDArray[np.float64], measured: NDArray[np.float64], judged: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Weights fitted on val, (towers, M) to (M,); what they make of judged and val. NaN where M is too small."""
        seen = np.isfinite(measured)
        if seen.sum() < len(self.files) + 2:
            return np.full(judged.shape[1], np.nan), np.full(val.shape[1], np.nan)
        line = LinearRegression(positive=True).fit(val[:, seen].T, measured[seen])
        return line.predict(judged.T), line.predict(val.T) if val.shape[1] else val[0]


def _estimates(tower: Tower, table: MpraTable) -> NDArray[np.float64]:
    """What a tower says of the table's elements in its cell types: (N, cell types)."""
    unknown = [cell for cell in table.cell_types if cell not in tower.cell_types]
    if unknown:
        raise DataError(
            f"tower: knows {', '.join(tower.cell_types)}, not {', '.join(unknown)}; expected one trained on this data; "
            "leave it out"
        )
    columns = [tower.cell_types.index(cell) for cell in table.cell_types]
    if not len(table):
        return np.zeros((0, len(columns)))
    return Towers(tower, tower).estimate(table.sequences)[:, columns].astype(np.float64)
