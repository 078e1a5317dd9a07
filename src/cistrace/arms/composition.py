"""Ridge regression on composition: what GC and CpG alone foretell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from cistrace.evaluation.comparison import Comparison
from cistrace.evaluation.predicted import Predicted
from cistrace.evaluation.specialists import composed, each_cell
from cistrace.mpra import metrics

PENALTIES = (0.01, 0.1, 1.0, 10.0, 100.0, 1_000.0)


def composition_ridge(comparison: Comparison, seed: int) -> Predicted:
    """GC, its square and CpG observed/expected, standardised; the penalty of least RMSE on val."""

    def fit(
        x: NDArray[np.float64], y: NDArray[np.float64], val_x: NDArray[np.float64], val_y: NDArray[np.float64]
    ) -> Pipeline:
        fits = [make_pipeline(StandardScaler(), Ridge(penalty)).fit(x, y) for penalty in PENALTIES]
        return min(fits, key=lambda one: metrics.rmse(one.predict(val_x), val_y))

    return each_cell(comparison, lambda which: composed(comparison.table(which)), fit)
