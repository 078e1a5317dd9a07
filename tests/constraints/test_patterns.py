"""Forbidden sites: what a name means, and where it stands."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cistrace.constraints.patterns import base_sets, forbidden_pattern, occurrences
from cistrace.errors import ConstraintError

_BASES = {
    "A": "A", "C": "C", "G": "G", "T": "T", "R": "AG", "Y": "CT", "S": "CG", "W": "AT", "K": "GT", "M": "AC",
    "B": "CGT", "D": "AGT", "H": "ACT", "V": "ACG", "N": "ACGT",
}  # fmt: skip
_COMPLEMENT = str.maketrans("ACGTRYSWKMBDHVN", "TGCAYRSWMKVHDBN")


def places(letters: str, bases: str) -> list[int]:
    """By regular expressions, overlapping ones too."""
    both = {letters, letters.translate(_COMPLEMENT)[::-1]}
    return sorted(
        {
            match.start()
            for one in both
            for match in re.finditer(f"(?={''.join(f'[{_BASES[letter]}]' for letter in one)})", bases)
        }
    )


@given(
    st.text("ACGT", min_size=1, max_size=60),
    st.text("ACGTRYSWKMBDHVN", min_size=3, max_size=8).filter(lambda text: len(text.replace("N", "")) >= 3),
)
def test_occurrences_are_those_of_a_regular_expression(bases: str, letters: str) -> None:
    found = occurrences(base_sets(bases)[None], forbidden_pattern(letters))
    assert found.shape == (1, max(0, len(bases) - len(letters) + 1))
    assert np.flatnonzero(found[0]).tolist() == places(letters, bases)


@pytest.mark.parametrize(
    ("name", "letters"), [("EcoRI", "GAATTC"), ("BsaI", "GGTCTC"), ("DraIII", "CACNNNGTG"), ("GGTACC", "GGTACC")]
)
def test_enzymes_and_patterns_have_their_letters(name: str, letters: str) -> None:
    assert forbidden_pattern(name).letters == letters


def test_a_site_that_reads_the_same_backwards_counts_once() -> None:
    assert len(forbidden_pattern("EcoRI").strands) == 1
    assert len(forbidden_pattern("BsaI").strands) == 2


def test_an_ambiguous_letter_matches_where_all_its_bases_do() -> None:
    pattern = forbidden_pattern("CAYNNNGTG")
    found = occurrences(np.stack([base_sets("CAYAAAGTG"), base_sets("CANAAAGTG")]), pattern)
    assert found[:, 0].tolist() == [True, False]


@pytest.mark.parametrize(
    ("name", "words"),
    [("EcoR1", "did you mean EcoRV, EcoRI"), ("NNA", "letters other than N"), ("nothing!", "found 'nothing!'")],
)
def test_what_is_neither_is_refused(name: str, words: str) -> None:
    with pytest.raises(ConstraintError, match=re.escape(words)):
        forbidden_pattern(name)
