"""Cards as text: the paper's layout, and the same layout with sites and a ledger; both parse back.

Positions are 1-based inclusive. A card without evidence renders exactly in the paper's layout (R3LM, Duan et al. 2026):

    Context:
    - Cell Type: K562
    - GC Content: 0.455
    - Grammar Tags: homotypic ETS m1 m4 m7 (88 bp)

    Identified Motifs:
    - ELK1 (Family: Ets-related, Score: 14.21, Strand: +, Pos: 45-55)

    DNA Sequence:
    ACGT... (Total Length: 200)

An evidence card lists sites in the place of motifs, and its ledger in the context; hits stand in its JSON alone.
"""

from __future__ import annotations

import re
from typing import cast

from cistrace.cards.card import Card, CardLedger, CardSite, GrammarTag, GrammarTagKind, Interplay, TfEffect
from cistrace.cards.composition import composition
from cistrace.cards.consistency import disagreement
from cistrace.errors import CardError
from cistrace.motifs.hit import MotifHit, Strand

NO_FAMILY = "no family"
LONGEST_CARD, LONGEST_LINE = 200_000, 2_000
"""Characters that are read of a card's text, and of one site, hit or tag: what these patterns take rises faster than
that. Cards of 1,000 bp have a quarter of them."""

_TAG = re.compile(r"(?P<kind>homotypic|pair)(?P<label>.*?)(?P<members>(?: m\d+)+) \((?P<distance>\d+) bp\)")
_BETWEEN_TAGS = re.compile(r"(?<= bp\)), ")
_FIGURE, _SIGNED = r"-?\d+(?:\.\d+)?", r"[+-]\d+\.\d+"
_HIT = re.compile(
    rf"- (?P<name>.+) \(Family: (?P<families>.+), Score: (?P<score>{_FIGURE}), Strand: (?P<strand>[+-]), "
    r"Pos: (?P<start>\d+)-(?P<end>\d+)\)"
)
_SITE = re.compile(
    rf"- (?P<tf>.+) \(Archetype: (?P<archetype>.+), Score: (?P<score>{_FIGURE}), Strand: (?P<strand>[+-]), "
    r"Pos: (?P<start>\d+)-(?P<end>\d+), Matrix: (?P<matrix>\S+), P: (?P<p>\d\.\d\de[+-]\d+)"
    rf"(?:, Amount: (?P<amount>{_SIGNED}))?(?:, Known Effect: (?P<effect>{_SIGNED}) \(SE (?P<error>{_FIGURE})\))?"
    r"(?:, Others: (?P<others>.+))?\)"
)
_BACKDROP = re.compile(rf"{_SIGNED} \(GC and CpG (?P<composition>{_SIGNED}), other bases (?P<bases>{_SIGNED})\)")
_INTERPLAY = re.compile(rf"m(?P<first>\d+) m(?P<second>\d+) (?P<amount>{_SIGNED})")
_TOTAL = re.compile(rf"(?P<total>{_SIGNED}) by (?P<source>.+), level (?P<level>[0-3])")


def family_label(families: frozenset[str]) -> str:
    """Families as one text, sorted: `Fos-related; Jun-related`, or `no family`."""
    return "; ".join(sorted(families)) or NO_FAMILY


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
    measured = card.composition
    lines = ["Context:", f"- Cell Type: {card.cell_type}", f"- GC Content: {measured.gc:.3f}"]
    if card.ledger is not None:
        lines += [
            f"- CpG Observed/Expected: {measured.cpg:.2f}",
            f"- Low Complexity: {measured.low_complexity:.2f}",
            f"- Ambiguous Letters: {measured.ambiguous}",
        ]
    if card.tags:
        lines.append("- Grammar Tags: " + ", ".join(render_tag(tag) for tag in card.tags))
    if card.ledger is None:
        lines += ["", "Identified Motifs:", *map(_render_hit, card.hits)]
    else:
        lines += [*_ledger_lines(card, card.ledger), "", "Identified Sites:", *map(_render_site, card.sites)]
    return "\n".join([*lines, "", "DNA Sequence:", f"{card.bases} (Total Length: {len(card.bases)})"])


def render_tag(tag: GrammarTag) -> str:
    """`homotypic ETS m1 m4 m7 (88 bp)`; members are numbered from 1 in the card's order."""
    members = "".join(f" m{index + 1}" for index in tag.members)
    return f"{tag.kind} {tag.label}{members} ({tag.distance} bp)"


def _ledger_lines(card: Card, ledger: CardLedger) -> list[str]:
    backdrop = ledger.composition + ledger.bases
    lines = [f"- Backdrop: {backdrop:+.2f} (GC and CpG {ledger.composition:+.2f}, other bases {ledger.bases:+.2f})"]
    if ledger.interplay is not None:
        first, second = ledger.interplay.sites
        lines.append(f"- Interplay: m{first + 1} m{second + 1} {ledger.interplay.amount:+.2f}")
    return [
        *lines,
        f"- Rest: {card.rest:+.2f}",
        f"- Total: {ledger.total:+.2f} by {ledger.source}, level {ledger.level}",
    ]


def _render_hit(hit: MotifHit) -> str:
    return (
        f"- {hit.name} (Family: {family_label(hit.families)}, Score: {hit.score:.2f}, "
        f"Strand: {hit.strand}, Pos: {hit.start + 1}-{hit.end})"
    )


def _render_site(site: CardSite) -> str:
    text = (
        f"- {site.tf} (Archetype: {site.archetype}, Score: {site.score:.2f}, Strand: {site.strand}, "
        f"Pos: {site.start + 1}-{site.end}, Matrix: {site.matrix_id}, P: {site.p_value:.2e}"
    )
    if site.amount is not None:
        text += f", Amount: {site.amount:+.2f}"
    if site.effect is not None:
        text += f", Known Effect: {site.effect.effect:+.3f} (SE {site.effect.standard_error:.3f})"
    if site.others:
        text += f", Others: {' '.join(site.others)}"
    return text + ")"


