"""Hypothesis strategies for hits and cards."""

from __future__ import annotations

from hypothesis import strategies as st

from cistrace.cards.build import build_card
from cistrace.cards.card import Card, TfEffect
from cistrace.motifs.hit import MotifHit
from cistrace.motifs.overlap import best_of_family

FAMILIES = ("Ets-related", "FOX", "C4-GATA-related", "Fos-related", "Jun-related", "RXR-related receptors (NR2)")
TFS = ("ELK1", "FOXA1", "GATA1", "FOS::JUN", "HNF4A", "CTCF")

CUTS = (-0.5, 0.0, 0.7)

bases = st.text("ACGT", min_size=20, max_size=200)


def hit(name: str, start: int, end: int, score: float, *families: str) -> MotifHit:
    return MotifHit("MA0001.1", name, frozenset(families), start, end, "+", score, 1e-6)


@st.composite
def hits(draw: st.DrawFn, length: int) -> MotifHit:
    width = draw(st.integers(5, min(20, length)))
    start = draw(st.integers(0, length - width))
    return MotifHit(
        draw(st.sampled_from(["MA0001.1", "MA0002.3"])),
        draw(st.sampled_from(TFS)),
        draw(st.frozensets(st.sampled_from(FAMILIES), max_size=2)),
        start,
        start + width,
        draw(st.sampled_from("+-")),
        draw(st.floats(5, 30)),
        draw(st.floats(1e-9, 5e-5)),
        draw(st.floats(-3, 3)),
    )


@st.composite
def cards(draw: st.DrawFn) -> Card:
    """Evidence cards as `build_card` makes them."""
    sequence = draw(bases)
    found = best_of_family(draw(st.lists(hits(len(sequence)), max_size=15)))
    known = {tf: TfEffect(0.21, 0.05) for tf in draw(st.sets(st.sampled_from(TFS)))}
    return build_card(sequence, "K562", found, known, draw(st.floats(-4, 6)))


def an_evidence_card() -> Card:
    """Two hits, one of them known, in 200 bp of GC content 0.500."""
    found = [
        MotifHit("MA0028.3", "ELK1", frozenset({"Ets-related"}), 10, 20, "+", 14.2, 1e-6, 0.41),
        MotifHit("MA0148.5", "FOXA1", frozenset({"FOX"}), 40, 52, "-", 12.0, 2e-6, -0.20),
    ]
    return build_card("ACGTTGCATC" * 20, "K562", found, {"ELK1": TfEffect(0.3, 0.05)}, 0.53)
