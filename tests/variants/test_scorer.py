"""Scores of variants: by brute force, in any order and company, and whatever the way they are written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from variant_helpers import GENOME, WINDOW, other, small_scorer, substitution

from cistrace.errors import CellTypeError, InputError, ModelError, RecordError
from cistrace.variants.effect import VariantEffect
from cistrace.variants.scorer import VariantScorer, direction


@pytest.fixture(scope="module")
def scorer(tmp_path_factory: pytest.TempPathFactory) -> VariantScorer:
    with pytest.MonkeyPatch.context() as patch:
        return small_scorer(tmp_path_factory.mktemp("model"), patch)


def estimate(scorer: VariantScorer, bases: str) -> np.ndarray:
    assert scorer.checkpoint.towers is not None
    return scorer.checkpoint.towers.estimate([bases])[0]


def numbers(effects: list[VariantEffect]) -> list[tuple[object, ...]]:
    return [(one.cell_type, one.ref_activity, one.alt_activity, one.difference, one.lower) for one in effects]


def test_by_brute_force(scorer: VariantScorer) -> None:
    for at in (1, 30, 200, 371, 600):
        first, second = scorer.score(substitution(at), trace=False)
        start = min(max(at - 1 - 29, 0), 600 - WINDOW)
        ref = GENOME[start : start + WINDOW]
        alt = (GENOME[: at - 1] + other(GENOME[at - 1]) + GENOME[at:])[start : start + WINDOW]
        before, after = estimate(scorer, ref), estimate(scorer, alt)
        for effect, column in ((first, 0), (second, 1)):
            assert effect.ref_activity == before[column] and effect.alt_activity == after[column]
            assert effect.difference == effect.alt_activity - effect.ref_activity != 0
        assert (first.start, first.end) == (start, start + WINDOW)
        assert ("off_centre" in first.flags) == (at in (1, 600))


def test_interval_and_percentile(scorer: VariantScorer) -> None:
    with_scale, without = scorer.score(substitution(200), trace=False)
    towers = scorer.checkpoint.towers
    assert towers is not None and scorer.scale is not None
    ref, alt = GENOME[170:230], GENOME[170:199] + other(GENOME[199]) + GENOME[200:230]
    strands = (towers.strands([alt]) - towers.strands([ref]))[:, 0, 0]
    half = scorer.scale.cell_types["A"].half_width(strands)
    assert with_scale.upper - with_scale.difference == pytest.approx(half)
    assert with_scale.difference - with_scale.lower == pytest.approx(half)
    assert with_scale.percentile == pytest.approx(100 * abs(with_scale.difference))
    assert without.percentile is None and {"no_interval", "no_background"} <= set(without.flags)
    assert "(no interval)" in repr(without) and repr(with_scale).startswith("<VariantEffect chr1:200:")
    assert direction(without) == "unclear"


def test_alleles_changed_over_turn_the_sign(scorer: VariantScorer, tmp_path: Path) -> None:
    table = tmp_path / "pairs.csv"
    changed = GENOME[:20] + "GG" + GENOME[25:60]
    table.write_text(f"id,ref,alt\none,{GENOME[:60]},{changed}\nback,{changed},{GENOME[:60]}\n")
    one, two, three, four = scorer.score(table, trace=False)
    assert (one.difference, two.difference) == (-three.difference, -four.difference)
    assert one.ref_activity == three.alt_activity and one.percentile == three.percentile
    assert one.variant.contig == "one" and "padded" in one.flags


def test_the_mean_over_windows(scorer: VariantScorer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    several = small_scorer(tmp_path, monkeypatch, windows=3)
    (one, _) = several.score(substitution(300), trace=False)
    base = other(GENOME[299])
    found = []
    for shift in (0, -18, 18):
        start = 299 - 29 - shift
        at = 299 - start
        ref = GENOME[start : start + WINDOW]
        found.append([estimate(scorer, ref)[0], estimate(scorer, ref[:at] + base + ref[at + 1 :])[0]])
    assert [one.ref_activity, one.alt_activity] == pytest.approx(np.mean(found, axis=0).tolist(), abs=1e-6)
    (traced, _) = several.score(substitution(300))
    assert traced.difference == one.difference and traced.contrast is not None and traced.contrast.verified
    assert abs(traced.contrast.ledger.difference - one.difference) <= 0.0051
    assert "the mean over 3 windows" in traced.contrast.text


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(places=st.lists(st.integers(1, 600), min_size=1, max_size=9), data=st.data())
def test_order_and_company_change_nothing(scorer: VariantScorer, places: list[int], data: st.DataObject) -> None:
    alone = {at: numbers(scorer.score(substitution(at), trace=False)) for at in set(places)}
    order = data.draw(st.permutations(places))
    together = numbers(scorer.score([substitution(at) for at in order], trace=False))
    assert together == [row for at in order for row in alone[at]]


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=st.integers(40, 500), width=st.integers(1, 6), alt=st.text(alphabet="ACGT", min_size=1, max_size=6),
       left=st.integers(0, 5), right=st.integers(0, 5))  # fmt: skip
def test_the_way_it_is_written_changes_nothing(
    scorer: VariantScorer, start: int, width: int, alt: str, left: int, right: int
) -> None:
    ref = GENOME[start : start + width]
    if ref == alt:
        return
    head, tail = GENOME[start - left : start], GENOME[start + width : start + width + right]
    first = scorer.score(f"chr1:{start + 1}:{ref}:{alt}", "A", trace=False)
    again = scorer.score(f"chr1:{start - left + 1}:{head}{ref}{tail}:{head}{alt}{tail}", "A", trace=False)
    assert numbers(first) == numbers(again)


def test_traces_add_up_and_hold(scorer: VariantScorer) -> None:
    lines = [substitution(at) for at in range(100, 400, 25)]
    lines += [f"chr1:{at}:{GENOME[at - 1 : at + 4]}:{GENOME[at - 1]}" for at in (150, 250)]
    lines += [f"chr1:{at}:{GENOME[at - 1]}:{GENOME[at - 1]}TGACTCA" for at in (150, 250)]
    effects = scorer.score(lines)
    assert len(effects) == 2 * len(lines) and numbers(effects) == numbers(scorer.score(lines, trace=False))
    for one in effects:
        assert one.contrast is not None and one.contrast.verified, one.contrast
        assert abs(one.contrast.ledger.difference - one.difference) <= 0.0051
        ledger = one.contrast.ref_card.ledger
        assert ledger is not None and abs(ledger.total - one.ref_activity) <= 0.0051
    assert "gained" in {site.fate for one in effects if one.contrast for site in one.contrast.fates}


def test_what_is_refused(scorer: VariantScorer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RecordError, match="the genome has"):
        scorer.score(f"chr1:200:{other(GENOME[199])}:TTT")
    with pytest.raises(CellTypeError):
        scorer.score(substitution(200), "HeLa")
    with pytest.raises(InputError, match="windows: found 0"):
        small_scorer(tmp_path, monkeypatch, windows=0)
    with pytest.raises(InputError, match="threads: found 0"):
        VariantScorer(threads=0)
    (tmp_path / "other.json").write_text((tmp_path / "scale.json").read_text().replace('"tower": "', '"tower": "x'))
    with pytest.raises(ModelError, match="is the scale of sequence model x"):
        VariantScorer(scale=tmp_path / "other.json")
    assert VariantScorer().scale is None  # the shipped one is of another model
    with pytest.raises(InputError, match="expected a genome FASTA"):
        VariantScorer().score(substitution(200))
