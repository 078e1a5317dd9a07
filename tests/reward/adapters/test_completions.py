from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cistrace.reward.adapters.completions import dna_in, text_of

DNA = "ACGTTGCAAGGCTTAACCGGATCA"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (DNA, DNA),
        (f"  {DNA.lower()}\n", DNA.lower()),
        (" ".join(DNA), DNA),
        (f"{DNA}\n{DNA}", DNA + DNA),
        (f"<dna>{DNA[:10]}\n{DNA[10:]}</dna> and {DNA * 2}", DNA),
        (f"<DNA>ACGT</DNA>, no: <dna>{DNA}</dna>", DNA),
        ("<dna>ACGN</dna>", "ACGN"),
        (f"I try {DNA * 2} first.</think>{DNA}", DNA),
        (f"Here is an enhancer: {DNA}.", DNA),
        (f">design 1\n{DNA}\n{DNA[:7]}\nIt has a CAT box", DNA + DNA[:7]),
        (f"{DNA} or {DNA[::-1]}A?", DNA[::-1] + "A"),
        ("a cat, a tag, an act", "a cat, a tag, an act"),
        (f"x{DNA}", f"x{DNA}"),
        ("", ""),
    ],
)
def test_where_dna_is_found(text: str, expected: str) -> None:
    assert dna_in(text) == expected


@given(st.text("ACGTacgt \n", min_size=1), st.text("xyz.,:\n ", min_size=1, max_size=30))
def test_dna_alone_is_found_wherever_it_is_tagged(bases: str, words: str) -> None:
    assert dna_in(f"{words}<dna>{bases}</dna>{words}") == "".join(bases.split())


@given(st.text(max_size=200))
def test_any_text_gives_text(text: str) -> None:
    assert isinstance(dna_in(text), str)


def test_the_text_of_chats() -> None:
    parts = [{"type": "text", "text": DNA[:5]}, {"type": "image"}, {"type": "text", "text": DNA[5:]}]
    assert text_of(DNA) == DNA
    assert text_of([{"role": "assistant", "content": DNA}]) == DNA
    assert text_of([{"role": "assistant", "content": parts}]) == DNA
    assert text_of([{"role": "assistant", "content": DNA}, {"role": "tool", "content": None}]) == DNA
    assert text_of([{"role": "assistant", "content": None, "tool_calls": []}]) is None
    assert text_of([]) is None
    assert text_of(None) is None
    assert text_of([{"role": "assistant", "content": [{"text": None}]}]) is None
    assert text_of([{"role": "assistant", "content": [{"text": None}, {"text": DNA}]}]) == DNA
