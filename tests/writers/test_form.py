"""What may stand next: a batch's places against the automaton itself, one token at a time."""

from __future__ import annotations

import pytest
import torch
from card_helpers import CUTS, cards
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from cistrace.cards.card import Card
from cistrace.traces.grounded import write
from cistrace.traces.text import render_trace
from cistrace.writers.form import OPEN, Form, free_grammar
from cistrace.writers.grammar import FORBIDDEN, TraceGrammar

CPU = torch.device("cpu")


@pytest.fixture(scope="session")
def form(grammar: TraceGrammar) -> Form:
    return Form(grammar, CPU)


def allowed(grammar: TraceGrammar, state: int, used: set[int]) -> list[int]:
    """By the automaton alone: the tokens that may stand next."""
    tokens: list[int] = (grammar.following[state] != FORBIDDEN).nonzero().flatten().tolist()
    return [token for token in tokens if not (bool(grammar.opens[state]) and int(grammar.opening[token]) in used)]


@given(card=cards())
@settings(max_examples=12, deadline=None)
def test_a_walk_along_a_trace_meets_what_the_automaton_meets(
    tokenizer: PreTrainedTokenizerFast, grammar: TraceGrammar, form: Form, card: Card
) -> None:
    trace = [*tokenizer(render_trace(write(card, CUTS)))["input_ids"], tokenizer.eos_token_id]
    tokens, places = form.walk(form.start(1), torch.tensor([trace]))
    assert tokens[0].tolist() == trace
    assert int(places.state[0, -1]) == form.finished
    forced = form.forced(places)[0].tolist()
    state, used = 0, set[int]()
    for at, token in enumerate(trace):
        may = allowed(grammar, state, used)
        assert int(places.state[0, at]) == state
        assert forced[at] == (may[0] if len(may) == 1 else OPEN)
        if bool(grammar.opens[state]):
            used.add(int(grammar.opening[token]))
        state = int(grammar.following[state, token])


@given(data=st.data(), seed=st.integers(0, 1000))
@settings(max_examples=8, deadline=None)
def test_the_choice_is_the_likeliest_of_all_tokens_that_may_stand(
    tokenizer: PreTrainedTokenizerFast, grammar: TraceGrammar, form: Form, data: st.DataObject, seed: int
) -> None:
    """At every place of three random walks, each its own."""
    generator = torch.Generator().manual_seed(seed)
    output = torch.randn((len(tokenizer), 8), generator=generator)
    standing = form.start(3)
    states, used = [0] * 3, [set[int]() for _ in range(3)]
    for _ in range(data.draw(st.integers(1, 120))):
        hidden = torch.randn((3, 8), generator=generator)
        chosen = form.choose(standing, hidden, output)
        logits = hidden @ output.T
        for row, token in enumerate(chosen.tolist()):
            may = allowed(grammar, states[row], used[row])
            assert token == max(may, key=lambda one: float(logits[row, one]))
            if bool(grammar.opens[states[row]]):
                used[row].add(int(grammar.opening[token]))
            states[row] = int(grammar.following[states[row], token])
        standing = form.after(standing, chosen)
        assert standing.state.tolist() == states


def test_what_may_not_stand_ends_a_walk(tokenizer: PreTrainedTokenizerFast, form: Form) -> None:
    """A second step of one kind: the walk is lost behind it, and nothing is chosen there."""
    gc = "GC content 0.500 is medium\n"
    draft = torch.tensor([tokenizer(f"1. {gc}2. {gc}")["input_ids"]])
    tokens, places = form.walk(form.start(1), draft)
    begun = len(tokenizer(f"1. {gc}2. ")["input_ids"])
    assert tokens[0, :begun].tolist() == draft[0, :begun].tolist()
    assert (places.state[0, : begun + 1] != FORBIDDEN).all()
    assert (places.state[0, begun + 1 :] == FORBIDDEN).all()
    assert (form.forced(places)[0, begun + 1 :] == OPEN).all()


def test_a_walk_takes_what_alone_may_stand(tokenizer: PreTrainedTokenizerFast, form: Form) -> None:
    """Whatever the draft has there, and where it has nothing."""
    wrong, one = tokenizer("7. GC content 0.500 is medium")["input_ids"], tokenizer("1. ")["input_ids"]
    tokens, _ = form.walk(form.start(1), torch.tensor([wrong]))
    assert tokenizer.decode(tokens[0]) == "1. GC content 0.500 is medium\n2. "
    tokens, places = form.walk(form.start(2), torch.tensor([[], []], dtype=torch.long))
    assert tokens.tolist() == [one, one]
    assert places.state.shape == (2, 2)


def test_a_free_form_lets_all_stand_until_the_end(tokenizer: PreTrainedTokenizerFast) -> None:
    form = Form(free_grammar(tokenizer), CPU)
    draft = torch.arange(len(tokenizer))[None]
    draft = draft[draft != tokenizer.eos_token_id][None]
    tokens, places = form.walk(form.start(1), draft)
    assert tokens.tolist() == draft.tolist()
    assert (form.forced(places) == OPEN).all()
    ended = form.after(form.start(1), torch.tensor([tokenizer.eos_token_id]))
    assert int(ended.state) == form.finished
    hidden, output = torch.randn(4, 8), torch.randn(len(tokenizer), 8)
    assert form.choose(form.start(4), hidden, output).tolist() == (hidden @ output.T).argmax(dim=1).tolist()
