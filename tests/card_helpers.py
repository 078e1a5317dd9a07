"""Hits, evidence and cards, by hand and as hypothesis strategies."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import product

import numpy as np
from hypothesis import strategies as st

from cistrace.cards.backdrop import NO_LINE, CompositionLine
from cistrace.cards.build import CellSetting, evidence_card
from cistrace.cards.card import Card, TfEffect
from cistrace.cards.evidence import MOST_TOLD, SequenceEvidence
from cistrace.cards.found import found_motifs
from cistrace.motifs.hit import STRANDS, MotifHit
from cistrace.traces.grounded import level_of

FAMILIES = ("Ets-related", "FOX", "C4-GATA-related", "Fos-related", "Jun-related", "RXR-related receptors (NR2)")
# Of the library, with their archetypes; the last is of nobody's library.
MATRICES = {
    "MA0028.3": ("ELK1", "ETS"),
    "MA0148.5": ("FOXA1", "FOX"),
    "MA0035.5": ("GATA1", "GATA"),
    "MA0099.4": ("FOS::JUN", "AP-1"),
    "MA0114.5": ("HNF4A", "HNF4"),
    "MA9999.1": ("CTCF", "CTCF"),
}
TFS = tuple(name for name, _ in MATRICES.values())

CUTS = (-0.5, 0.0, 0.7)


def thousandths(least: int, most: int) -> st.SearchStrategy[float]:
    return st.integers(least, most).map(lambda value: value / 1000)


_DNA = "".join(random.Random(0).choices("ACGT", k=500))
bases = st.builds(lambda start, length: _DNA[start : start + length], st.integers(0, 300), st.integers(20, 200))
# What amounts are: any, and those on which rounding turns.
amounts = thousandths(-800, 800) | st.sampled_from([0.0, -0.0, 0.004, -0.004, 0.005, -0.005, 0.15, -0.15])


def hit(name: str, start: int, end: int, score: float, *families: str) -> MotifHit:
    return MotifHit("MA0001.1", name, frozenset(families), start, end, "+", score, 1e-6)


_FAMILY_SETS = [frozenset[str](), *({one} for one in FAMILIES), set(FAMILIES[:2]), set(FAMILIES[3:5])]
_LOOKS = st.sampled_from(list(product(STRANDS, map(frozenset, _FAMILY_SETS), [1.2345e-9, 1e-7, 3.3e-6, 4.9996e-5])))


@st.composite
def hits(draw: st.DrawFn, length: int) -> MotifHit:
    width = draw(st.integers(5, min(20, length)))
    start = draw(st.integers(0, length - width))
    matrix_id = draw(st.sampled_from(sorted(MATRICES)))
    strand, families, p_value = draw(_LOOKS)
    score = draw(thousandths(5000, 30000))
    return MotifHit(matrix_id, MATRICES[matrix_id][0], families, start, start + width, strand, score, p_value)


def setting(
    known: Mapping[str, TfEffect] | None = None, line: CompositionLine = NO_LINE, cell_type: str = "K562"
) -> CellSetting:
    return CellSetting(cell_type, known or {}, line, partial(level_of, cuts=CUTS))


@st.composite
def sequence_evidence(draw: st.DrawFn, sites: int, cells: int = 1) -> SequenceEvidence:
    """Of a sequence with so many sites: backdrop, amounts and what the others are worth add up to the estimate."""
    told = draw(st.permutations(range(sites)))[: draw(st.integers(0, MOST_TOLD))]
    worth = np.array(
        draw(st.lists(st.lists(amounts, min_size=cells, max_size=cells), min_size=len(told), max_size=len(told))),
        dtype=np.float32,
    ).reshape(-1, cells)
    row = st.lists(amounts, min_size=cells, max_size=cells)
    backdrop, others, joined = (np.array(draw(row), dtype=np.float32) for _ in range(3))
    return SequenceEvidence(
        backdrop + worth.sum(axis=0) + others, backdrop, tuple(told), worth, (0, 1) if len(told) > 1 else None,
        joined if len(told) > 1 else np.zeros_like(joined),
    )  # fmt: skip


_EFFECTS = st.permutations([0.21, -0.3, 0.05, 0.0, 0.0, 0.11])


@st.composite
def cards(draw: st.DrawFn) -> Card:
    """Evidence cards as `evidence_card` makes them."""
    sequence = draw(bases)
    found = found_motifs(draw(st.lists(hits(len(sequence)), max_size=12)))
    known = {
        tf: TfEffect(draw(st.sampled_from([0.21, -0.3, 0.05])), 0.05) for tf in draw(st.sets(st.sampled_from(TFS)))
    }
    line = CompositionLine(draw(amounts), draw(amounts), draw(thousandths(-100, 100)))
    evidence = draw(sequence_evidence(len(found.sites)))
    return evidence_card(sequence, found, evidence, 0, setting(known, line))


def a_told_card(
    sequence: str,
    hits: Sequence[MotifHit],
    amounts: Sequence[float],
    backdrop: float,
    total: float,
    known: Mapping[str, TfEffect] | None = None,
    line: CompositionLine = NO_LINE,
    interplay: float = 0.0,
    cell_type: str = "K562",
) -> Card:
    """Of given amounts, of the first sites by rising start; `interplay` of the first two."""
    found = found_motifs(hits)
    column = np.array(amounts, dtype=np.float32)[:, None].reshape(-1, 1)
    evidence = SequenceEvidence(
        np.array([total], np.float32), np.array([backdrop], np.float32), tuple(range(len(amounts))), column,
        (0, 1) if len(amounts) > 1 else None, np.array([interplay], np.float32),
    )  # fmt: skip
    return evidence_card(sequence, found, evidence, 0, setting(known, line, cell_type))


def an_evidence_card() -> Card:
    """Two sites, one of a factor with a known effect, in 200 bp of GC content 0.500: -0.05 + 0.30, +0.41, -0.20, rest
    +0.07 make +0.53."""
    found = [
        MotifHit("MA0028.3", "ELK1", frozenset({"Ets-related"}), 10, 20, "+", 14.2, 1e-6),
        MotifHit("MA0148.5", "FOXA1", frozenset({"FOX"}), 40, 52, "-", 12.0, 2e-6),
    ]
    known = {"ELK1": TfEffect(0.3, 0.05)}
    line = CompositionLine(-0.55, 1.0, 0.0)
    return a_told_card("ACGTTGCATC" * 20, found, [0.41, -0.2], 0.25, 0.53, known, line)
