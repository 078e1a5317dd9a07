"""How the parts of a card must fit one another, whatever it was read from."""

from __future__ import annotations

from itertools import pairwise

from cistrace.cards.card import Card


def disagreement(card: Card) -> str:
    """What no field alone can show: places outside the bases, sites that share any, members that are not there.

    Empty where there is none.
    """
    return _places(card) or _shared_bases(card) or _members(card)


def _places(card: Card) -> str:
    places = [(f"hits[{number}]", hit.start, hit.end) for number, hit in enumerate(card.hits)]
    places += [(f"sites[{number}]", site.start, site.end) for number, site in enumerate(card.sites)]
    for name, start, end in places:
        if not 0 <= start < end <= len(card.bases):
            return f"{name}: found {start} to {end}, expected a stretch of its {len(card.bases)} bases"
    return ""


def _shared_bases(card: Card) -> str:
    for site, later in pairwise(sorted(card.sites, key=lambda site: site.start)):
        if later.start < site.end:
            return f"sites: found {site.start} to {site.end} and {later.start} to {later.end}, expected no shared base"
    return ""


def _members(card: Card) -> str:
    listed = len(card.hits if card.ledger is None else card.sites)
    for number, tag in enumerate(card.tags):
        if max(tag.members, default=0) >= listed:
            return f"tags[{number}].members: found {max(tag.members, default=0)}, expected places in its {listed}"
        if tag.kind == "pair" and len(set(tag.members)) != 2:
            return f"tags[{number}].members: found {list(tag.members)}, expected the two of a pair"
    if card.ledger is not None and card.ledger.interplay is not None:
        first, second = card.ledger.interplay.sites
        if not first < second < len(card.sites):
            return f"ledger.interplay.sites: found {first}, {second}, expected two places in its {len(card.sites)}"
    return ""
