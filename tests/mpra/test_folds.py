"""Which rows a fit may not see, against the rule in Python's own words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from table_helpers import bases, one_line

from cistrace.errors import DataError
from cistrace.io.regions import reverse_complement
from cistrace.mpra.chromosomes import chromosome_places
from cistrace.mpra.folds import RELATED, Folds, deal_folds

PLACES = ("chr1", "1", "Chr2", "chr3", "chr4", "chr5", "chr1-chr2", "chr4-5", "unknown", "")


def library(families: list[int]) -> list[str]:
    """Families of 60 bp elements, each sharing 40 bp or more with the next, every other one on the other strand."""
    found = []
    for family, size in enumerate(families):
        text = bases(family, 60 + 20 * size)
        pieces = [text[20 * place : 20 * place + 60] for place in range(size)]
        found += [reverse_complement(piece) if place % 2 else piece for place, piece in enumerate(pieces)]
    return found


def mutant(text: str, place: int = 50) -> str:
    """One base exchanged: 40 bp and more are shared on its longer side."""
    return text[:place] + {"A": "C", "C": "G", "G": "T", "T": "A"}[text[place]] + text[place + 1 :]


def dealt(sequences: list[str], chromosomes: list[str], training: list[bool] | None = None, count: int = 3) -> Folds:
    trains = np.array(training or [True] * len(sequences), dtype=bool)
    return deal_folds(sequences, chromosomes, trains, count)


def obeys(folds: Folds, chromosomes: list[str]) -> None:
    """No fit that speaks of a row saw a relative of it, nor, where chromosomes were dealt, another row on its own."""
    assert (folds.own[folds.training] >= 0).all()
    for row, fold in enumerate(folds.own.tolist()):
        if fold < 0:
            assert not (folds.training & (folds.family == folds.family[row])).any()
            continue
        assert folds.barred[row, fold]
        seen = folds.training & ~folds.barred[:, fold]
        assert not (seen & (folds.family == folds.family[row])).any()
        if folds.rule == "chromosomes" and not folds.torn[row]:
            here = set(chromosome_places(chromosomes[row]))
            assert not any(here & set(chromosome_places(chromosomes[other])) for other in np.flatnonzero(seen))


@settings(deadline=None, max_examples=150)
@given(data=st.data(), families=st.lists(st.integers(1, 3), min_size=4, max_size=14), count=st.integers(2, 3))
def test_no_fit_sees_a_relative_or_a_chromosome_of_the_rows_it_speaks_of(
    data: st.DataObject, families: list[int], count: int
) -> None:
    sequences = library(families)
    chromosomes = data.draw(st.lists(st.sampled_from(PLACES), min_size=len(sequences), max_size=len(sequences)))
    training = data.draw(st.lists(st.booleans(), min_size=len(sequences), max_size=len(sequences)))
    try:
        folds = dealt(sequences, chromosomes, training, count)
    except DataError as error:
        assert "families of relatives" in str(error)
        return
    obeys(folds, chromosomes)
    order = np.random.default_rng(0).permutation(len(sequences))
    again = dealt(
        [sequences[row] for row in order], [chromosomes[row] for row in order], [training[row] for row in order], count
    )
    for name in ("own", "barred", "torn", "blocks"):
        np.testing.assert_array_equal(getattr(again, name), getattr(folds, name)[order])


def test_chromosomes_are_held_out_whole_and_relatives_with_them_wherever_they_lie() -> None:
    sequences = [bases(seed) for seed in range(24)]
    chromosomes = [f"chr{1 + row % 6}" for row in range(24)]
    near = reverse_complement(sequences[0][10:50] + bases(99, 20))  # of a row on chr1, on chr2
    folds = dealt([*sequences, near], [*chromosomes, "chr2"])
    assert folds.rule == "chromosomes"
    one, two = folds.own[0], folds.own[24]
    assert one != two
    assert folds.barred[[0, 24]].tolist() == [[fold in (one, two) for fold in range(3)]] * 2
    assert (folds.barred[1:24].sum(axis=1) == 1).all()
    assert 0 not in folds.seen_by(two) and 24 not in folds.seen_by(one)


def test_names_are_compared_as_one() -> None:
    sequences = [bases(seed) for seed in range(18)]
    plain = dealt(sequences, [f"chr{1 + row % 6}" for row in range(18)])
    mixed = dealt(
        sequences, [(f"chr{1 + row % 6}", f"{1 + row % 6}", f"CHR{1 + row % 6}")[row % 3] for row in range(18)]
    )
    np.testing.assert_array_equal(plain.barred, mixed.barred)


def test_a_border_is_left_out_with_either_side_and_torn_where_two_folds_hold_them() -> None:
    sequences = [bases(seed) for seed in range(13)]
    chromosomes = [*(f"chr{1 + row % 6}" for row in range(12)), "chr1-chr2"]
    folds = dealt(sequences, chromosomes)
    sides = {int(folds.own[0]), int(folds.own[1])}
    assert set(np.flatnonzero(folds.barred[12]).tolist()) == sides and folds.own[12] == min(sides)
    assert folds.torn.tolist() == [False] * 12 + [len(sides) == 2]


def test_point_mutants_of_one_element_are_in_one_fold() -> None:
    """Of a saturation mutagenesis: hundreds of variants of few elements, and no chromosomes."""
    elements = [bases(seed, 120) for seed in range(4)]
    sequences = [mutant(element, place) for element in elements for place in range(0, 120, 5)]
    folds = dealt(sequences, [""] * len(sequences))
    assert folds.rule == "relatives"
    for element in range(4):
        assert len(set(folds.own[element * 24 : (element + 1) * 24])) == 1
    assert set(folds.own) == {0, 1, 2}


@pytest.mark.parametrize("chromosomes", [["chr1"] * 30, ["chr1", "chr2"] * 15, [""] * 30, ["chr1"] * 28 + ["2", "3"]])
def test_families_are_dealt_where_chromosomes_cannot_be(chromosomes: list[str]) -> None:
    folds = dealt([bases(seed) for seed in range(30)], chromosomes)
    assert folds.rule == "relatives"
    assert np.bincount(folds.own).tolist() == [10, 10, 10]


def test_rows_outside_training_get_the_fold_of_their_chromosome_or_relatives_else_none() -> None:
    sequences = [bases(seed) for seed in range(15)]
    related = sequences[0][:45] + bases(77, 15)
    chromosomes = [*(f"chr{1 + row % 5}" for row in range(15)), "chr2", "chr9", "chr9"]
    folds = dealt([*sequences, bases(50), related, bases(51)], chromosomes, [True] * 15 + [False] * 3)
    assert folds.own[15] == folds.own[1] and folds.own[16] == folds.own[0] and folds.own[17] == -1
    assert 16 not in folds.seen_by(-1) and len(folds.seen_by(-1)) == 15


def test_too_few_families_and_too_few_rows_are_refused() -> None:
    element = bases(1, 120)
    variants = [mutant(element, place) for place in range(0, 120, 3)]
    assert "are 1 families" in one_line(dealt, variants, [""] * 40, error=DataError)
    folds = dealt([bases(seed) for seed in range(9)], [f"chr{row}" for row in range(9)])
    assert "6 of its 9 training rows are left" in one_line(folds.seen_by, 0, error=DataError)


def test_rows_taken_keep_their_folds() -> None:
    folds = dealt([bases(seed) for seed in range(12)], [f"chr{1 + row % 6}" for row in range(12)])
    part = folds.take(np.array([3, 1]))
    assert part.own.tolist() == folds.own[[3, 1]].tolist() and part.count == 3 and part.rule == folds.rule
    assert replace(part).family.tolist() == folds.family[[3, 1]].tolist()
    assert RELATED == 40
