"""A card as HTML, for a notebook. Everything in it is escaped."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from cistrace.cards.card import Card, CardSite
from cistrace.motifs.hit import MotifHit
from cistrace.plots.colours import LOWERS, NEITHER, RAISES

WIDTH, HEIGHT = 600, 34  # of the drawing, pixels


def card_html(card: Card) -> str:
    """Composition, ledger and tags in words; sites, or hits, drawn along the sequence and in a table."""
    # Deferred, so that a card's own module stays free of its texts.
    from cistrace.cards.text import render_tag

    composition = card.composition
    facts = [
        f"{len(card.bases):,} bp",
        f"GC {100 * composition.gc:.1f} %",
        f"CpG observed/expected {composition.cpg:.2f}",
        f"low complexity {100 * composition.low_complexity:.0f} %",
    ]
    if composition.ambiguous:
        facts.append(f"{composition.ambiguous} letters other than ACGT")
    if card.ledger is not None:
        backdrop = card.ledger.composition + card.ledger.bases
        facts.append(f"backdrop {backdrop:+.2f}, rest {card.rest:+.2f}, total {card.ledger.total:+.2f}")
    tags = "".join(f"<li>{escape(render_tag(tag))}</li>" for tag in card.tags)
    table = html_table(_HIT_HEADER, map(_hit_cells, range(1, len(card.hits) + 1), card.hits))
    if card.ledger is not None:
        table = html_table(_SITE_HEADER, map(_site_cells, range(1, len(card.sites) + 1), card.sites))
    return (
        f"<div><b>Card</b> {escape(card.cell_type)}: {escape(', '.join(facts))}{_drawing(card)}{table}"
        f"{f'<ul>{tags}</ul>' if tags else ''}</div>"
    )


_HIT_HEADER = ("", "TF", "families", "place", "strand", "score")
_SITE_HEADER = ("", "TF", "archetype", "matrix", "place", "strand", "score", "p-value", "amount", "others that fit")


def _hit_cells(number: int, hit: MotifHit) -> tuple[str, ...]:
    return (
        f"m{number}", hit.name, ", ".join(sorted(hit.families)), f"{hit.start + 1}-{hit.end}", hit.strand,
        f"{hit.score:.2f}",
    )  # fmt: skip


def _site_cells(number: int, site: CardSite) -> tuple[str, ...]:
    return (
        f"m{number}", site.tf, site.archetype, site.matrix_id, f"{site.start + 1}-{site.end}", site.strand,
        f"{site.score:.2f}", f"{site.p_value:.1e}", "" if site.amount is None else f"{site.amount:+.2f}",
        ", ".join(site.others),
    )  # fmt: skip


def html_table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of texts, escaped."""
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _drawing(card: Card) -> str:
    """Sites, or hits, as boxes over (+ strand) and under (- strand) a line: orange raises activity, blue lowers it."""
    scale = WIDTH / max(1, len(card.bases))
    boxes = []
    placed: list[tuple[str, CardSite | MotifHit, float]] = []
    placed += [(site.tf, site, site.amount or 0.0) for site in card.sites]
    placed = placed or [(hit.name, hit, 0.0) for hit in card.hits]
    for name, one, value in reversed(placed):  # the strongest last, on top
        colour = RAISES if value > 0 else LOWERS if value < 0 else NEITHER
        title = escape(f"{name} {one.start + 1}-{one.end} {one.strand}")
        boxes.append(
            f'<rect x="{one.start * scale:.1f}" y="{3 if one.strand == "+" else 19}" '
            f'width="{(one.end - one.start) * scale:.1f}" height="12" fill="{colour}" fill-opacity="0.6">'
            f"<title>{title}</title></rect>"
        )
    line = f'<line x1="0" y1="17" x2="{WIDTH}" y2="17" stroke="{NEITHER}"/>'
    return f'<svg width="{WIDTH}" height="{HEIGHT}" style="display:block">{line}{"".join(boxes)}</svg>'
