"""Build a card: hits, composition, grammar tags, what is known of each TF, a sequence model's evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cistrace.cards.card import Card, Evidence, TfEffect
from cistrace.cards.composition import composition
from cistrace.cards.grammar import grammar_tags
from cistrace.motifs.hit import MotifHit
from cistrace.motifs.overlap import best_of_family


def stated(hit: MotifHit) -> MotifHit:
    """The hit at the precision a card states: score and contribution 2 decimals, p-value 3 digits."""
    p_value = None if hit.p_value is None else float(f"{hit.p_value:.2e}")
    contribution = None if hit.contribution is None else _signed(hit.contribution)
    return replace(hit, score=round(hit.score, 2), p_value=p_value, contribution=contribution)


def _signed(value: float) -> float:
    """Two decimals within +-9.99, and no negative zero."""
    return round(min(9.99, max(-9.99, value)), 2) + 0.0


def build_card(
    bases: str,
    cell_type: str,
    hits: Sequence[MotifHit],
    knowledge: Mapping[str, TfEffect] | None = None,
    estimate: float | None = None,
    source: str = "tower",
) -> Card:
    """Assemble one card with evidence.

    Parameters
    ----------
    bases : str
        Upper-case.
    hits : sequence of MotifHit
        Already reduced by `best_of_family`, so that evidence can be asked for the kept hits alone;
        with contributions where evidence was asked for.
    knowledge : mapping of TF name to TfEffect in this cell type
    estimate : float or None
        The evidence model's activity in this cell type, log2(RNA/DNA); None leaves evidence out.
    """
    kept = tuple(stated(hit) for hit in hits)
    known = knowledge or {}
    effects = tuple(_stated_effect(known.get(hit.name)) for hit in kept)
    evidence = None if estimate is None else weigh(kept, estimate, source)
    return Card(bases, cell_type, composition(bases), kept, grammar_tags(kept), effects, evidence)


def _stated_effect(effect: TfEffect | None) -> TfEffect | None:
    if effect is None:
        return None
    return TfEffect(round(effect.effect, 3) + 0.0, round(effect.standard_error, 3))


def weigh(hits: Sequence[MotifHit], estimate: float, source: str) -> Evidence:
    """Sum stated contributions into raising and lowering beside the model's own estimate."""
    contributions = [hit.contribution or 0.0 for hit in hits]
    raising = sum(value for value in contributions if value > 0)
    lowering = sum(value for value in contributions if value < 0)
    return Evidence(source, _signed(estimate), _signed(raising), _signed(lowering))


def paper_card(bases: str, cell_type: str, hits: Sequence[MotifHit]) -> Card:
    """The card as the paper has it: no evidence, no knowledge, no matrix ids or p-values."""
    kept = tuple(replace(stated(hit), matrix_id="", p_value=None, contribution=None) for hit in best_of_family(hits))
    return Card(bases, cell_type, composition(bases), kept, grammar_tags(kept), (None,) * len(kept), None)
