"""A card as HTML, for a notebook. Everything in it is escaped."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from cistrace.cards.card import Card
from cistrace.motifs.hit import MotifHit

WIDTH, HEIGHT = 600, 34  # of the drawing, pixels
_RAISES, _LOWERS, _NEITHER = "#b2182b", "#2166ac", "#888888"


def card_html(card: Card) -> str:
    """Composition, evidence and tags in words, the hits drawn along the sequence, and a table of them."""
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
    if card.evidence is not None:
        seen = card.evidence
        facts.append(f"estimate {seen.estimate:+.2f} (raising {seen.raising:+.2f}, lowering {seen.lowering:+.2f})")
    tags = "".join(f"<li>{escape(render_tag(tag))}</li>" for tag in card.tags)
    return (
        f"<div><b>Card</b> {escape(card.cell_type)}: {escape(', '.join(facts))}"
        f"{_drawing(card)}{html_table(_HEADER, map(_cells, range(1, len(card.hits) + 1), card.hits))}"
        f"{f'<ul>{tags}</ul>' if tags else ''}</div>"
    )


_HEADER = ("", "TF", "matrix", "families", "place", "strand", "score", "p-value", "contribution")


def _cells(number: int, hit: MotifHit) -> tuple[str, ...]:
    return (
        f"m{number}", hit.name, hit.matrix_id, ", ".join(sorted(hit.families)), f"{hit.start + 1}-{hit.end}",
        hit.strand, f"{hit.score:.2f}", "" if hit.p_value is None else f"{hit.p_value:.1e}",
        "" if hit.contribution is None else f"{hit.contribution:+.2f}",
    )  # fmt: skip


def html_table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of texts, escaped."""
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _drawing(card: Card) -> str:
    """Hits as boxes over (+ strand) and under (- strand) a line: red raises the activity, blue lowers it."""
    scale = WIDTH / max(1, len(card.bases))
    boxes = []
    for hit in reversed(card.hits):  # the strongest last, on top
        value = hit.contribution or 0.0
        colour = _RAISES if value > 0 else _LOWERS if value < 0 else _NEITHER
        title = escape(f"{hit.name} {hit.start + 1}-{hit.end} {hit.strand}")
        boxes.append(
            f'<rect x="{hit.start * scale:.1f}" y="{3 if hit.strand == "+" else 19}" width="{hit.width * scale:.1f}" '
            f'height="12" fill="{colour}" fill-opacity="0.6"><title>{title}</title></rect>'
        )
    line = f'<line x1="0" y1="17" x2="{WIDTH}" y2="17" stroke="{_NEITHER}"/>'
    return f'<svg width="{WIDTH}" height="{HEIGHT}" style="display:block">{line}{"".join(boxes)}</svg>'
