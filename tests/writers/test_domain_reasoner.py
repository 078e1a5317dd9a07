"""The shipped reasoner: what the grammar may do and what only the weights can."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from cistrace.cards.card import Card
from cistrace.cards.windows import SequenceWindow, Window
from cistrace.checkpoints.load import load_checkpoint
from cistrace.evaluation.trace_rates import trace_rates
from cistrace.io.dna_sequence import DnaSequence
from cistrace.io.sequences import read_sequences
from cistrace.predict import Predictor
from cistrace.predictions.prediction import Prediction
from cistrace.traces.text import parse_trace
from cistrace.traces.trace import PROSE
from cistrace.traces.verify import verify
from cistrace.writers.domain_reasoner import DomainReasoner
from cistrace.writers.prompts import domain_prompt
from cistrace.writers.reasoner import Reasoner

pytestmark = pytest.mark.pipeline

EXAMPLES = Path(__file__).parents[2] / "examples" / "enhancers.fa"


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor(threads=2)


@pytest.fixture(scope="module")
def sequences() -> list[DnaSequence]:
    return list(read_sequences(EXAMPLES))


@pytest.fixture(scope="module")
def cards(predictor: Predictor, sequences: list[DnaSequence]) -> list[list[Card]]:
    made = [entry.card for entry in predictor.maker.cards(sequences, predictor.cell_types)]
    return [made[at : at + 3] for at in range(0, len(made), 3)]


def written(reasoner: Reasoner, cards: list[list[Card]]) -> list[tuple[str, Card]]:
    assert isinstance(reasoner, DomainReasoner)
    prompts = [[domain_prompt(card) for card in row] for row in cards]
    texts = reasoner.reason(prompts, torch.zeros((len(cards), len(cards[0]), 2))).texts
    return [
        (text, card) for row, group in zip(texts, cards, strict=True) for text, card in zip(row, group, strict=True)
    ]


@pytest.fixture(scope="module")
def texts(predictor: Predictor, cards: list[list[Card]]) -> list[tuple[str, Card]]:
    return written(predictor.checkpoint.reasoner, cards)


def test_every_trace_parses(texts: list[tuple[str, Card]]) -> None:
    rates = trace_rates(texts)
    assert rates.parsed == 1.0
    assert rates.unrepeated == 1.0


def test_claims_verify(texts: list[tuple[str, Card]]) -> None:
    assert trace_rates(texts).claims_verified >= 0.98  # of some 300; docs/results.md has the figure over all of test


@pytest.fixture(scope="module")
def short_cards(predictor: Predictor) -> list[list[Card]]:
    """Cards of 60 bp, fewer than four sites on each: a writer that copies by distance fails on them."""
    random = np.random.default_rng(4)
    records = [DnaSequence(f"s{n}", "".join(random.choice(list("ACGT"), 60)), "test") for n in range(24)]
    return [[made.card] for made in predictor.maker.cards(records, ("K562",)) if len(made.card.sites) < 4]


@pytest.fixture(scope="module")
def short_texts(predictor: Predictor, short_cards: list[list[Card]]) -> list[tuple[str, Card]]:
    return written(predictor.checkpoint.reasoner, short_cards)


def test_sites_of_short_cards_verify(short_texts: list[tuple[str, Card]]) -> None:
    found = []
    for text, card in short_texts:
        findings = verify(text, card).findings
        sites = [number for number, step in enumerate(parse_trace(text).steps, 1) if step.kind == "site"]
        found += [all(one.supported for one in findings if one.step == number) for number in sites]
    assert len(found) > 20
    assert sum(found) / len(found) >= 0.95


def test_no_draft_changes_a_text_or_a_score(predictor: Predictor, cards: list[list[Card]]) -> None:
    """Right ones, half wrong ones, those of other sequences, and none."""
    prompts, features = [[domain_prompt(card) for card in row] for row in cards], torch.zeros((len(cards), 3, 2))
    reasoner = predictor.checkpoint.reasoner
    plain = reasoner.reason(prompts, features)
    grounded = [[predictor._draft(card) for card in row] for row in cards]
    halves = [[text.replace("adds +", "costs -").replace("1 ", "2 ") for text in row] for row in plain.texts]
    for drafts in (plain.texts, grounded, halves, grounded[1:] + grounded[:1], [["", "so", "</think>"]] * len(cards)):
        drafted = reasoner.reason(prompts, features, drafts=drafts)
        assert drafted.texts == plain.texts
        assert (drafted.scores - plain.scores).abs().max() < 1e-4


def test_with_shuffled_weights_verified_traces_vanish(cards: list[list[Card]]) -> None:
    reasoner = load_checkpoint().reasoner
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in reasoner.language_model.parameters():
            flat = weight.view(-1)
            flat.copy_(flat[torch.randperm(flat.numel(), generator=generator)])
    texts = written(reasoner, cards)
    rates = trace_rates(texts)
    assert rates.parsed == 1.0  # the form is the grammar's
    assert not any(step.kind == PROSE for text, _ in texts for step in parse_trace(text).steps)
    assert rates.verified == 0.0  # the facts were the weights'
    assert rates.claims_verified < 0.05


def test_a_card_changed_is_a_trace_changed(texts: list[tuple[str, Card]]) -> None:
    """Texts follow the card they are given: traces of one card do not verify against another."""
    turned = [(text, texts[(at + 3) % len(texts)][1]) for at, (text, _) in enumerate(texts)]
    assert trace_rates(turned).claims_verified < 0.2


@pytest.fixture(scope="module")
def predicted(predictor: Predictor, sequences: list[DnaSequence]) -> list[Prediction]:
    """All sequences in one block. A warning of any library is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return list(predictor.stream(sequences))


