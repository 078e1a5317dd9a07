"""Which tokens of a reasoning a model chooses itself."""

from __future__ import annotations

import re

import torch
from hypothesis import given, settings
from training_helpers import chatml_tokenizer
from transformers import PreTrainedTokenizerFast
from writing_helpers import told_ledgers

from cistrace.traces.text import render_steps
from cistrace.traces.trace import Claim
from cistrace.writers.calculator import FREE
from cistrace.writers.form import OPEN, Form
from cistrace.writers.grammar import TraceGrammar
from cistrace.writers.layout import CHAT, DOMAIN, layout_of
from cistrace.writers.vocabulary import NUMBERS

SUM = re.compile(r"(: now|: what is not told above (adds|costs)) [+-]\d\.\d\d")


@given(steps=told_ledgers())
@settings(max_examples=40, deadline=None)
def test_of_the_compact_models_all_but_its_sums(tokenizer: PreTrainedTokenizerFast, steps: tuple[Claim, ...]) -> None:
    layout, text = layout_of(DOMAIN, tokenizer), render_steps(steps)
    ids = layout.reasoning_ids(text)
    own = layout.own_words(ids)
    assert len(own) == len(ids)
    chosen = tokenizer.decode([token for token, mine in zip(ids, own, strict=True) if mine])
    assert chosen == SUM.sub("", text) + "</think>"


@given(steps=told_ledgers())
@settings(max_examples=20, deadline=None)
def test_what_it_does_not_choose_is_what_decoding_completes(
    tokenizer: PreTrainedTokenizerFast, grammar: TraceGrammar, steps: tuple[Claim, ...]
) -> None:
    """As far as sums can be written; a step's number, and what parts a site's from its name, are forced and learnt."""
    layout, form = layout_of(DOMAIN, tokenizer), Form(grammar, torch.device("cpu"))
    ids = layout.reasoning_ids(render_steps(steps))
    tokens, places = form.walk(form.start(1), torch.tensor([ids]))
    completed = grammar.calculator.completed(places.tally, places.state.clamp_min(0))[0, : len(ids)] != FREE
    own = torch.tensor(layout.own_words(ids))
    assert not bool((completed & own).any())
    forced = (form.forced(places)[0, : len(ids)] != OPEN) & own
    assert {str(tokenizer.decode([token])) for token in tokens[0, : len(ids)][forced].tolist()} <= {
        *NUMBERS, "</think>", "\n", ": "
    }  # fmt: skip


def test_of_a_chat_models_every_one() -> None:
    """Nothing is completed for it."""
    layout = layout_of(CHAT, chatml_tokenizer())
    ids = layout.reasoning_ids("1. ELK1 site adds +0.41: now +0.41\n2. the whole comes to +0.41")
    assert layout.own_words(ids) == [True] * len(ids)
