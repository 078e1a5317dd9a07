"""Cards as text: the paper's layout, and the same layout with evidence; both parse back.

Positions are 1-based inclusive. The evidence layout adds lines to the context and fields to each
motif; a card without evidence renders exactly in the paper's layout (R3LM, Duan et al. 2026):

    Context:
    - Cell Type: K562
    - GC Content: 0.455
    - Grammar Tags: homotypic Ets-related m1 m4 m7 (88 bp)

    Identified Motifs:
    - ELK1 (Family: Ets-related, Score: 14.21, Strand: +, Pos: 45-55)

    DNA Sequence:
    ACGT... (Total Length: 200)
"""

from __future__ import annotations

import re
from typing import cast

from cistrace.cards.card import Card, Evidence, GrammarTag, GrammarTagKind, TfEffect
from cistrace.cards.composition import composition
from cistrace.cards.grammar import family_label
from cistrace.errors import CardError
from cistrace.motifs.hit import MotifHit

_TAG = re.compile(r"(?P<kind>homotypic|pair|cluster)(?P<label>.*?)(?P<hits>(?: m\d+)+) \((?P<distance>\d+) bp\)")
_HIT = re.compile(
    r"- (?P<name>.+) \(Family: (?P<families>.+), Score: (?P<score>-?[\d.]+), Strand: (?P<strand>[+-]), "
    r"Pos: (?P<start>\d+)-(?P<end>\d+)(?:, Matrix: (?P<matrix>\S+), P: (?P<p>\S+)"
    r"(?:, Contribution: (?P<contribution>[+-][\d.]+))?(?:, Known Effect: (?P<effect>[+-][\d.]+) "
    r"\(SE (?P<error>[\d.]+)\))?)?\)"
)
_EVIDENCE = re.compile(r"(?P<value>[+-][\d.]+) by (?P<source>.+)")


def render_card(card: Card) -> str:
    """The card as text.

    Parameters
    ----------
    card : Card

    Returns
    -------
    str
        Without a final line break.
    """
    lines = ["Context:", f"- Cell Type: {card.cell_type}", f"- GC Content: {card.composition.gc:.3f}"]
    if card.evidence is not None or any(hit.matrix_id for hit in card.hits):
        lines += [
            f"- CpG Observed/Expected: {card.composition.cpg:.2f}",
            f"- Low Complexity: {card.composition.low_complexity:.2f}",
            f"- Ambiguous Letters: {card.composition.ambiguous}",
        ]
    if card.tags:
        lines.append("- Grammar Tags: " + ", ".join(render_tag(tag) for tag in card.tags))
    if card.evidence is not None:
        lines += [
            f"- First Estimate: {card.evidence.estimate:+.2f} by {card.evidence.source}",
            f"- Raising Motifs: {card.evidence.raising:+.2f}",
            f"- Lowering Motifs: {card.evidence.lowering:+.2f}",
        ]
    lines += ["", "Identified Motifs:"]
    lines += [_render_hit(hit, effect) for hit, effect in zip(card.hits, card.effects, strict=True)]
    lines += ["", "DNA Sequence:", f"{card.bases} (Total Length: {len(card.bases)})"]
    return "\n".join(lines)


def render_tag(tag: GrammarTag) -> str:
    """`homotypic Ets-related m1 m4 m7 (88 bp)`; hits are numbered from 1 in the card's order."""
    label = f" {tag.label}" if tag.label else ""
    members = "".join(f" m{index + 1}" for index in tag.hits)
    return f"{tag.kind}{label}{members} ({tag.distance} bp)"


def _render_hit(hit: MotifHit, effect: TfEffect | None) -> str:
    text = (
        f"- {hit.name} (Family: {family_label(hit.families)}, Score: {hit.score:.2f}, "
        f"Strand: {hit.strand}, Pos: {hit.start + 1}-{hit.end}"
    )
    if hit.matrix_id:
        text += f", Matrix: {hit.matrix_id}, P: {hit.p_value:.2e}"
    if hit.contribution is not None:
        text += f", Contribution: {hit.contribution:+.2f}"
    if effect is not None:
        text += f", Known Effect: {effect.effect:+.3f} (SE {effect.standard_error:.3f})"
    return text + ")"


