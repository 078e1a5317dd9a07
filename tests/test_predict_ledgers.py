"""Traces as they are reported: each is the computation of its score, whoever wrote it and whatever stands beside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import get_args

import pytest
from checkpoint_helpers import dna

from cistrace import Predictor
from cistrace.cards.windows import placed
from cistrace.io.sequences import read_sequences
from cistrace.predict import GROUNDED
from cistrace.predictions.prediction import Prediction
from cistrace.traces.claims import supported_claims
from cistrace.traces.ledger import activity_of, added, amount, read_hundredths, summed
from cistrace.traces.positions import moved_text
from cistrace.traces.templates import ADDENDS, FEWEST_STEPS, MOST_STEPS, WHOLE
from cistrace.traces.text import parse_trace
from cistrace.traces.trace import Claim, WrittenBy
from cistrace.traces.verify import verify

pytestmark = pytest.mark.pipeline

CELLS = ("HepG2", "K562", "WTC11")
SEQUENCES = {
    **{f"random {seed}": dna(200, seed) for seed in range(3)},
    **{one.id: one.bases for one, _ in zip(read_sequences("examples/enhancers.fa"), range(4))},
    "20 bp": dna(20, 11),
    "20 letters": "NN" + dna(12, 12) + "N" + dna(8, 13),
    "60 bp": dna(60, 14),
    "with blanks": dna(90, 15) + "N" * 12 + dna(60, 16) + "RYK" + dna(35, 17),
    "one base": "A" * 200,
    "CG": "CG" * 60,
    "long": dna(450, 3),
    "longer": "N" * 150 + dna(700, 4),
}


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor(threads=2)


@pytest.fixture(scope="module")
def reported(predictor: Predictor) -> list[Prediction]:
    return predictor.predict(SEQUENCES, CELLS)


def steps_of(one: Prediction) -> tuple[Claim, ...]:
    assert one.trace is not None
    return one.trace.steps


def test_every_trace_is_verified(reported: list[Prediction]) -> None:
    assert [(one.id, one.cell_type) for one in reported] == [(name, cell) for name in SEQUENCES for cell in CELLS]
    for one in reported:
        assert one.trace_text is not None and one.card is not None and one.verification is not None
        assert one.verification.verified and one.verification == verify(one.trace_text, one.card, one.start)
        assert parse_trace(one.trace_text) == one.trace
        assert FEWEST_STEPS <= len(steps_of(one)) <= MOST_STEPS and steps_of(one)[-1].kind == WHOLE
        assert "prose" not in one.verification.kinds


def test_the_flag_says_who_wrote(reported: list[Prediction]) -> None:
    for one in reported:
        assert one.written_by in get_args(WrittenBy)
        assert (one.written_by == "grounded writer") == (GROUNDED in one.flags)


def test_the_activity_is_what_the_ledger_adds_up_to(reported: list[Prediction]) -> None:
    for one in reported:
        ledger = one.ledger
        assert ledger is not None and ledger.correction is None
        assert one.activity == ledger.total == activity_of(steps_of(one))
        terms = [site.amount for site in ledger.sites] + [joined.amount for joined in ledger.interplay]
        assert ledger.backdrop + sum(terms) + ledger.rest == pytest.approx(ledger.total, abs=1e-9)
        assert steps_of(one)[-1].get("total") == f"{one.activity:+.2f}"


def test_without_traces_the_score_is_the_same(predictor: Predictor, reported: list[Prediction]) -> None:
    for one, alone in zip(reported, predictor.predict(SEQUENCES, CELLS, trace=False), strict=True):
        assert (one.id, one.cell_type, one.start, one.end) == (alone.id, alone.cell_type, alone.start, alone.end)
        assert one.activity == pytest.approx(alone.activity, abs=0.00501)  # rounded to 0.01, and float32
        assert set(alone.flags) == set(one.flags) - {GROUNDED, "no_motif"}


def test_level_interval_and_percentile_are_of_the_activity(predictor: Predictor, reported: list[Prediction]) -> None:
    for one in reported:
        calibration = predictor.checkpoint.scales[one.cell_type].calibrations["towers"]
        assert one.card is not None and one.card.ledger is not None and one.trace is not None
        assert one.trace.level == one.card.ledger.level == one.level
        assert one.lower < one.activity < one.upper
        assert calibration.activity(one.activity) == one.activity


def test_an_amount_turned_moves_the_score_by_twice_it_and_a_step_left_out_by_once(reported: list[Prediction]) -> None:
    turned_any = 0
    for one in reported:
        steps = steps_of(one)
        for at, step in enumerate(steps):
            for name in ADDENDS.get(step.kind, ()):
                worth = read_hundredths(step.get(name) or "")
                said = amount(-worth) if (step.get(name) or "")[0].isalpha() else f"{-worth / 100:+.2f}"
                turned = Claim(step.kind, tuple((key, said if key == name else text) for key, text in step.values))
                moved = activity_of([*steps[:at], turned, *steps[at + 1 :]])
                assert moved - one.activity == pytest.approx(-2 * worth / 100, abs=1e-9)
                turned_any += worth != 0
            left = activity_of([*steps[:at], *steps[at + 1 :]])
            assert left - one.activity == pytest.approx(-added(step) / 100, abs=1e-9)
    assert turned_any > 3 * len(reported)


def test_running_totals_follow_from_the_amounts(reported: list[Prediction]) -> None:
    for one in reported:
        assert summed(steps_of(one)) == steps_of(one)


def test_no_site_is_told_twice_and_none_overlaps_another(reported: list[Prediction]) -> None:
    for one in reported:
        assert one.ledger is not None
        owned = [base for site in one.ledger.sites for base in range(site.start, site.end + 1)]
        assert len(owned) == len(set(owned))


def test_a_ledgers_sites_are_those_of_card_and_input(reported: list[Prediction]) -> None:
    for one in reported:
        assert one.ledger is not None and one.card is not None
        by_number = dict(enumerate(one.card.sites, 1))
        for site in one.ledger.sites:
            there = by_number[site.site]
            assert (site.tf, site.archetype, site.strand, site.amount) == (
                there.tf, there.archetype, there.strand, there.amount,
            )  # fmt: skip
            assert one.start < site.start <= site.end <= one.end <= len(SEQUENCES[one.id])
            assert SEQUENCES[one.id][site.start - 1 : site.end] == one.card.bases[there.start : there.end]
        for joined in one.ledger.interplay:
            assert one.card.ledger is not None and one.card.ledger.interplay is not None
            assert {number - 1 for number in joined.sites} == set(one.card.ledger.interplay.sites)
            assert joined.amount == one.card.ledger.interplay.amount


def test_the_backdrop_is_the_cards(reported: list[Prediction]) -> None:
    for one in reported:
        assert one.ledger is not None and one.card is not None and one.card.ledger is not None
        told = any(step.kind == "backdrop" for step in steps_of(one))
        stated = one.card.ledger.composition, one.card.ledger.composition + one.card.ledger.bases
        assert (one.ledger.composition, one.ledger.backdrop) == pytest.approx(stated if told else (0, 0), abs=1e-9)
        assert one.ledger.total == one.card.ledger.total


def test_a_window_is_told_as_by_itself_in_the_places_of_the_input(predictor: Predictor) -> None:
    for name in ("long", "longer"):
        (long,) = predictor.predict(SEQUENCES[name], "K562")
        assert long.start and long.flags[1] == f"window:{long.start + 1}-{long.end}" and long.end - long.start == 200
        (alone,) = predictor.predict(SEQUENCES[name][long.start : long.end], "K562")
        assert (alone.start, alone.end) == (0, 200) and alone.trace_text is not None
        assert (long.card_hash, long.activity, long.written_by) == (alone.card_hash, alone.activity, alone.written_by)
        assert long.trace_text == moved_text(alone.trace_text, long.start)
        assert long.trace_text is not None and long.card is not None and long.ledger is not None
        assert long.verification is not None and long.verification.verified
        assert alone.ledger is not None and long.ledger.sites
        assert long.ledger == replace(
            alone.ledger,
            sites=tuple(
                replace(site, start=site.start + long.start, end=site.end + long.start) for site in alone.ledger.sites
            ),
        )
        supported = supported_claims(placed(long.card, long.start))
        for step in steps_of(long):
            if step.kind == "site":
                (same,) = (claim for claim in supported if claim.get("start") == step.get("start"))
                assert {**dict(step.values), **dict(same.values)} == dict(step.values)
        assert not verify(long.trace_text, long.card).verified  # positions of the input are not the window's


def test_every_window_has_a_ledger_of_its_own(predictor: Predictor) -> None:
    found = predictor.predict(SEQUENCES["long"], "K562", windows="all")
    assert [one.start for one in found] == [0, 100, 200, 250]
    for one in found:
        assert one.verification is not None and one.verification.verified and one.ledger is not None
        assert one.ledger.total == one.activity
        assert all(one.start < site.start <= site.end <= one.end for site in one.ledger.sites)
    (best,) = predictor.predict(SEQUENCES["long"], "K562")
    assert best.activity == max(one.activity for one in found)


def without_ids(predictions: Iterable[Prediction]) -> list[Prediction]:
    return [replace(one, id="") for one in predictions]


def test_neither_neighbours_nor_order_nor_cell_types_change_a_prediction(
    predictor: Predictor, reported: list[Prediction]
) -> None:
    names = ["random 0", "20 letters", "with blanks", "long"]
    rows = {(one.id, one.cell_type): one for one in reported}
    together = without_ids(rows[name, cell] for name in names for cell in CELLS)
    assert without_ids(one for name in names for one in predictor.predict(SEQUENCES[name], CELLS)) == together
    turned = {name: SEQUENCES[name] for name in reversed(names)}
    again = {(one.id, one.cell_type): one for one in predictor.predict(turned, CELLS[::-1])}
    assert without_ids(again[name, cell] for name in names for cell in CELLS) == together
    assert without_ids(predictor.predict(SEQUENCES["random 0"], "K562")) == together[1:2]


def test_letters_that_are_no_base_have_no_site(reported: list[Prediction]) -> None:
    for one in reported:
        assert one.ledger is not None
        for site in one.ledger.sites:
            assert set(SEQUENCES[one.id][site.start - 1 : site.end]) <= set("ACGT")


@pytest.fixture(scope="module")
def expressing() -> Predictor:
    return Predictor(threads=2, expressed=["GATA1", "GATA2", "JUN", "FOS", "SP1"])


def test_only_what_a_cell_expresses_names_a_site(expressing: Predictor, reported: list[Prediction]) -> None:
    """And the score stays: what a ledger tells adds up to it, whichever sites it is told by."""
    named = set()
    for one, other in zip(expressing.predict(SEQUENCES, CELLS), reported, strict=True):
        assert one.card is not None and one.ledger is not None and one.verification is not None
        assert one.verification.verified
        assert one.activity == one.ledger.total == pytest.approx(other.activity, abs=0.0101)
        named |= {part for site in one.card.sites for part in (*site.tf.split("::"), *site.others)}
    assert {"GATA1", "SP1"} & named and {part for name in named for part in name.split("::")} <= {
        "GATA1", "GATA2", "JUN", "FOS", "SP1",
    }  # fmt: skip


def test_where_nothing_is_expressed_the_ledger_tells_no_site() -> None:
    (found,) = Predictor(expressed=["NOBODY"]).predict(SEQUENCES["random 0"], "K562")
    assert found.card is not None and found.card.sites == () and found.ledger is not None
    assert found.ledger.sites == () and found.activity == found.ledger.total
    assert found.verification is not None and found.verification.verified and len(steps_of(found)) >= FEWEST_STEPS
