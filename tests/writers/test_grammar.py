from __future__ import annotations

from card_helpers import CUTS, cards
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from cistrace.cards.card import Card
from cistrace.traces.grounded import write
from cistrace.traces.templates import THINK_END
from cistrace.traces.text import parse_trace, render_trace
from cistrace.traces.trace import PROSE
from cistrace.writers.grammar import TraceGrammar, accepts
from cistrace.writers.vocabulary import LEVELS


@given(card=cards())
@settings(max_examples=60)
def test_it_admits_every_grounded_trace(tokenizer: PreTrainedTokenizerFast, grammar: TraceGrammar, card: Card) -> None:
    text = render_trace(write(card, CUTS))
    assert accepts(grammar, [*tokenizer(text)["input_ids"], tokenizer.eos_token_id])


def test_it_refuses_other_shapes(tokenizer: PreTrainedTokenizerFast, grammar: TraceGrammar) -> None:
    card_text = "1. GC content 0.500 is medium\n"
    for text in (
        card_text + THINK_END + LEVELS[0],  # one step
        card_text.replace("1.", "2.") + THINK_END + LEVELS[0],  # numbered from two
        "".join(card_text.replace("1.", f"{n}.") for n in range(1, 6)) + THINK_END + LEVELS[0],  # one kind five times
        "once upon a time",
    ):
        assert not accepts(grammar, [*tokenizer(text)["input_ids"], tokenizer.eos_token_id])


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_whatever_walks_it_is_a_trace(
    tokenizer: PreTrainedTokenizerFast, grammar: TraceGrammar, data: st.DataObject
) -> None:
    """A blind walk through the automaton gives typed steps, none twice: it holds the form, and no fact."""
    state = 0
    used: set[int] = set()
    tokens: list[int] = []
    while state != grammar.finished and len(tokens) < 400:
        allowed = [token for token in (grammar.following[state] >= 0).nonzero().flatten().tolist()]
        if bool(grammar.opens[state]):
            allowed = [token for token in allowed if int(grammar.opening[token]) not in used]
        token = data.draw(st.sampled_from(allowed))
        if bool(grammar.opens[state]):
            used.add(int(grammar.opening[token]))
        tokens.append(token)
        state = int(grammar.following[state, token])
    text = tokenizer.decode(tokens[:-1])
    assert isinstance(text, str)
    trace = parse_trace(text)
    assert PROSE not in {step.kind for step in trace.steps}
    assert len(set(trace.steps)) == len(trace.steps)
    assert trace.level in range(4)
