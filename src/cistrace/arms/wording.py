"""What the language models that are fitted anew read: bare sequence, the paper's card, the evidence card; and both
cards once more in other words, for the place of a trace.

Scores of hits are told in whole bits, so that few words say them; else a card's text has all that the card has.
"""

from __future__ import annotations

import re
from typing import Literal, get_args

from cistrace.arms.words import spaced
from cistrace.cards.card import Card
from cistrace.cards.text import family_label, render_tag
from cistrace.traces.templates import THINK_BEGIN
from cistrace.writers.prompts import Prompt, domain_prompt

Family = Literal["sequence", "paper", "evidence"]
FAMILIES: tuple[Family, ...] = get_args(Family)
MOST_TOLD = 8  # hits or sites of a paraphrase
_NO_WORD = re.compile(r"[^A-Za-z0-9]+")


def sequence_words(bases: str, cell_type: str) -> Prompt:
    """The sequence alone, then the cell type."""
    return Prompt(f"dna {' '.join(bases)}", _asked(cell_type))


def card_words(family: Family, card: Card) -> Prompt:
    """A card as one family of arms reads it."""
    if family == "sequence":
        return sequence_words(card.bases, card.cell_type)
    if family == "evidence":
        told = domain_prompt(card)
        return Prompt(spaced(told.shared), spaced(told.own))
    tags = " ; ".join(spaced(render_tag(tag)) for tag in card.tags)
    hits = " ".join(
        f"m{at} : {spaced(hit.name)} {_NO_WORD.sub('_', family_label(hit.families))} {round(hit.score)} {hit.strand} "
        f"{hit.start + 1} {hit.end} ;"
        for at, hit in enumerate(card.hits, 1)
    )
    gc = spaced(f"{card.composition.gc:.3f}")
    return Prompt(f"GC {gc} {tags} motifs {hits} dna {' '.join(card.bases)}", _asked(card.cell_type))


def _asked(cell_type: str) -> str:
    return f"in {spaced(cell_type)} {THINK_BEGIN}"


def paraphrase(family: Family, card: Card) -> str:
    """What a card says first and foremost, in words that no trace uses, without a sum: a spaced text.

    The paper's card: its best hits. The evidence card: its largest amounts, what composition gives, and the whole.
    """
    if family == "paper":
        best = sorted(card.hits, key=lambda hit: -hit.score)[:MOST_TOLD]
        told = [f"bases {hit.start + 1} to {hit.end} match {hit.name}, {round(hit.score)} bits" for hit in best]
        return spaced(f"GC is {card.composition.gc:.3f}; " + "; ".join(told))
    if card.ledger is None:
        return spaced(f"GC is {card.composition.gc:.3f}")
    ledger = card.ledger
    sites = sorted((site for site in card.sites if site.amount), key=lambda site: -abs(site.amount or 0.0))[:MOST_TOLD]
    told = [f"from {site.start + 1} to {site.end} {site.tf} makes {site.amount:+.2f} of it" for site in sites]
    other = f"composition makes {ledger.composition:+.2f}, other bases {ledger.bases:+.2f}"
    return spaced("; ".join([*told, other, f"all of it is {ledger.total:+.2f}"]))
