"""A small vocabulary, its tokenizer and grammar."""

from __future__ import annotations

import pytest
from transformers import PreTrainedTokenizerFast
from writing_helpers import NAMES

from cistrace.writers.grammar import TraceGrammar, build_grammar
from cistrace.writers.tokenizer import build_tokenizer
from cistrace.writers.vocabulary import VocabularyNames


@pytest.fixture(scope="session")
def names() -> VocabularyNames:
    return NAMES


@pytest.fixture(scope="session")
def tokenizer(names: VocabularyNames) -> PreTrainedTokenizerFast:
    return build_tokenizer(names)


@pytest.fixture(scope="session")
def grammar(tokenizer: PreTrainedTokenizerFast, names: VocabularyNames) -> TraceGrammar:
    return build_grammar(tokenizer.backend_tokenizer, names)