def test_batch_order_and_padding_do_not_matter(
    predictor: Predictor, sequences: list[DnaSequence], predicted: list[Prediction]
) -> None:
    """Alone, together, in reverse and beside much longer prompts: the same activities and traces."""
    together = {(p.id, p.cell_type): p for p in predicted}
    backward = {(p.id, p.cell_type): p for p in predictor.stream(sequences[::-1])}
    alone = {(p.id, p.cell_type): p for record in sequences[:4] for p in predictor.stream([record])}
    one_cell = {(p.id, p.cell_type): p for p in predictor.stream(sequences[:4], "K562")}
    for other in (backward, alone, one_cell):
        for key, found in other.items():
            assert found.activity == pytest.approx(together[key].activity, abs=1e-4)
            assert found.trace_text == together[key].trace_text
            assert found.card_hash == together[key].card_hash


def test_scores_without_traces_are_the_towers(
    predictor: Predictor, sequences: list[DnaSequence], predicted: list[Prediction]
) -> None:
    cells = predictor.cell_types
    whole = [SequenceWindow(record, Window(0, len(record.bases))) for record in sequences]
    bare = predictor.score(list(predictor.maker.window_cards(whole, cells)), cells, trace=False)
    assert not any(one.texts for one in bare)
    found = [predictor.prediction(one, cell, cells, trace=False).activity for one in bare for cell in range(len(cells))]
    assert found == pytest.approx([entry.activity for entry in predicted], abs=0.0051)


def test_every_trace_is_reported_as_it_ends(predictor: Predictor, sequences: list[DnaSequence]) -> None:
    counts: list[int] = []
    others = [replace(record, id=f"{record.id}, again") for record in sequences]
    found = list(predictor.stream(sequences + others, on_written=counts.append))
    assert sum(counts) == len(found) == 96
    assert min(counts) > 0 and len(counts) > 1  # slice by slice, not at the end alone


def test_greedy_traces_state_no_seed(predicted: list[Prediction]) -> None:
    assert {entry.provenance.seed for entry in predicted} == {None}
