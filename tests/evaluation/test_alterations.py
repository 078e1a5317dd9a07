from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cistrace.evaluation.alterations import altered, strongest_motif, turned, without
from cistrace.io.sequences import read_sequences
from cistrace.predict import Predictor
from cistrace.traces.text import parse_trace
from cistrace.traces.trace import Claim, Trace
from cistrace.traces.verify import verify
from cistrace.writers.prompts import domain_prompt

EXAMPLES = Path(__file__).parents[2] / "examples" / "enhancers.fa"


def motif(number: int, contribution: float) -> Claim:
    values = {
        "motif": f"m{number}", "tf": "SP1", "family": "F", "start": "3", "end": "12", "strand": "+", "bits": "9",
        "direction": "raises" if contribution > 0 else "lowers", "contribution": f"{contribution:+.2f}",
        "known": "unclear",
    }  # fmt: skip
    return Claim("motif", tuple(values.items()))


@given(st.lists(st.floats(-3, 3).filter(lambda x: abs(x) > 0.01), min_size=1, max_size=6))
def test_turning_twice_gives_the_trace_back(contributions: list[float]) -> None:
    trace = Trace(tuple(motif(at + 1, value) for at, value in enumerate(contributions)), 2)
    at = strongest_motif(trace)
    assert at is not None
    assert turned(turned(trace, at), at) == trace
    assert turned(trace, at) != trace
    assert without(trace, at).steps == tuple(step for place, step in enumerate(trace.steps) if place != at)


def test_a_trace_without_motifs_is_not_altered() -> None:
    assert altered("no trace", without) is None
    assert strongest_motif(Trace((Claim("absence", ()),), 0)) is None


@pytest.mark.pipeline
def test_rescoring_its_own_trace_gives_the_score_back() -> None:
    """Read in one piece or written token by token, a trace is worth the same; a turned step contradicts the card."""
    predictor = Predictor(threads=2)
    records = list(read_sequences(EXAMPLES))[:6]
    predictions = list(predictor.stream(records))
    cards = [made.card for made in predictor.maker.cards(records, predictor.cell_types)]
    rows = range(0, len(cards), 3)
    prompts = [[domain_prompt(card) for card in cards[at : at + 3]] for at in rows]
    texts = [[found.trace_text or "" for found in predictions[at : at + 3]] for at in rows]
    features = torch.zeros((len(texts), 3, 2))
    reasoned = predictor.checkpoint.reasoner.reason(prompts, features)
    assert reasoned.texts == texts
    again = predictor.checkpoint.reasoner.rescore(prompts, texts, features)
    np.testing.assert_allclose(again.numpy(), reasoned.scores.numpy(), rtol=0, atol=1e-4)
    lies = [(altered(text, turned), card) for text, card in zip((text for row in texts for text in row), cards)]
    assert sum(lie is not None for lie, _ in lies) >= len(cards) / 2
    assert not any(verify(parse_trace(lie), card).verified for lie, card in lies if lie is not None)
