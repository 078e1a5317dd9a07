"""What another base in each place would change, and what each base adds: against the tower itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from tower_helpers import random_legnet, random_residual

from cistrace.errors import ModelError
from cistrace.explain.base_effects import BASES, BaseEffects
from cistrace.explain.mutagenesis import SLICE, AskedModel, base_effects
from cistrace.io.dna_sequence import DnaSequence
from cistrace.io.regions import reverse_complement
from cistrace.towers.contributions import TOLERANCE
from cistrace.towers.evidence import Towers

TOWERS = Towers(random_legnet(), random_residual())
MODEL = AskedModel(TOWERS.estimate, (0, 1), ("A", "B"), TOWERS.window, TOWERS)


def dna(length: int, seed: int = 1) -> DnaSequence:
    random = np.random.default_rng(seed)
    return DnaSequence(f"s{seed}", "".join(random.choice(list(BASES), length)))


def with_n(length: int) -> DnaSequence:
    bases = dna(length).bases
    return DnaSequence("n", f"{bases[:7]}NNR{bases[10:]}")


def attributed(found: BaseEffects) -> NDArray[np.float32]:
    assert found.contributions is not None
    return found.contributions


@pytest.mark.parametrize("sequence", [dna(60), dna(44), with_n(51)], ids=["whole", "padded", "with N"])
def test_every_change_is_what_the_tower_says_of_the_changed_sequence(sequence: DnaSequence) -> None:
    found = base_effects(MODEL, sequence)
    bases, whole = sequence.bases, TOWERS.estimate([sequence.bases])
    for position, own in enumerate(bases):
        if own not in BASES:
            assert np.isnan(found.changes[position]).all() and not attributed(found)[position].any()
            continue
        changed = TOWERS.estimate([bases[:position] + letter + bases[position + 1 :] for letter in BASES])
        np.testing.assert_array_equal(found.changes[position], changed - whole)
        assert not found.changes[position, BASES.index(own)].any()
    assert found.changes.shape == (len(bases), 4, 2) and found.changes.dtype == np.float32


def test_contributions_add_up_in_every_window() -> None:
    for sequence in (dna(60), dna(44), with_n(51), dna(150)):
        found = base_effects(MODEL, sequence)
        for one in found.windows:
            assert one.lost is not None and one.contributed is not None
            np.testing.assert_allclose(one.lost, one.activity - TOWERS.blank - one.contributed, rtol=0, atol=1e-6)
            assert np.abs(one.lost).max() <= TOLERANCE
            np.testing.assert_array_equal(one.activity, TOWERS.estimate([sequence.bases[one.start : one.end]])[0])
        if len(found.windows) == 1:
            added = np.asarray(found.windows[0].contributed)
            np.testing.assert_allclose(attributed(found).sum(axis=0), added, rtol=0, atol=1e-5)


def test_a_long_sequence_is_read_where_each_base_lies_most_central() -> None:
    sequence = dna(145)
    found = base_effects(MODEL, sequence)
    assert [(one.start, one.end) for one in found.windows] == [(0, 60), (30, 90), (60, 120), (85, 145)]
    assert np.flatnonzero(np.diff(found.window_of)).tolist() == [44, 74, 102]
    for number, one in enumerate(found.windows):
        alone = base_effects(MODEL, DnaSequence("window", sequence.bases[one.start : one.end]))
        own = found.window_of[one.start : one.end] == number
        np.testing.assert_array_equal(found.changes[one.start : one.end][own], alone.changes[own])
        np.testing.assert_array_equal(attributed(found)[one.start : one.end][own], attributed(alone)[own])
        np.testing.assert_array_equal(np.asarray(one.contributed), np.asarray(alone.windows[0].contributed))


def test_the_other_strand_says_the_same_mirrored() -> None:
    given = base_effects(MODEL, dna(60))
    other = base_effects(MODEL, DnaSequence("other", reverse_complement(dna(60).bases)))
    np.testing.assert_allclose(given.changes, other.changes[::-1, ::-1], rtol=0, atol=1e-5)
    np.testing.assert_allclose(attributed(given), attributed(other)[::-1], rtol=0, atol=1e-4)


@pytest.mark.parametrize("threads", [1, 2])
def test_cell_types_together_are_as_one_at_a_time(threads: int) -> None:
    sequence = dna(70)
    assert 3 * len(sequence.bases) > SLICE
    whole = base_effects(replace(MODEL, threads=threads), sequence)
    for column, name in enumerate(MODEL.cell_types):
        one = base_effects(AskedModel(TOWERS.estimate, (column,), (name,), 60, TOWERS, threads), sequence)
        np.testing.assert_array_equal(one.changes[..., 0], whole.changes[..., column])
        np.testing.assert_array_equal(attributed(one)[..., 0], attributed(whole)[..., column])
        for own, shared in zip(one.windows, whole.windows, strict=True):
            assert own.lost is not None and shared.lost is not None
            assert own.lost[0] == shared.lost[column]


def test_threads_side_by_side_say_what_one_says() -> None:
    alone, together = (base_effects(replace(MODEL, threads=threads), dna(70)) for threads in (1, 2))
    # Not to the bit: PyTorch orders its sums by the number of threads that share one operation.
    np.testing.assert_allclose(alone.changes, together.changes, rtol=0, atol=1e-6)
    np.testing.assert_allclose(attributed(alone), attributed(together), rtol=0, atol=1e-5)


def guanines(sequences: list[str]) -> NDArray[np.float64]:
    return np.array([[bases.count("G") / 2] for bases in sequences])


def test_a_model_of_ones_own_is_mutated_whole_and_attributed_nothing() -> None:
    sequence = dna(300)
    found = base_effects(AskedModel(guanines, (0,), ("mine",)), sequence)
    is_g = np.array([letter == "G" for letter in sequence.bases])
    assert (found.changes[is_g][:, [0, 1, 3], 0] == -0.5).all() and (found.changes[~is_g][:, 2, 0] == 0.5).all()
    assert found.contributions is None and found.windows[0].lost is None and len(found.windows) == 1


def test_scores_of_another_shape_are_refused() -> None:
    with pytest.raises(ModelError, match=r"found scores of shape \(64,\) for 64 sequences, expected \(64, 1\)"):
        base_effects(AskedModel(lambda asked: np.zeros(len(asked)), (0,), ("mine",)), dna(60))
    with pytest.raises(ModelError, match=r"expected \(64, 2\)"):
        base_effects(AskedModel(guanines, (0, 1), ("mine", "other")), dna(60))
