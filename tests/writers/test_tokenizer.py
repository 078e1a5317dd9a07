from __future__ import annotations

import pytest
from card_helpers import cards
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from cistrace.cards.card import Card
from cistrace.cards.grammar import family_label
from cistrace.traces.grounded import write
from cistrace.traces.templates import THINK_END
from cistrace.traces.text import parse_trace, render_trace
from cistrace.traces.trace import Trace
from cistrace.writers.grammar import TraceGrammar, accepts, build_grammar
from cistrace.writers.prompts import domain_prompt
from cistrace.writers.tokenizer import SPECIAL, build_tokenizer
from cistrace.writers.vocabulary import LEVELS, VocabularyNames, pieces

CUTS = (-0.5, 0.0, 0.7)


@pytest.fixture(scope="module")
def names() -> VocabularyNames:
    from card_helpers import FAMILIES, TFS

    pairs = {family_label(frozenset({a, b})) for a in FAMILIES for b in FAMILIES}
    return VocabularyNames(tuple(sorted(TFS)), tuple(sorted({*FAMILIES, *pairs, "no family"})), ("HepG2", "K562"), 200)


@pytest.fixture(scope="module")
def tokenizer(names: VocabularyNames) -> PreTrainedTokenizerFast:
    return build_tokenizer(names)


@pytest.fixture(scope="module")
def form(tokenizer: PreTrainedTokenizerFast, names: VocabularyNames) -> TraceGrammar:
    return build_grammar(tokenizer, names)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GC content 0.455 is medium\n", ["GC content 0.45", "5", " is medium", "\n"]),
        (
            "m3 ELK1 of Ets-related at 45-55 (+) with -9 bits lowers activity by -0.41; known effect unclear\n",
            [
                "m3",
                " ELK1",
                " of Ets-related",
                " at 45",
                "-55",
                " (+",
                ") with -9",
                " bits lowers",
                " activity by -0.4",
                "1",
                "; known effect unclear",
                "\n",
            ],
        ),
        ("2. m13", ["2. ", "m13"]),
        ("in K562\n", ["in K562", "\n"]),
        ("Level: 3", ["Level: 3"]),
    ],
)
def test_value_tokens_and_round_trip(tokenizer: PreTrainedTokenizerFast, text: str, expected: list[str]) -> None:
    ids = tokenizer(text)["input_ids"]
    assert [tokenizer.decode([token]) for token in ids] == expected
    assert tokenizer.decode(ids) == text


@given(text=st.text(max_size=60).filter(lambda text: not any(token in text for token in SPECIAL)))
def test_any_text_survives(tokenizer: PreTrainedTokenizerFast, text: str) -> None:
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


@given(card=cards())
@settings(max_examples=60)
def test_prompts_survive_and_parts_add_up(tokenizer: PreTrainedTokenizerFast, card: Card) -> None:
    prompt = domain_prompt(card)
    ids = tokenizer(prompt.text)["input_ids"]
    assert tokenizer.decode(ids) == prompt.text
    assert tokenizer(prompt.shared)["input_ids"] + tokenizer(prompt.own)["input_ids"] == ids


def test_pieces_are_unique_and_no_special(names: VocabularyNames) -> None:
    found = pieces(names)
    assert len(found) == len(set(found))
    assert not set(found) & set(SPECIAL)


@given(card=cards())
@settings(max_examples=60)
def test_the_form_admits_every_grounded_trace(
    tokenizer: PreTrainedTokenizerFast, form: TraceGrammar, card: Card
) -> None:
    text = render_trace(write(card, CUTS))
    assert accepts(form, [*tokenizer(text)["input_ids"], tokenizer.eos_token_id])


def test_the_form_refuses_other_shapes(tokenizer: PreTrainedTokenizerFast, form: TraceGrammar) -> None:
    card_text = "1. GC content 0.500 is medium\n"
    for text in (
        card_text + THINK_END + LEVELS[0],  # one step
        card_text.replace("1.", "2.") + THINK_END + LEVELS[0],  # numbered from two
        "".join(card_text.replace("1.", f"{n}.") for n in range(1, 6)) + THINK_END + LEVELS[0],  # one kind five times
        "once upon a time",
    ):
        assert not accepts(form, [*tokenizer(text)["input_ids"], tokenizer.eos_token_id])


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_whatever_walks_the_form_parses(
    tokenizer: PreTrainedTokenizerFast, form: TraceGrammar, data: st.DataObject
) -> None:
    """A blind walk through the automaton gives a text that parse_trace reads: the form holds no fact."""
    state, used, tokens = 0, set(), []
    while state != form.finished and len(tokens) < 400:
        allowed = [token for token in (form.following[state] >= 0).nonzero().flatten().tolist()]
        if bool(form.opens[state]):
            allowed = [token for token in allowed if int(form.opening[token]) not in used]
        token = data.draw(st.sampled_from(allowed))
        if bool(form.opens[state]):
            used.add(int(form.opening[token]))
        tokens.append(token)
        state = int(form.following[state, token])
    text = tokenizer.decode(tokens[:-1])
    trace = parse_trace(text)
    assert isinstance(trace, Trace)
    assert trace.level in range(4)
