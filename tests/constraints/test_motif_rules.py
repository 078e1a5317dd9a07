"""Named motifs: which matrices a name means, their hits, and the edits to one."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cistrace.constraints.motif_rules import MotifFinder, edits_to_hit, named_motifs
from cistrace.constraints.words import hit_words
from cistrace.errors import ConstraintError
from cistrace.motifs.scanner import site_scanner


def test_a_name_means_all_its_matrices_and_an_id_one() -> None:
    by_name = named_motifs("hnf4a")
    assert {motif.name for motif in by_name} == {"HNF4A"} and len(by_name) > 1
    (by_id,) = named_motifs(by_name[0].matrix_id)
    assert by_id is by_name[0]


def test_a_name_that_nothing_has_is_refused_with_the_nearest() -> None:
    with pytest.raises(
        ConstraintError, match=re.escape("found 'HNF4AA', expected a TF or matrix id of JASPAR2026; did")
    ):
        named_motifs("HNF4AA")


def test_hits_are_those_that_sites_of_a_card_have() -> None:
    generator = np.random.default_rng(1)
    sequences = ["".join(generator.choice(list("ACGT"), 200)) for _ in range(200)]
    names = ["HNF4A", "GATA1", "CREB1"]
    wanted = [{motif.matrix_id for motif in named_motifs(name)} for name in names]
    expected = [
        [len({(hit.start, hit.end) for hit in hits if hit.matrix_id in ids}) for ids in wanted]
        for hits in site_scanner().scan(sequences)
    ]
    assert sum(map(sum, expected)) > 5
    assert MotifFinder(names).counts(sequences).tolist() == expected


@settings(max_examples=30)
@given(st.text("ACGT", min_size=20, max_size=40), st.sampled_from(["HNF4A", "GATA1", "SP1"]))
def test_a_sequence_has_a_hit_where_no_edit_is_missing(bases: str, name: str) -> None:
    has = bool(MotifFinder([name]).counts([bases])[0, 0])
    assert (edits_to_hit(bases, named_motifs(name)) == 0) == has


def test_a_hit_with_two_wrong_bases_is_two_edits_away() -> None:
    (motif,) = named_motifs("GATA1")[:1]
    (word,) = hit_words(motif, 1)
    changed = {"A": "C", "C": "A", "G": "T", "T": "G"}
    planted = "C" * 10 + changed[word[0]] + word[1:-1] + changed[word[-1]] + "C" * 10
    alone = [one for one in named_motifs("GATA1") if one is motif]
    assert edits_to_hit("C" * 10 + word + "C" * 10, alone) == 0
    assert edits_to_hit(planted, alone) == 2


def test_a_motif_that_does_not_fit_costs_every_base() -> None:
    assert edits_to_hit("ACGT", named_motifs("CTCF")) == 4


@pytest.mark.parametrize("name", ["GATA1", "CREB1", "IRF1"])
def test_words_of_a_motif_are_hits_by_falling_score(name: str) -> None:
    for motif in named_motifs(name):
        words = hit_words(motif, 50)
        assert len(set(words)) == len(words) > 0
        hits = MotifFinder([motif.matrix_id]).hits(words)
        scores = [max(hit.score for hit in found) for found in hits]
        assert scores == sorted(scores, reverse=True)


def test_words_are_complete() -> None:
    (motif,) = (one for one in named_motifs("CREB1") if one.width == 8)
    every = ["".join("ACGT"[number >> 2 * place & 3] for place in range(8)) for number in range(4**8)]
    finder = MotifFinder([motif.matrix_id])
    forward = {
        word for word, hits in zip(every, finder.hits(every)) if any(hit.strand == "+" for hit in hits)
    }  # fmt: skip
    assert set(hit_words(motif, 4**8)) == forward
