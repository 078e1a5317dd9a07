from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from card_helpers import CUTS
from numpy.typing import NDArray

from cistrace.cards.backdrop import CompositionLine
from cistrace.cards.card import TfEffect
from cistrace.cards.evidence import SequenceEvidence
from cistrace.cards.found import found_motifs
from cistrace.cards.json import read_card
from cistrace.cards.known_effects import KnownEffects
from cistrace.motifs.hit import MotifHit
from cistrace.mpra.table import MpraTable
from cistrace.towers.evidence import Towers
from cistrace.traces.grounded import write
from cistrace.traces.text import parse_trace
from cistrace.traces.verify import verify
from cistrace.training.cards import Maker, Said, Scale, Speakers
from cistrace.training.examples import Example
from cistrace.writers.layout import DOMAIN
from cistrace.writers.prompts import domain_prompt

HIT = MotifHit("MA0028.3", "ELK1", frozenset({"Ets-related"}), 10, 20, "+", 14.0, 1e-6)
TABLE = MpraTable(
    ("a", "b"), ("ACGTTGCATC" * 10, "TTGACCTTGA" * 10), ("chr1", "chr2"), ("", ""), ("train", "val"),
    np.array([[0.9, -2.0], [np.nan, 0.1]]), ("HepG2", "K562"),
)  # fmt: skip
SCALE = Scale(np.array([0.0, 1.0]), np.array([2.0, 0.5]))


def known(effect: float) -> KnownEffects:
    effects: Mapping[str, TfEffect] = {"ELK1": TfEffect(effect, 0.01)}
    return KnownEffects({"HepG2": effects, "K562": effects})


def said(row: int, fold: int, amounts: tuple[float, float]) -> Said:
    backdrop = np.array([0.1, 0.2], np.float32)
    worth = np.array([amounts], np.float32)
    evidence = SequenceEvidence(backdrop + worth[0], backdrop, (0,), worth, None, np.zeros(2, np.float32))
    return Said(row, fold, (found_motifs([HIT]),) * 2, evidence)


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    cuts: NDArray[np.float64] = np.array([CUTS, CUTS])
    lines = (CompositionLine(0.05, 0.0, 0.0), CompositionLine(0.0, 0.0, 0.0))
    maker = Maker(DOMAIN, (known(0.3), known(-0.3)), SCALE, cuts, lines)
    return list(maker.examples(TABLE, [said(1, -1, (0.5, -0.25)), said(0, 0, (-0.3, 0.4))], np.array([40, 41])))


def test_every_measured_cell_type_has_an_example(examples: list[Example]) -> None:
    assert [(one.row, one.id, one.cell_type) for one in examples] == [
        (41, "b", "K562"), (40, "a", "HepG2"), (40, "a", "K562")
    ]  # fmt: skip
    assert [one.activity for one in examples] == [0.1, 0.9, -2.0]
    assert [one.target for one in examples] == pytest.approx([(0.1 - 1) / 0.5, 0.9 / 2, (-2.0 - 1) / 0.5])
    assert [one.level for one in examples] == [2, 3, 0]  # the measured activity's


def test_its_trace_is_true_and_concludes_what_the_towers_say(examples: list[Example]) -> None:
    """Written blind; towards the observed level only in the other one."""
    (val, *_) = examples
    card = read_card(json.loads(val.card))
    assert card.ledger is not None
    assert (card.ledger.total, card.ledger.level) == (-0.05, 1)
    assert verify(val.trace, card).verified and parse_trace(val.trace) == write(card)
    assert (parse_trace(val.trace).level, parse_trace(val.oracle).level) == (1, val.level)
    assert verify(val.oracle, card).verified
    assert (val.shared, val.own) == (domain_prompt(card).shared, domain_prompt(card).own)
    assert [bool(one.card) for one in examples] == [True, False, False]  # cards of val alone are kept


def test_known_effects_are_of_the_fold_and_lines_of_the_cell_type(examples: list[Example]) -> None:
    val, hepg2, k562 = (one.trace for one in examples)
    assert "known effect lowering" in val  # of all rows: the last
    assert "known effect raising" in hepg2 and "known effect raising" in k562
    assert "alone give +0.05, the bases between sites +0.05" in hepg2
    assert "alone give +0.00, the bases between sites +0.20" in k562


def test_towers_inputs_are_standardised_by_cell_type_and_on_the_average(examples: list[Example]) -> None:
    own, average = -0.2 / 2, (-0.2 / 2 + (0.6 - 1) / 0.5) / 2
    assert examples[1].features == pytest.approx((own, average))


def test_each_fold_has_its_speakers_or_all_have_one() -> None:
    one, other = (object.__new__(Towers) for _ in range(2))
    own = np.array([1, 0, 1])
    assert [Speakers((one, other), own).of(fold) is one for fold in (0, 1)] == [True, False]
    assert all(Speakers((one,), np.full(3, -1)).of(fold) is one for fold in (-1, 0))


def test_the_scale_is_the_training_splits_where_it_was_measured() -> None:
    scale = Scale.of(replace(TABLE, activity=np.array([[1.0, 5.0], [3.0, np.nan]])))
    assert scale.location.tolist() == [2.0, 5.0] and scale.spread.tolist() == [1.0, 0.0]
    assert SCALE.standardised(np.array([2.0, 2.0])).tolist() == [1.0, 2.0]
