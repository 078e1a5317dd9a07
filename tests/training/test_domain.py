from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from checkpoint_helpers import BOUNDS, CALIBRATION, SCALE
from table_helpers import bases
from tower_helpers import random_legnet, random_residual

from cistrace.mpra.table import MpraTable
from cistrace.towers.domain_fit import FEWEST_LEARNT, FEWEST_UNSEEN, FLAGGED
from cistrace.towers.evidence import Towers
from cistrace.training.domain import checkpoint_domain, shares_of_sides

TOWERS = replace(CALIBRATION, slope=1.0, intercept=0.0)
SCALES = {name: replace(SCALE, calibrations={"towers": TOWERS}) for name in ("A", "B")}


def table(activity: np.ndarray) -> MpraTable:
    sequences = tuple(bases(1000 + row) for row in range(len(activity)))
    same = ("x",) * len(activity)
    return MpraTable(sequences, sequences, same, same, same, activity, ("A", "B"))


def test_errors_are_shares_of_the_side_that_they_lie_on() -> None:
    predicted = np.array([[-1.0, 0.5], [0.5, 0.5], [-1.0, -1.0]], dtype=np.float32)
    measured = np.array([[-1.3, 2.0], [0.5, np.nan], [-0.3, -1.0]])
    found = shares_of_sides(predicted, table(measured), SCALES)
    np.testing.assert_allclose(found, [[0.5, 1.0], [0.0, np.nan], [1.0, 0.0]], atol=1e-6)  # of 0.6 | 0.7, 1.0 | 1.5
    assert BOUNDS.at == (-1.0, 0.5)
    without = {**SCALES, "B": replace(SCALE, calibrations={"towers": replace(TOWERS, bounds=None)})}
    assert np.isnan(shares_of_sides(predicted, table(measured), without)[:, 1]).all()


def test_a_checkpoint_s_domain_flags_a_twentieth_of_val_and_widens_by_its_errors() -> None:
    towers, learnt = Towers(random_legnet(), random_residual()), [bases(row) for row in range(FEWEST_LEARNT)]
    val = table(np.zeros((FEWEST_UNSEEN, 2)))
    exact = replace(val, activity=towers.estimate(val.sequences).astype(np.float64))
    found, wrong = (
        checkpoint_domain(towers, SCALES, learnt, one) for one in (exact, replace(val, activity=exact.activity + 20))
    )
    assert found is not None and wrong is not None
    out = found.distances(towers.reading(val.sequences).features) > found.threshold
    assert out.mean() == pytest.approx(FLAGGED, abs=0.01)
    assert found.widening == 1.0 and wrong.widening > 5
    assert checkpoint_domain(towers, SCALES, learnt[1:], val) is None
