"""Build a card: hits, sites, composition, grammar tags, what is known of each TF, a model's score as a ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cistrace.cards.backdrop import CompositionLine
from cistrace.cards.card import Card, CardLedger, CardSite, Composition, Interplay, TfEffect
from cistrace.cards.composition import composition
from cistrace.cards.evidence import SequenceEvidence
from cistrace.cards.found import FoundMotifs
from cistrace.cards.grammar import Placed, grammar_tags
from cistrace.cards.sites import Site
from cistrace.errors import CardError
from cistrace.motifs.archetypes import name_of
from cistrace.motifs.hit import MotifHit
from cistrace.motifs.overlap import best_of_family

LEAST_INTERPLAY = 0.20  # log2 units from which on two sites are worth clearly more or less than their amounts
MOST_OTHERS = 5  # further factors that are listed behind a site's
LARGEST = 9.99  # log2 units that a card can state


@dataclass(frozen=True)
class CellSetting:
    """What the evidence cards of one cell type share.

    Attributes
    ----------
    cell_type : str
    known : mapping of TF name to TfEffect
    line : CompositionLine
        Of backdrops in this cell type.
    level : callable
        The level, 0-3, of an activity in log2(RNA/DNA).
    """

    cell_type: str
    known: Mapping[str, TfEffect]
    line: CompositionLine
    level: Callable[[float], int]


def stated(hit: MotifHit) -> MotifHit:
    """The hit at the precision a card states: score 2 decimals, p-value 3 digits."""
    p_value = None if hit.p_value is None else _three_digits(hit.p_value)
    return replace(hit, score=round(hit.score, 2), p_value=p_value)


def evidence_card(
    bases: str, found: FoundMotifs, evidence: SequenceEvidence, column: int, setting: CellSetting,
    source: str = "towers",
) -> Card:  # fmt: skip
    """The card of a sequence in one cell type, with its ledger.

    Parameters
    ----------
    bases : str
        Upper-case.
    evidence : SequenceEvidence
        Of the sites found.
    column : int
        Of the cell type in the evidence.
    source : str
        What the card calls its evidence: an `EvidenceKind`, or the name of another model.

    Raises
    ------
    CardError
        Evidence of other sites, or a score that no card can state.
    """
    if max(evidence.told, default=-1) >= len(found.sites):
        raise CardError(
            f"evidence: found an amount of site {max(evidence.told) + 1} of {len(found.sites)}; it was made with "
            "another motif library or scanner; make it again"
        )
    measured = composition(bases)
    amounts, interplay = _told(evidence, column)
    order = sorted(range(len(amounts)), key=lambda at: (-abs(amounts[at]), evidence.told[at]))
    told = [_card_site(found.sites[evidence.told[at]], amounts[at], setting) for at in order]
    rest = [_card_site(one, None, setting) for at, one in enumerate(found.sites) if at not in evidence.told]
    sites = (*told, *rest)
    joined = None
    if interplay is not None and evidence.pair is not None:
        first, second = sorted(order.index(place) for place in evidence.pair)
        joined = Interplay((first, second), interplay)
    ledger = _ledger(evidence, column, setting, measured, joined, source)
    tags = grammar_tags([Placed(one.start, one.end, one.archetype) for one in sites])
    return Card(bases, setting.cell_type, measured, tuple(map(stated, found.hits)), sites, tags, ledger)


def _told(evidence: SequenceEvidence, column: int) -> tuple[list[float], float | None]:
    """Amounts of the sites told, and the interplay of the pair, taken out of theirs where it is clearly not nothing."""
    amounts = evidence.amounts[:, column].astype(np.float64)
    interplay = float(evidence.interplay[column])
    if evidence.pair is None or abs(interplay) < LEAST_INTERPLAY:
        return [_signed(value) for value in amounts.tolist()], None
    amounts[list(evidence.pair)] -= interplay / 2
    return [_signed(value) for value in amounts.tolist()], _signed(interplay)


def _ledger(
    evidence: SequenceEvidence, column: int, setting: CellSetting, measured: Composition, joined: Interplay | None,
    source: str,
) -> CardLedger:  # fmt: skip
    foretold, total = _signed(setting.line.of(measured)), _signed(float(evidence.estimates[column]))
    bases = _signed(float(evidence.backdrops[column]) - foretold)
    return CardLedger(source, foretold, bases, joined, total, setting.level(total))


def _card_site(site: Site, amount: float | None, setting: CellSetting) -> CardSite:
    hit = stated(site.hit)
    effect = setting.known.get(hit.name)
    return CardSite(
        tf=site.symbol,
        archetype=site.archetype,
        matrix_id=hit.matrix_id,
        start=site.start,
        end=site.end,
        strand=hit.strand,
        score=hit.score,
        p_value=1.0 if hit.p_value is None else hit.p_value,
        others=site.other_symbols[:MOST_OTHERS],
        amount=amount,
        effect=None if effect is None else _stated_effect(effect),
    )


def _stated_effect(effect: TfEffect) -> TfEffect:
    return TfEffect(round(effect.effect, 3) + 0.0, round(effect.standard_error, 3))


def _three_digits(value: float) -> float:
    return float(f"{value:.2e}")


def _signed(value: float) -> float:
    """Two decimals, and no negative zero.

    Raises
    ------
    CardError
        Beyond what a card can state.
    """
    if not abs(value) <= LARGEST:
        raise CardError(
            f"evidence: found {value:.4g} log2 units, expected at most {LARGEST} either way; give activities in "
            "log2(RNA/DNA)"
        )
    return round(value, 2) + 0.0


def paper_card(bases: str, cell_type: str, hits: Sequence[MotifHit]) -> Card:
    """The card as the paper has it: no evidence, no known effects, no matrix ids or p-values.

    Parameters
    ----------
    bases : str
        Upper-case.
    cell_type : str
    hits : sequence of MotifHit
        On both strands; of hits of one family that overlap the best is kept.

    Returns
    -------
    Card
        Without sites and ledger.
    """
    best = best_of_family(hits)
    placed = [Placed(hit.start, hit.end, name_of(hit.matrix_id, hit.name).archetype) for hit in best]
    kept = tuple(replace(stated(hit), matrix_id="", p_value=None) for hit in best)
    return Card(bases, cell_type, composition(bases), kept, (), grammar_tags(placed))
