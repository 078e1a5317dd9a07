"""Bases as numbers, and back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cistrace.io.codes import BLANK, bases_of, codes_of, opposite, stacked
from cistrace.io.regions import reverse_complement


@given(st.text("ACGT"))
def test_bases_come_back(bases: str) -> None:
    assert bases_of(codes_of(bases)) == bases
    assert bases_of(opposite(codes_of(bases))) == reverse_complement(bases)


def test_what_is_no_base_is_blank() -> None:
    assert codes_of("ACGTNacgtR-").tolist() == [0, 1, 2, 3, *[BLANK] * 7]
    assert stacked(["AC", "GT"]).tolist() == [[0, 1], [2, 3]]
