"""Figures of sequences: exact where they can be counted by hand, and what they must not depend on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cistrace.design.figures import dust_score, sequence_figures, word_entropy
from cistrace.io.regions import reverse_complement
from cistrace.motifs.scanner import site_scanner

DNA = st.text("ACGT", min_size=0, max_size=90)


@pytest.mark.parametrize(
    ("bases", "score"),
    [
        ("A" * 64, 31.0),  # 62 equal words: 62 * 61 / 2 pairs by 61
        ("A" * 200, 31.0),
        ("AACAGATCC", 0.0),  # no word twice
        ("AAAA", 1.0),
        ("AC", 0.0),
        ("", 0.0),
    ],
)
def test_dust_scores(bases: str, score: float) -> None:
    assert dust_score(bases) == pytest.approx(score)


@given(DNA)
def test_dust_is_the_worst_window_and_the_same_on_both_strands(bases: str) -> None:
    def plain(window: str) -> int:
        words = [window[at : at + 3] for at in range(len(window) - 2)]
        return sum(words[:at].count(word) for at, word in enumerate(words))

    size = min(64, len(bases))
    expected = max((plain(bases[at : at + size]) for at in range(len(bases) - size + 1)), default=0)
    assert dust_score(bases) == pytest.approx(expected / (size - 3) if size > 3 else 0.0)
    assert dust_score(reverse_complement(bases)) == pytest.approx(dust_score(bases))


def test_entropy_of_words() -> None:
    assert word_entropy("A" * 50) == 0
    assert word_entropy("ACACACACA") == pytest.approx(1.0)  # ACAC and CACA, three each
    assert word_entropy("ACG") == 0


@given(DNA)
def test_entropy_is_at_most_that_of_words_that_all_differ(bases: str) -> None:
    assert 0 <= word_entropy(bases) <= np.log2(max(1, len(bases) - 3)) + 1e-9


def test_sites_are_counted_by_archetype() -> None:
    stuffed = "ACATGACTCATGTC" * 8  # a perfect AP-1 site in each
    plain = "ACATGTCGAATGTC" * 8
    found, other = sequence_figures([stuffed, plain], site_scanner())
    assert found.archetypes["AP-1"] == 8 and other.archetypes.get("AP-1", 0) == 0
    assert found.sites == sum(found.archetypes.values()) and 0.5 < found.covered <= 1
    assert found.gc == pytest.approx(6 / 14)
