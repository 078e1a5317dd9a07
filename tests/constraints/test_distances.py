"""Edit distances are Levenshtein's."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cistrace.constraints.distances import edit_distances, nearest

dna = st.text("ACGT", max_size=12)


def levenshtein(first: str, second: str) -> int:
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, 1):
        above, row[0] = row[0], i
        for j, b in enumerate(second, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (a != b))
    return row[-1]


@given(st.lists(dna, min_size=1, max_size=4), st.lists(dna, min_size=1, max_size=4))
def test_distances_are_those_of_the_textbook(sequences: list[str], others: list[str]) -> None:
    expected = [[levenshtein(one, other) for other in others] for one in sequences]
    assert edit_distances(sequences, others).tolist() == expected
    assert edit_distances(sequences, others, 3).tolist() == [[min(4, one) for one in row] for row in expected]
    places, closest = nearest(sequences, others)
    assert closest.tolist() == [min(row) for row in expected]
    assert places.tolist() == [row.index(min(row)) for row in expected]


def test_nothing_has_no_distances() -> None:
    assert edit_distances([], ["A"]).shape == (0, 1)
    assert edit_distances(["A"], []).shape == (1, 0)
