"""How a model is calibrated: parts of val, the line, and what its intervals promise, measured over many draws."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from checkpoint_helpers import SCALE, dna
from hypothesis import given, settings
from hypothesis import strategies as st

from cistrace.checkpoints.calibration import (
    ValParts,
    calibrate,
    calibration_notes,
    fit_line,
    part_val,
    rows_to_score,
)
from cistrace.checkpoints.intervals import conformal_half_width, conformal_rank
from cistrace.checkpoints.schema import Bounds
from cistrace.io.regions import reverse_complement


def parts_of(count: int) -> ValParts:
    """All rows to both fit and calibrate on: what a test of one of them does not mind."""
    rows = np.arange(count)
    return ValParts(np.empty(0, dtype=np.int64), rows, rows)


def test_parts_are_disjoint_whole_and_of_their_shares() -> None:
    parts = part_val([dna(80, seed) for seed in range(400)])
    together = np.concatenate([parts.choose, parts.fit, parts.calibrate])
    assert sorted(together.tolist()) == list(range(400))
    assert (len(parts.choose), len(parts.fit), len(parts.calibrate)) == (120, 80, 200)


def test_related_sequences_stay_together() -> None:
    heads = [dna(60, seed) for seed in range(40)]
    # Overlapping by 40 bp, and once more on the other strand.
    relatives = [heads[at][20:] + dna(60, 100 + at) for at in range(40)]
    turned = [reverse_complement(bases) for bases in relatives]
    parts = part_val([*heads, *relatives, *turned])
    for rows in (parts.choose, parts.fit, parts.calibrate):
        assert len(rows) % 3 == 0
        assert {row % 40 for row in rows.tolist()} == {row for row in rows.tolist() if row < 40}


@given(st.permutations(range(30)), st.sets(st.integers(0, 29)))
@settings(max_examples=25, deadline=None)
def test_parts_depend_on_content_alone(order: list[int], turned: set[int]) -> None:
    sequences = [dna(50, seed) for seed in range(30)]
    there = [reverse_complement(sequences[row]) if row in turned else sequences[row].lower() for row in order]
    first, second = part_val(sequences), part_val(there)
    for name in ("choose", "fit", "calibrate"):
        rows = getattr(second, name)
        assert {order[row] for row in rows.tolist()} == set(getattr(first, name).tolist())


def test_one_family_of_sequences_is_one_part() -> None:
    core = dna(60, 0)
    parts = part_val([core + dna(20, seed) for seed in range(1, 9)])
    assert (len(parts.choose), len(parts.fit), len(parts.calibrate)) == (0, 0, 8)


def test_a_sample_of_rows_keeps_their_parts() -> None:
    parts = ValParts(np.arange(5), np.arange(5, 20), np.arange(20, 40))
    rows, among = rows_to_score(parts, 12)
    assert len(rows) == 12 and len(among.choose) == 0
    assert set(rows[among.fit].tolist()) <= set(range(5, 20))
    assert set(rows[among.calibrate].tolist()) <= set(range(20, 40))
    assert rows_to_score(parts, None)[0].tolist() == list(range(5, 40))
    assert rows_to_score(parts, 12)[0].tolist() == rows.tolist()


@pytest.mark.parametrize("count", [20, 100, 1_000])
def test_coverage_of_a_calibrated_model_over_many_draws(count: int) -> None:
    """The whole calibration on skewed noise that grows with the score: line, width, a further element."""
    draws, further, random = 1_500, 20, np.random.default_rng(count)
    covered, share = [], conformal_rank(count) / (count + 1)
    for _ in range(draws):
        scores = random.normal(size=30 + count + further)
        measured = 0.3 + 0.8 * scores + (0.4 + 0.2 * np.abs(scores)) * (random.exponential(size=len(scores)) - 1)
        parts = ValParts(np.empty(0, dtype=np.int64), np.arange(30), np.arange(30, 30 + count))
        made = calibrate(scores, measured, parts, SCALE)
        lower, upper = made.interval(made.intercept + made.slope * scores[-further:])
        covered.append(((lower <= measured[-further:]) & (measured[-further:] <= upper)).mean())
    error = np.std(covered, ddof=1) / math.sqrt(draws)
    assert abs(np.mean(covered) - share) < 4 * error
    assert error < 0.004


def test_the_line_is_that_of_least_squares() -> None:
    scores = np.arange(12.0)
    assert fit_line(scores, 3 - 0.5 * scores, (9, 9)) == pytest.approx((-0.5, 3))
    measured = np.random.default_rng(0).normal(size=12)
    np.testing.assert_allclose(fit_line(scores, measured, (9, 9)), np.polyfit(scores, measured, 1))


@pytest.mark.parametrize("scores", [[], [1.0], [1.0, 2.0], np.arange(9.0), np.ones(50)])
def test_what_no_line_can_be_fitted_to_keeps_the_other(scores: list[float]) -> None:
    given = np.array(scores, dtype=np.float64)
    assert fit_line(given, given * 7, (2.0, 1.0)) == (2.0, 1.0)


@pytest.mark.parametrize("count", [0, 1, 2, 8])
def test_few_measurements_of_a_cell_type_are_an_honest_unknown(count: int) -> None:
    measured = np.full(40, np.nan)
    measured[:count] = np.arange(count)
    made = calibrate(np.linspace(-1, 1, 40), measured, parts_of(40), SCALE)
    assert (made.slope, made.intercept) == (SCALE.spread, SCALE.location)
    assert made.bounds is None and (made.fitted, made.calibrated) == (count, count)
    assert [bound.tolist() for bound in made.interval(np.zeros(2))] == [[-math.inf] * 2, [math.inf] * 2]
    assert (made.shift, made.spread) == (0, 1)
    notes = calibration_notes({"Liver": replace(SCALE, calibrations={"card": made})})
    assert len(notes) == 2 and all("\n" not in note for note in notes)
    assert notes[0].startswith(f"Liver, from the card alone: {count} measured val rows to fit a line to, expected 10")
    assert notes[1].endswith("its 90 % interval is infinite")


def test_a_line_that_is_known_is_not_fitted() -> None:
    random = np.random.default_rng(0)
    scores = random.normal(size=60)
    measured = 0.5 * scores + random.normal(scale=0.01, size=60)
    made = calibrate(scores, measured, ValParts(np.arange(10), np.arange(10, 30), np.arange(30, 60)), SCALE, (1.0, 0.0))
    assert (made.slope, made.intercept, made.fitted, made.calibrated) == (1, 0, 20, 30)
    half = np.sort(np.abs(measured - scores)[30:])[27]
    assert made.bounds == Bounds((0.0,), (half,), (half,))
    assert calibration_notes({"Liver": replace(SCALE, calibrations={"towers": made})}) == ()


def test_fit_and_interval_never_see_each_others_rows() -> None:
    random = np.random.default_rng(0)
    scores, measured = random.normal(size=60), random.normal(size=60)
    parts = ValParts(np.arange(20), np.arange(20, 35), np.arange(35, 60))
    first = calibrate(scores, measured, parts, SCALE)
    line, width = measured.copy(), measured.copy()
    line[parts.calibrate] += 5
    width[parts.choose] += 5
    other = calibrate(scores, line, parts, SCALE)
    assert (other.slope, other.intercept) == (first.slope, first.intercept)
    assert other.bounds is not None and first.bounds is not None and other.bounds.above > first.bounds.above
    assert calibrate(scores, width, parts, SCALE) == first


def test_widths_follow_activity_where_rows_suffice() -> None:
    random = np.random.default_rng(0)
    scores = random.normal(size=900)
    measured = 0.5 * scores + (0.6 + 0.3 * np.clip(scores, -1, 2)) * random.normal(size=900)
    made = calibrate(scores, measured, ValParts(np.arange(100), np.arange(100, 400), np.arange(400, 900)), SCALE)
    assert made.bounds is not None and list(made.bounds.at) == sorted(made.bounds.at)
    assert made.bounds.above[-1] > 2 * made.bounds.above[0] and made.bounds.below[-1] > 2 * made.bounds.below[0]
    assert min(made.bounds.at) > scores.min() * made.slope + made.intercept  # activities, not scores
    fewer = calibrate(scores, measured, ValParts(np.arange(100), np.arange(100, 199), np.arange(400, 900)), SCALE)
    half = conformal_half_width(measured[400:] - fewer.intercept - fewer.slope * scores[400:])
    assert fewer.bounds == Bounds((0.0,), (half,), (half,))


def test_each_cell_type_counts_what_was_measured_of_it() -> None:
    measured = np.where(np.arange(60) % 2, np.nan, np.arange(60) / 30)
    made = calibrate(np.arange(60.0), measured, parts_of(60), SCALE)
    assert made.slope == pytest.approx(1 / 30)
    assert made.bounds is not None and made.bounds.above == pytest.approx((0,), abs=1e-9)
    assert (made.fitted, made.calibrated) == (30, 30)
    assert calibration_notes({"Liver": replace(SCALE, calibrations={"card": made})}) == ()
