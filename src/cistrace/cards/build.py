"""Build a card: hits, composition, grammar tags, what is known of each TF, a model's evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cistrace.cards.card import Card, Evidence, TfEffect
from cistrace.cards.composition import composition
from cistrace.cards.evidence import SequenceEvidence
from cistrace.cards.grammar import grammar_tags
from cistrace.cards.known_effects import KnownEffects
from cistrace.errors import CardError
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


def make_card(
    bases: str,
    cell_type: str,
    hits: Sequence[MotifHit],
    evidence: SequenceEvidence | None,
    column: int,
    known_effects: KnownEffects | None,
    source: str = "towers",
) -> Card:
    """The card of a sequence in one cell type: with evidence and known effects, or the paper's where either lacks.

    Parameters
    ----------
    bases : str
        Upper-case.
    cell_type : str
    hits : sequence of MotifHit
        Those that survive overlaps, in the order of the contributions.
    column : int
        Of the cell type in the evidence.
    source : str
        What the card calls its evidence.

    Raises
    ------
    CardError
        Contributions of other hits.
    """
    if evidence is None or known_effects is None:
        return paper_card(bases, cell_type, hits)
    values = evidence.contributions[:, column].tolist()
    if len(values) != len(hits):
        raise CardError(
            f"evidence: found {len(values)} contributions, expected {len(hits)}, one a hit; it was made with another "
            "motif library or scanner; make it again"
        )
    evident = [replace(hit, contribution=value) for hit, value in zip(hits, values, strict=True)]
    estimate = float(evidence.estimates[column])
    return build_card(bases, cell_type, evident, known_effects.of(cell_type), estimate, source)


def build_card(
    bases: str,
    cell_type: str,
    hits: Sequence[MotifHit],
    known: Mapping[str, TfEffect] | None = None,
    estimate: float | None = None,
    source: str = "towers",
) -> Card:
    """Assemble one card with evidence.

    Parameters
    ----------
    bases : str
        Upper-case.
    cell_type : str
    hits : sequence of MotifHit
        Already reduced by `best_of_family`, so that evidence can be asked for the kept hits alone;
        with contributions where evidence was asked for.
    known : mapping of TF name to TfEffect in this cell type
    estimate : float or None
        The evidence model's activity in this cell type, log2(RNA/DNA); None leaves evidence out.
    source : str
        What the card calls its evidence: an `EvidenceKind`, or the name of another model.

    Returns
    -------
    Card
        Figures rounded as a card states them.
    """
    kept = tuple(stated(hit) for hit in hits)
    effects = tuple(_stated_effect((known or {}).get(hit.name)) for hit in kept)
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
    """The card as the paper has it: no evidence, no known effects, no matrix ids or p-values."""
    kept = tuple(replace(stated(hit), matrix_id="", p_value=None, contribution=None) for hit in best_of_family(hits))
    return Card(bases, cell_type, composition(bases), kept, grammar_tags(kept), (None,) * len(kept), None)
