from __future__ import annotations

import os

import numpy as np
import pytest

from cistrace.checkpoints.load import load_checkpoint
from cistrace.evaluation.orientation import orientation
from cistrace.mpra.metrics import pearson
from cistrace.mpra.table import read_joint


@pytest.mark.skipif("CISTRACE_DATA" not in os.environ, reason="CISTRACE_DATA is not set: no measured data")
def test_the_estimate_is_the_first_towers_mean_of_both_strands() -> None:
    lines = orientation(None, "val", None, rows=40).splitlines()
    assert [line.split(" | ")[1] for line in lines[2:]] == ["given", "other", "mean of both"] * 2
    table = read_joint().split("val").sample(40)
    estimate = load_checkpoint().towers.estimate(table.sequences)
    seen = np.isfinite(table.activity[:, 0])
    assert lines[4].split(" | ")[2] == f"{pearson(estimate[seen, 0], table.activity[seen, 0]):.4f}"
