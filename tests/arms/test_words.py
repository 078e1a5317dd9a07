"""Words of the models that are fitted anew."""

from __future__ import annotations

import pytest
from cli_helpers import a_card
from hypothesis import given
from hypothesis import strategies as st

from cistrace.arms.wording import card_words, paraphrase, sequence_words
from cistrace.arms.words import WordsLayout, build_words, filler_like, spaced
from cistrace.traces.templates import THINK_END
from cistrace.traces.text import reasoning_of

TRACE = "m1 : SP1 site 45 -55 adds +0 .35" + THINK_END


@pytest.fixture(scope="module")
def layout() -> WordsLayout:
    return WordsLayout(build_words([TRACE.replace(THINK_END, " "), sequence_words("ACGT", "K562").shared], 60))


@given(st.text(alphabet="AZaz019 .,;:()+-_/<>", max_size=60))
def test_spaced_texts_hold_every_sign_and_stay_as_they_are(text: str) -> None:
    made = spaced(text)
    assert made.replace(" ", "") == "".join(text.split()) and spaced(made) == made


def test_numbers_part_from_their_decimals_and_names_stay_whole() -> None:
    assert spaced("1. m1: NKX2-2 site (E-box/CACCTG) at 45-55 (+), +0.35") == (
        "1 . m1 : NKX2-2 site ( E-box/CACCTG ) at 45 -55 ( + ) , +0 .35"
    )


def test_what_is_written_is_read_back(layout: WordsLayout) -> None:
    ids = layout.reasoning_ids(reasoning_of(TRACE))
    assert layout.tokenizer.decode(ids[:-1], skip_special_tokens=False) == reasoning_of(TRACE)
    assert layout.tokenizer.unk_token_id not in ids and layout.tokenizer.decode(ids[-1]) == THINK_END


def test_words_of_val_alone_are_unknown(layout: WordsLayout) -> None:
    (token,) = layout.tokenizer("GATA1", add_special_tokens=False)["input_ids"]
    assert token == layout.tokenizer.unk_token_id


@pytest.mark.parametrize("trace", [TRACE, "one two" + THINK_END, THINK_END, "never ended"])
def test_filler_is_as_long_as_the_trace_in_tokens_and_says_nothing(layout: WordsLayout, trace: str) -> None:
    filler = filler_like(layout, trace)
    read, other = (layout.reasoning_ids(reasoning_of(text)) for text in (trace, filler))
    assert len(read) == len(other)
    assert len(set(other[:-1])) <= 1 and layout.tokenizer.unk_token_id not in other


def test_a_bare_sequence_is_read_base_by_base(layout: WordsLayout) -> None:
    shared, own = layout.prompt_ids(sequence_words("ACGGT", "K562"))
    assert len(shared) == 6 and layout.tokenizer.decode(own[-1:]) == "<think>"


def test_cell_types_share_all_of_a_paper_card_but_their_name() -> None:
    card = a_card()
    evidence, paper = card_words("evidence", card), card_words("sequence", card)
    assert card.bases[:20] not in evidence.text.replace(" ", "") and "dna" in paper.shared
    assert card.cell_type in paper.own and card.cell_type not in paper.shared


def test_a_paraphrase_tells_the_cards_largest_amounts_in_no_words_of_a_trace() -> None:
    card = a_card()
    text = paraphrase("evidence", card)
    largest = max((site for site in card.sites if site.amount), key=lambda site: abs(site.amount or 0.0))
    assert f"{largest.tf} makes {spaced(f'{largest.amount:+.2f}')}" in text
    assert "adds" not in text and "costs" not in text and THINK_END not in text
