"""A small vocabulary, its tokenizer and grammar."""

from __future__ import annotations

import pytest
from card_helpers import FAMILIES, TFS
from transformers import PreTrainedTokenizerFast

from cistrace.cards.grammar import family_label
from cistrace.writers.grammar import TraceGrammar, build_grammar
from cistrace.writers.tokenizer import build_tokenizer
from cistrace.writers.vocabulary import VocabularyNames


@pytest.fixture(scope="session")
def names() -> VocabularyNames:
    pairs = {family_label(frozenset({a, b})) for a in FAMILIES for b in FAMILIES}
    return VocabularyNames(tuple(sorted(TFS)), tuple(sorted({*FAMILIES, *pairs, "no family"})), ("HepG2", "K562"), 200)


@pytest.fixture(scope="session")
def tokenizer(names: VocabularyNames) -> PreTrainedTokenizerFast:
    return build_tokenizer(names)


@pytest.fixture(scope="session")
def grammar(tokenizer: PreTrainedTokenizerFast, names: VocabularyNames) -> TraceGrammar:
    return build_grammar(tokenizer, names)
