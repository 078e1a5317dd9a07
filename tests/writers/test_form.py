"""What may stand next: a batch's places against the automaton and the text's own sums, one token at a time."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
import torch
from card_helpers import cards
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast
from writing_helpers import told_ledgers

from cistrace.cards.card import Card
from cistrace.traces.grounded import write
from cistrace.traces.ledger import read_hundredths, summed
from cistrace.traces.text import render_steps, render_trace
from cistrace.traces.trace import Claim, Trace
from cistrace.writers.calculator import FREE, LARGEST, Tally
from cistrace.writers.form import OPEN, Form, free_grammar
from cistrace.writers.grammar import FORBIDDEN, TraceGrammar

CPU = torch.device("cpu")
GC = "GC content 0.500 is medium\n"
SITE = "m1: ELK1 site (ETS) at 11-20 (+), 14 bits, adds +0.41: now +0.41; known effect raising\n"


@pytest.fixture(scope="session")
def form(grammar: TraceGrammar) -> Form:
    return Form(grammar, CPU)


@dataclass
class Walker:
    """One text, by the automaton's own tables."""

    grammar: TraceGrammar
    state: int = 0
    used: set[int] = field(default_factory=set)
    tally: Tally = field(init=False)

    def __post_init__(self) -> None:
        self.tally = self.grammar.calculator.start(1)

    def allowed(self) -> list[int]:
        """The tokens that may stand next."""
        completed = int(self.grammar.calculator.completed(self.tally, torch.tensor([self.state])))
        if completed != FREE:
            return [completed]
        tokens: list[int] = (self.grammar.following[self.state] != FORBIDDEN).nonzero().flatten().tolist()
        opens = bool(self.grammar.opens[self.state])
        return [token for token in tokens if not (opens and int(self.grammar.opening[token]) in self.used)]

    def take(self, token: int) -> None:
        if bool(self.grammar.opens[self.state]) and int(self.grammar.opening[token]) != FORBIDDEN:
            self.used.add(int(self.grammar.opening[token]))
        self.tally = self.grammar.calculator.after(self.tally, torch.tensor([self.state]), torch.tensor([token]))
        self.state = int(self.grammar.following[self.state, token])


@given(card=cards())
@settings(max_examples=12, deadline=None)
def test_a_walk_along_a_trace_meets_what_the_automaton_meets(
    tokenizer: PreTrainedTokenizerFast, grammar: TraceGrammar, form: Form, card: Card
) -> None:
    trace = [*tokenizer(render_trace(write(card)))["input_ids"], tokenizer.eos_token_id]
    tokens, places = form.walk(form.start(1), torch.tensor([trace]))
    assert tokens[0].tolist() == trace
    assert int(places.state[0, -1]) == form.finished
    forced = form.forced(places)[0].tolist()
    walker = Walker(grammar)
    for at, token in enumerate(trace):
        may = walker.allowed()
        assert int(places.state[0, at]) == walker.state
        assert forced[at] == (may[0] if len(may) == 1 else OPEN)
        walker.take(token)


@given(data=st.data(), seed=st.integers(0, 1000))
@settings(max_examples=8, deadline=None)
def test_the_choice_is_the_likeliest_of_all_tokens_that_may_stand(
    tokenizer: PreTrainedTokenizerFast, grammar: TraceGrammar, form: Form, data: st.DataObject, seed: int
) -> None:
    """At every place of three random walks, each its own."""
    generator = torch.Generator().manual_seed(seed)
    output = torch.randn((len(tokenizer), 8), generator=generator)
    standing, walkers = form.start(3), [Walker(grammar) for _ in range(3)]
    for _ in range(data.draw(st.integers(1, 120))):
        hidden = torch.randn((3, 8), generator=generator)
        chosen = form.choose(standing, hidden, output)
        logits = hidden @ output.T
        for row, (walker, token) in enumerate(zip(walkers, chosen.tolist(), strict=True)):
            assert token == max(walker.allowed(), key=lambda one: float(logits[row, one]))
            walker.take(token)
        standing = form.after(standing, chosen)
        assert standing.state.tolist() == [walker.state for walker in walkers]


