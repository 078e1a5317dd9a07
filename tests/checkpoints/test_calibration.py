"""How an interval is made: parts of val, the exact conformal rule, and what it promises, measured over many draws."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from checkpoint_helpers import SCALE, dna
from hypothesis import given, settings
from hypothesis import strategies as st

from cistrace.checkpoints.calibration import (
    ValParts,
    calibrate,
    calibration_notes,
    conformal_half_width,
    conformal_rank,
    fewest_for_an_interval,
    fit_line,
    part_val,
    rows_to_score,
)
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


@pytest.mark.parametrize(
    ("count", "rank"), [(0, 1), (8, 9), (9, 9), (10, 10), (18, 18), (19, 18), (20, 19), (99, 90), (100, 91), (999, 900)]
)
def test_the_rank_is_exact(count: int, rank: int) -> None:
    assert conformal_rank(count) == rank


@given(st.integers(0, 3000), st.integers(1, 99))
def test_no_smaller_rank_grants_the_coverage(count: int, percent: int) -> None:
    miss = Fraction(percent, 100)
    rank = conformal_rank(count, miss)
    assert Fraction(rank, count + 1) >= 1 - miss > Fraction(rank - 1, count + 1)


def test_the_half_width_is_that_residual() -> None:
    residuals = np.array([(-1) ** place * place for place in range(1, 21)], dtype=np.float64)
    assert conformal_half_width(np.random.default_rng(0).permutation(residuals)) == 19
    assert conformal_half_width(residuals[:9]) == 9


@pytest.mark.parametrize("count", range(9))
def test_too_few_residuals_grant_no_width(count: int) -> None:
    assert conformal_half_width(np.ones(count)) == math.inf


def test_the_fewest_residuals_that_grant_one() -> None:
    assert fewest_for_an_interval() == 9
    for miss in (Fraction(1, 20), Fraction(1, 3), Fraction(2, 7)):
        fewest = fewest_for_an_interval(miss)
        assert math.isfinite(conformal_half_width(np.ones(fewest), miss))
        assert math.isinf(conformal_half_width(np.ones(fewest - 1), miss))


@pytest.mark.parametrize("count", [9, 20, 100, 1_000])
def test_coverage_over_many_draws_is_what_the_rank_promises(count: int) -> None:
    """Over draws of residuals and of one further element it is rank / (n + 1) exactly: neither less nor more.

    Given the residuals, a further element of a uniform distribution is covered with the probability of the width
    itself, so each draw tells its coverage without a second draw. That is Beta(rank, n + 1 - rank) distributed, and the
    mean of 4,000 draws lies within four of its standard errors.
    """
    draws, random = 4_000, np.random.default_rng(count)
    widths = np.array([conformal_half_width(random.uniform(0, 1, count)) for _ in range(draws)])
    share = conformal_rank(count) / (count + 1)
    error = math.sqrt(share * (1 - share) / (count + 2) / draws)
    assert abs(widths.mean() - share) < 4 * error
    # One rank more or less, as by a slip of the rule, is further away than that.
    assert 1 / (count + 1) > 5 * error


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
        apart = np.abs(measured[-further:] - made.intercept - made.slope * scores[-further:])
        covered.append((apart <= made.half_width).mean())
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
    assert made.half_width == math.inf and (made.fitted, made.calibrated) == (count, count)
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
    assert (made.slope, made.intercept, made.fitted, made.calibrated) == (1, 0, 0, 30)
    assert made.half_width == np.sort(np.abs(measured - scores)[30:])[27]
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
    assert (other.slope, other.intercept) == (first.slope, first.intercept) and other.half_width > first.half_width
    assert calibrate(scores, width, parts, SCALE) == first


def test_each_cell_type_counts_what_was_measured_of_it() -> None:
    measured = np.where(np.arange(60) % 2, np.nan, np.arange(60) / 30)
    made = calibrate(np.arange(60.0), measured, parts_of(60), SCALE)
    assert made.slope == pytest.approx(1 / 30) and made.half_width == pytest.approx(0, abs=1e-9)
    assert (made.fitted, made.calibrated) == (30, 30)
    assert calibration_notes({"Liver": replace(SCALE, calibrations={"card": made})}) == ()
