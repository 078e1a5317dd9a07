"""Arms made one after another: kept, resumed, reported."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from evaluation_helpers import a_comparison, off_by, rising

from cistrace.arms.catalogue import chosen_arms, known_arms
from cistrace.arms.composition import composition_ridge
from cistrace.arms.evaluate import evaluate_arms
from cistrace.arms.nets import Net
from cistrace.arms.plan import Plan, drawn_comparison
from cistrace.arms.reckon import plan_text, reckon
from cistrace.errors import DataError, OutputError
from cistrace.evaluation.comparison import Comparison
from cistrace.evaluation.contenders import Contender
from cistrace.evaluation.predicted import Predicted
from cistrace.towers.course import Course
from cistrace.towers.residual import ResidualConfig, ResidualTower

PLAN = Plan(rows=40, passes=2, batch=16)
DRAWS = 40


class Counted:
    """An arm that is off by `error`, and says how often it was asked and on what it would have been fitted."""

    def __init__(self, error: float) -> None:
        self.error, self.asked, self.fitted_on = error, 0, 0

    def __call__(self, comparison: Comparison, seed: int) -> Predicted:
        self.asked += 1
        self.fitted_on = len(comparison.training)
        return off_by(comparison.judged.activity, self.error, 1.0).seeds[0]


def test_kept_arms_are_not_made_again_and_all_learn_from_as_many(tmp_path: Path) -> None:
    comparison = drawn_comparison(a_comparison(tmp_path, rising(120)), PLAN)
    near, far = Counted(0.1), Counted(2.0)
    arms = [Contender("far", "far off", far, seeded=True), Contender("near", "near", near)]
    report = evaluate_arms(comparison, PLAN, arms[:1], 2, [], "cistrace evaluate --arms -o OUT", DRAWS)
    assert (far.asked, near.asked) == (2, 0)
    text = evaluate_arms(comparison, PLAN, arms, 2, [], "cistrace evaluate --arms -o OUT", DRAWS).read_text()
    assert (far.asked, near.asked) == (2, 1) and far.fitted_on == near.fitted_on == PLAN.rows
    assert report.read_text() == text and "the same 40 elements" in text and "undefined" not in text
    with pytest.raises(OutputError, match="another plan"):
        evaluate_arms(comparison, Plan(rows=41), arms, 1, [], "", DRAWS)


def test_the_tables_hold_every_figure_and_every_pair(tmp_path: Path) -> None:
    comparison = drawn_comparison(a_comparison(tmp_path, rising(120)), PLAN)
    arms = [Contender(name, name, Counted(error)) for name, error in (("a", 2.0), ("b", 0.5), ("c", 0.5))]
    evaluate_arms(comparison, PLAN, arms, 1, [], "", DRAWS)
    with (tmp_path / "arms.tsv").open() as handle:
        rows = list(csv.DictReader(handle, delimiter="\t"))
    assert [(row["arm"], row["cell type"], row["category"], row["n"]) for row in rows[:3]] == [
        ("a", "K562", "all", "120"), ("a", "K562", "none", "30"), ("a", "K562", "a_peak", "90"),
    ]  # fmt: skip
    (b,) = [row for row in rows if (row["arm"], row["cell type"], row["category"]) == ("b", "Liver", "all")]
    assert float(b["RMSE"]) == pytest.approx(0.5) and float(b["RMSE lower"]) == pytest.approx(0.5)
    assert float(b["covered"]) == 1.0 and float(b["R2"]) == pytest.approx(1 - 0.25 / np.var(rising(120)[:, 1]))
    with (tmp_path / "differences.tsv").open() as handle:
        gaps = {(row["arm"], row["other"], row["cell type"]): row for row in csv.DictReader(handle, delimiter="\t")}
    assert len(gaps) == 3 * 3
    assert {float(gaps["c", "b", "mean"][name]) for name in ("difference", "lower", "upper")} == {0.0}
    assert float(gaps["b", "a", "K562"]["lower"]) > 0


def tiny(net: Net, cell_types: tuple[str, ...], window: int, seed: int) -> ResidualTower:
    torch.manual_seed(seed)
    return ResidualTower(ResidualConfig(cell_types, window=window, channels=8, stages=2))


def test_a_net_that_was_interrupted_goes_on_to_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Net, "untrained", tiny)
    whole, broken = (drawn_comparison(a_comparison(tmp_path / name, rising()), PLAN) for name in ("whole", "broken"))
    expected, state = Net("light", PLAN)(whole, 0), broken.folder / "models" / "light.0.state"
    keep = Course.keep

    def keep_and_stop(course: Course, epoch: int) -> None:
        keep(course, epoch)
        raise KeyboardInterrupt

    with monkeypatch.context() as stopped:
        stopped.setattr(Course, "keep", keep_and_stop)
        with pytest.raises(KeyboardInterrupt):
            Net("light", PLAN)(broken, 0)
    assert state.exists()
    np.testing.assert_array_equal(Net("light", PLAN)(broken, 0).activity, expected.activity)
    assert not state.exists()


def test_ridge_on_composition_reads_nothing_but_composition(tmp_path: Path) -> None:
    comparison = drawn_comparison(a_comparison(tmp_path, rising()), PLAN)
    found = composition_ridge(comparison, 0)
    assert found.activity.shape == (40, 2) and np.isfinite(found.activity).all()
    turned = comparison.judged.sequences[0][::-1].translate(str.maketrans("ACGT", "TGCA"))
    table = replace(comparison.judged, sequences=(turned, *comparison.judged.sequences[1:]))
    other = composition_ridge(replace(comparison, judged=table), 0)
    np.testing.assert_allclose(other.activity, found.activity)


def test_a_plan_is_told_before_and_kept_arms_count_nothing(tmp_path: Path) -> None:
    comparison = drawn_comparison(a_comparison(tmp_path, rising()), PLAN)
    arm = Contender("gc", "GC and CpG", composition_ridge)
    (before,) = reckon(comparison, PLAN, [arm], 1)
    evaluate_arms(comparison, PLAN, [arm], 1, [], "", DRAWS)
    (after,) = reckon(comparison, PLAN, [arm], 1)
    assert (before.kept, after.kept, before.rows, before.steps) == (False, True, 40, 0)
    assert plan_text(PLAN, [after]).splitlines()[-1].split() == ["to", "do", "0.0"]
    assert "40 training elements, 2 passes at 16 an update: 4 updates a stage" in plan_text(PLAN, [before])


def test_unknown_arms_are_named() -> None:
    known = known_arms(PLAN, None)
    assert [arm.name for arm in chosen_arms(known, ["dream", "gc"])] == ["gc", "dream"]
    with pytest.raises(DataError, match="found nonsense, expected names of arms among gc, motifs"):
        chosen_arms(known, ["gc", "nonsense"])