@given(steps=told_ledgers(), level=st.integers(0, 3))
@settings(max_examples=30, deadline=None)
def test_a_draft_forces_no_wrong_sum(
    tokenizer: PreTrainedTokenizerFast, form: Form, steps: tuple[Claim, ...], level: int
) -> None:
    """A draft's names and amounts are taken; its sums are worked out anew, but where they are too large to be."""
    drafted = tokenizer(f"{render_steps(steps)}</think>Level: {level}")["input_ids"]
    tokens, places = form.walk(form.start(1), torch.tensor([[*drafted, tokenizer.eos_token_id]]))
    assert int(places.state[0, -1]) == form.finished
    expected = tuple(
        Claim(step.kind, tuple(_completed(name, value, right.get(name)) for name, value in step.values))
        for step, right in zip(steps, summed(steps), strict=True)
    )
    assert tokenizer.decode(tokens[0]) == render_trace(Trace(expected, level)) + str(tokenizer.eos_token)


def _completed(name: str, drafted: str, right: str | None) -> tuple[str, str]:
    worked_out = name in ("running", "rest") and right is not None and abs(read_hundredths(right)) <= LARGEST
    return name, right if worked_out and right is not None else drafted


def test_a_wrong_draft_is_put_right_where_there_is_no_choice(tokenizer: PreTrainedTokenizerFast, form: Form) -> None:
    draft = f"1. {SITE.replace('now +0.41', 'now -9.99')}2. {GC}"
    tokens, _ = form.walk(form.start(1), torch.tensor([tokenizer(draft)["input_ids"]]))
    assert tokenizer.decode(tokens[0]) == f"1. {SITE}2. {GC}3. "


@pytest.mark.parametrize(
    ("first", "second", "begun"),
    [
        (GC, GC, ""),  # a kind
        (SITE, SITE.replace("ELK1 site (ETS) at 11-20", "FOXA1 site (FOX) at 41-52"), ""),  # a site
    ],
)
def test_what_may_not_stand_ends_a_walk(
    tokenizer: PreTrainedTokenizerFast, form: Form, first: str, second: str, begun: str
) -> None:
    """What stood before: the walk is lost behind it, and nothing is chosen there."""
    draft = torch.tensor([tokenizer(f"1. {first}2. {second}")["input_ids"]])
    tokens, places = form.walk(form.start(1), draft)
    right = len(tokenizer(f"1. {first}2. {begun}")["input_ids"])
    assert tokens[0, :right].tolist() == draft[0, :right].tolist()
    assert (places.state[0, : right + 1] != FORBIDDEN).all()
    assert (places.state[0, right + 1 :] == FORBIDDEN).all()
    assert (form.forced(places)[0, right + 1 :] == OPEN).all()


def test_a_walk_takes_what_alone_may_stand(tokenizer: PreTrainedTokenizerFast, form: Form) -> None:
    """Whatever the draft has there, and where it has nothing."""
    wrong, one = tokenizer(f"7. {GC}")["input_ids"], tokenizer("1. ")["input_ids"]
    tokens, _ = form.walk(form.start(1), torch.tensor([wrong]))
    assert tokenizer.decode(tokens[0]) == f"1. {GC}2. "
    tokens, places = form.walk(form.start(2), torch.tensor([[], []], dtype=torch.long))
    assert tokens.tolist() == [one, one]
    assert places.state.shape == (2, 2)


def test_a_free_form_lets_all_stand_until_the_end(tokenizer: PreTrainedTokenizerFast) -> None:
    form = Form(free_grammar(tokenizer.backend_tokenizer), CPU)
    draft = torch.arange(len(tokenizer))[None]
    draft = draft[draft != tokenizer.eos_token_id][None]
    tokens, places = form.walk(form.start(1), draft)
    assert tokens.tolist() == draft.tolist()
    assert (form.forced(places) == OPEN).all()
    ended = form.after(form.start(1), torch.tensor([tokenizer.eos_token_id]))
    assert int(ended.state) == form.finished
    hidden, output = torch.randn(4, 8), torch.randn(len(tokenizer), 8)
    assert form.choose(form.start(4), hidden, output).tolist() == (hidden @ output.T).argmax(dim=1).tolist()