def parse_card(text: str) -> Card:
    """Read a card back from `render_card`'s text; of an evidence card all but its hits.

    Parameters
    ----------
    text : str

    Returns
    -------
    Card

    Raises
    ------
    CardError
        A line that no card has, or a figure that disagrees with the others or with the bases.
    """
    context, kind, listed, bases = _sections(text)
    if "Cell Type" not in context:
        raise CardError("card: found no Cell Type line, expected '- Cell Type: NAME' under Context")
    cell_type, measured = context["Cell Type"], composition(bases)
    tags = tuple(map(_parse_tag, _BETWEEN_TAGS.split(context["Grammar Tags"]))) if "Grammar Tags" in context else ()
    if kind == "Motifs":
        card = Card(bases, cell_type, measured, tuple(map(_parse_hit, listed)), (), tags)
    else:
        card = Card(bases, cell_type, measured, (), tuple(map(_parse_site, listed)), tags, _parse_ledger(context))
    expected = _sections(render_card(card))[0]
    for name in {**expected, **context}:
        if context.get(name) != expected.get(name):
            raise CardError(
                f"card: found {name} {context.get(name, 'nowhere')}, expected {expected.get(name, 'no such line')}, as "
                "the rest of the card has it"
            )
    if fault := disagreement(card):
        raise CardError(f"card: {fault}")
    return card


def _sections(text: str) -> tuple[dict[str, str], str, list[str], str]:
    if len(text) > LONGEST_CARD:
        raise CardError(f"card: found {len(text):,} characters, expected at most {LONGEST_CARD:,}; give one card")
    parts = re.fullmatch(
        r"Context:\n(?P<context>(?:- .+\n)*)\nIdentified (?P<kind>Motifs|Sites):\n(?P<listed>(?:- .+\n)*)\n"
        r"DNA Sequence:\n(?P<bases>[A-Z]+) \(Total Length: (?P<length>\d+)\)\s*",
        text,
    )
    if parts is None:
        raise CardError(
            "card: found text in another layout, expected the sections Context, Identified Motifs (or Sites) and "
            "DNA Sequence as `cistrace card --format text` writes them"
        )
    if len(parts["bases"]) != int(parts["length"]):
        raise CardError(f"card: found {len(parts['bases'])} bases, expected its Total Length {parts['length']}")
    named = [line[2:].partition(": ") for line in parts["context"].split("\n")[:-1]]
    if unnamed := [name for name, mark, _ in named if not mark]:
        raise CardError(f"card: found {unnamed[0][:60]!r} under Context, expected '- NAME: VALUE'; remove the line")
    context = {name: value for name, _, value in named}
    return context, parts["kind"], parts["listed"].split("\n")[:-1], parts["bases"]


def _matched(pattern: re.Pattern[str], text: str, what: str, expected: str) -> re.Match[str]:
    match = pattern.fullmatch(text) if len(text) <= LONGEST_LINE else None
    if match is None:
        raise CardError(f"card: found {what} {text[:200]!r}, expected {expected}")
    return match


def _parse_hit(line: str) -> MotifHit:
    match = _matched(_HIT, line, "motif line", "'- NAME (Family: F, Score: 9.99, Strand: +, Pos: 1-9)'")
    families = frozenset() if match["families"] == NO_FAMILY else frozenset(match["families"].split("; "))
    strand = cast(Strand, match["strand"])
    return MotifHit(
        "", match["name"], families, int(match["start"]) - 1, int(match["end"]), strand, float(match["score"]), None
    )


def _parse_site(line: str) -> CardSite:
    expected = "'- TF (Archetype: A, Score: 9.99, Strand: +, Pos: 1-9, Matrix: M, P: 1e-5...)'"
    match = _matched(_SITE, line, "site line", expected)
    return CardSite(
        tf=match["tf"],
        archetype=match["archetype"],
        matrix_id=match["matrix"],
        start=int(match["start"]) - 1,
        end=int(match["end"]),
        strand=cast(Strand, match["strand"]),
        score=float(match["score"]),
        p_value=float(match["p"]),
        others=tuple(match["others"].split(" ")) if match["others"] else (),
        amount=float(match["amount"]) if match["amount"] else None,
        effect=TfEffect(float(match["effect"]), float(match["error"])) if match["effect"] else None,
    )


def _parse_tag(text: str) -> GrammarTag:
    match = _matched(_TAG, text, "grammar tag", "'homotypic ETS m1 m4 m7 (88 bp)'")
    members = tuple(int(word[1:]) - 1 for word in match["members"].split())
    return GrammarTag(cast(GrammarTagKind, match["kind"]), members, match["label"].strip(), int(match["distance"]))


def _parse_ledger(context: dict[str, str]) -> CardLedger:
    backdrop, total = (
        pattern.fullmatch(context.get(name, "")) for name, pattern in (("Backdrop", _BACKDROP), ("Total", _TOTAL))
    )
    joined = _INTERPLAY.fullmatch(context["Interplay"]) if "Interplay" in context else None
    if backdrop is None or total is None or (joined is None and "Interplay" in context):
        raise CardError("card: ledger lines are incomplete, expected Backdrop, Rest, Total as `cistrace card` has them")
    interplay = None
    if joined is not None:
        interplay = Interplay((int(joined["first"]) - 1, int(joined["second"]) - 1), float(joined["amount"]))
    return CardLedger(
        total["source"], float(backdrop["composition"]), float(backdrop["bases"]), interplay, float(total["total"]),
        int(total["level"]),
    )  # fmt: skip
