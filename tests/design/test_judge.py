"""The judge that ships: what it is, and when it is asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tower_helpers import random_dilated

from cistrace.checkpoints.load import load_checkpoint
from cistrace.design.judge import judge_for, load_judge
from cistrace.errors import ModelError
from cistrace.io.sequences import read_sequences
from cistrace.towers.judge import save_judge

EXAMPLES = Path(__file__).parents[2] / "examples" / "enhancers.fa"


def test_the_shipped_judge_is_another_kind_that_saw_other_chromosomes() -> None:
    judge = load_judge()
    assert judge.cell_types == ("HepG2", "K562", "WTC11") and judge.window == 200
    assert judge.notes["kind"] == "dilated"
    assert not {"chr5", "chr14", "chr19", "chr21", "chrX"} & set(judge.chromosomes)  # test and val
    assert len(judge.natural) == 7_347


def test_it_agrees_with_the_estimator_on_natural_elements_and_is_not_the_same() -> None:
    bases = [one.bases for one in read_sequences(EXAMPLES)]
    towers = load_checkpoint().towers
    assert towers is not None
    for cell in range(3):
        r = np.corrcoef(load_judge().scores(bases)[:, cell], towers.estimate(bases)[:, cell])[0, 1]
        assert 0.5 < r < 0.999


def test_a_named_judge_must_know_the_cell_types_and_the_shipped_one_steps_aside(tmp_path: Path) -> None:
    assert judge_for(None, ["HepG2", "K562"], 200) is not None
    assert judge_for(None, ["Liver"], 200) is None
    assert judge_for(None, ["HepG2"], 230) is None
    file = tmp_path / "judge.safetensors"
    save_judge(random_dilated(), file, ["ACGT" * 15], {})
    assert judge_for(file, ["A"], 60) is not None
    with pytest.raises(ModelError, match="knows A, B, expected HepG2 too"):
        judge_for(file, ["A", "HepG2"], 60)
    with pytest.raises(ModelError, match="reads at most 60 bp, expected 61"):
        judge_for(file, ["A"], 61)