def parse_card(text: str) -> Card:
    """Read a card back from `render_card`'s text.

    Parameters
    ----------
    text : str

    Returns
    -------
    Card

    Raises
    ------
    CardError
        A line that no card has, or a figure that disagrees with the bases.
    """
    context, motifs, bases = _sections(text)
    parsed = [_parse_hit(line) for line in motifs]
    gc = context.get("GC Content")
    measured = composition(bases)
    if gc != f"{measured.gc:.3f}":
        raise CardError(f"card: found GC Content {gc}, expected {measured.gc:.3f} from its DNA sequence")
    if "Cell Type" not in context:
        raise CardError("card: found no Cell Type line, expected '- Cell Type: NAME' under Context")
    tags = tuple(_parse_tag(match) for match in _TAG.finditer(context.get("Grammar Tags", "")))
    return Card(
        bases,
        context["Cell Type"],
        measured,
        tuple(hit for hit, _ in parsed),
        tags,
        tuple(effect for _, effect in parsed),
        _parse_evidence(context),
    )


def _sections(text: str) -> tuple[dict[str, str], list[str], str]:
    parts = re.fullmatch(
        r"Context:\n(?P<context>(?:- .+\n)*)\nIdentified Motifs:\n(?P<motifs>(?:- .+\n)*)\n"
        r"DNA Sequence:\n(?P<bases>[A-Z]+) \(Total Length: (?P<length>\d+)\)\s*",
        text,
    )
    if parts is None:
        raise CardError(
            "card: found text in another layout, expected the sections Context, Identified Motifs and "
            "DNA Sequence as `cistrace card --format text` writes them"
        )
    if len(parts["bases"]) != int(parts["length"]):
        raise CardError(f"card: found {len(parts['bases'])} bases, expected its Total Length {parts['length']}")
    context = dict(line[2:].split(": ", 1) for line in parts["context"].split("\n")[:-1])
    return context, parts["motifs"].split("\n")[:-1], parts["bases"]


def _parse_hit(line: str) -> tuple[MotifHit, TfEffect | None]:
    match = _HIT.fullmatch(line)
    if match is None:
        raise CardError(
            f"card: found motif line {line!r}, expected '- NAME (Family: F, Score: 9.99, Strand: +, Pos: 1-9...)'"
        )
    families = frozenset() if match["families"] == "no family" else frozenset(match["families"].split("; "))
    hit = MotifHit(
        match["matrix"] or "",
        match["name"],
        families,
        int(match["start"]) - 1,
        int(match["end"]),
        "+" if match["strand"] == "+" else "-",
        float(match["score"]),
        float(match["p"]) if match["p"] else None,
        float(match["contribution"]) if match["contribution"] else None,
    )
    return hit, TfEffect(float(match["effect"]), float(match["error"])) if match["effect"] else None


def _parse_tag(match: re.Match[str]) -> GrammarTag:
    hits = tuple(int(word[1:]) - 1 for word in match["hits"].split())
    return GrammarTag(cast(GrammarTagKind, match["kind"]), hits, match["label"].strip(), int(match["distance"]))


def _parse_evidence(context: dict[str, str]) -> Evidence | None:
    if "First Estimate" not in context:
        return None
    estimate = _EVIDENCE.fullmatch(context["First Estimate"])
    try:
        if estimate is None:
            raise ValueError(context["First Estimate"])
        return Evidence(
            estimate["source"],
            float(estimate["value"]),
            float(context["Raising Motifs"]),
            float(context["Lowering Motifs"]),
        )
    except (KeyError, ValueError) as error:
        raise CardError(
            f"card: evidence lines are incomplete ({error}), expected estimate, raising, lowering"
        ) from None
