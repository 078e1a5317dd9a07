"""The pieces of text a reasoner reads and writes, derived from `traces.templates`.

A piece is a field's value with the literal text before it, so that a claim costs few tokens: the
step `m1: SP1 site (SP/KLF) at 45-55 (+), 14 bits, adds +0.41: now ...` is `m1`, `: `, `SP1 site (SP/KLF`, `) at 45`,
`-55`, ` (+), 14`, ` bits, adds +0.4`, `1`, `: now`, ... Numbers with more than one decimal are two pieces, the last
digit apart; a site's two names are one piece, and so are strand and bits, since a piece of two values alone is learnt
late (docs/experiments.md). What ends a line is part of its last piece, but for numbers.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Literal

from cistrace.cards.grammar import KNOWN_PAIRS
from cistrace.errors import ModelError
from cistrace.io.small_files import parse_json, small_text
from cistrace.motifs.archetypes import name_of
from cistrace.motifs.hit import STRANDS
from cistrace.motifs.library import MotifLibrary
from cistrace.traces.claims import site_number
from cistrace.traces.templates import (
    ADDS,
    COSTS,
    CPG_CLASSES,
    FIELD_TYPES,
    GC_CLASSES,
    KNOWN,
    LEVEL_LINE,
    MOST_STEPS,
    SHARE_CLASSES,
    STEPS,
    Template,
)
from cistrace.writers.prompts import CELL_LINE, TERM_LINES

SlotPart = Literal["whole", "stem", "digit"]
DIGITS = tuple("0123456789")
LEVELS = tuple(f"{LEVEL_LINE}{level}" for level in range(4))
NUMBERS = tuple(f"{number}. " for number in range(1, MOST_STEPS + 1))
MOST_MEMBERS = 24  # of a homotypic group
SMALLEST_SITE = 5  # bp
_FUSED = {("tf", "archetype"), ("strand", "bits")}  # neighbouring fields that are one piece
_APART = "tf"  # a field whose literal is a piece by itself: what is read there knows already which site is meant
_TWO_PIECES = ("signed", "amount", "gc", "cpg", "share")


@dataclass(frozen=True)
class VocabularyNames:
    """What a vocabulary cannot know by itself.

    Attributes
    ----------
    sites : tuple of (str, str)
        TF symbol and archetype of every matrix, sorted, each pair once.
    cell_types : tuple of str
    window : int
        bp.
    """

    sites: tuple[tuple[str, str], ...]
    cell_types: tuple[str, ...]
    window: int

    @staticmethod
    def of(library: MotifLibrary, cell_types: tuple[str, ...], window: int) -> VocabularyNames:
        """Of a motif library, for a checkpoint's cell types and window (bp)."""
        names = (name_of(motif.matrix_id, motif.name) for motif in library.motifs)
        return VocabularyNames(tuple(sorted({(one.symbol, one.archetype) for one in names})), cell_types, window)

    @property
    def archetypes(self) -> tuple[str, ...]:
        """Each once, sorted."""
        return tuple(sorted({archetype for _, archetype in self.sites}))

    def write(self, path: Path) -> None:
        """Write them as JSON."""
        path.write_text(json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

    @staticmethod
    def read(path: Path) -> VocabularyNames:
        """Read what `write` wrote.

        Raises
        ------
        ModelError
            The file is missing or holds something else.
        """
        try:
            plain = parse_json(small_text(path))
            sites = tuple((str(tf), str(archetype)) for tf, archetype in plain["sites"])
            return VocabularyNames(sites, tuple(map(str, plain["cell_types"])), int(plain["window"]))
        except (OSError, ValueError, KeyError, TypeError, OverflowError) as error:
            raise ModelError(f"{path}: not a readable list of names ({error}); restore the checkpoint") from error


@dataclass(frozen=True)
class Slot:
    """Pieces of which exactly one stands here.

    Attributes
    ----------
    pieces : tuple of str
    field : str
        Of the template; of two that are one piece the second.
    part : `whole`, `stem` or `digit`
        Whether the piece holds all of the field's value, or a number's without its last digit, or that digit.
    """

    pieces: tuple[str, ...]
    field: str = ""
    part: SlotPart = "whole"


def slots(template: Template, names: VocabularyNames, end: str = "\n") -> tuple[Slot, ...]:
    """Spell a template as slots of pieces; the last one's hold what ends the line, unless they are a number's."""
    spelled: list[Slot] = []
    parts = list(template.parts)
    while parts:
        (literal, name), *parts = parts
        if name == _APART and literal:
            spelled.append(Slot((literal,)))
            literal = ""
        if parts and (name, parts[0][1]) in _FUSED:
            (between, second), *parts = parts
            pairs = names.sites if name == "tf" else product(_values("strand", names), _values("bits", names))
            spelled.append(Slot(tuple(literal + first + between + other for first, other in pairs), second))
        else:
            spelled += field_slots(literal, name, names)
    tail = template.tail + end
    if not spelled or spelled[-1].part == "digit":  # a digit is the same wherever it stands, to be copied
        return (*spelled, Slot((tail,)))
    last = spelled[-1]
    return (*spelled[:-1], Slot(tuple(piece + tail for piece in last.pieces), last.field, last.part))


def field_slots(literal: str, name: str, names: VocabularyNames) -> list[Slot]:
    """Slots of one field, its literal glued to the first."""
    kind = FIELD_TYPES[name]
    if kind in _TWO_PIECES:
        return [Slot(tuple(literal + stem for stem in stems(kind)), name, "stem"), Slot(DIGITS, name, "digit")]
    return [Slot(tuple(literal + value for value in _values(kind, names)), name)]


def is_sum(piece: str) -> bool:
    """Whether a piece is the stem of a number that follows from others: a running total, or what is left untold."""
    return piece.startswith(_SUM_LITERALS)


_SUM_LITERALS = tuple(
    {literal for template in STEPS.values() for literal, name in template.parts if name in ("running", "rest")}
)


def stems(kind: str) -> list[str]:
    """Numbers without their last digit; signed ones from +0.0 to +9.9, then from -0.0."""
    if kind == "gc":
        return [f"{value / 100:.2f}" for value in range(101)]
    unsigned = [f"{value / 10:.1f}" for value in range(100)]
    if kind == "signed":
        return [sign + stem for sign in "+-" for stem in unsigned]
    if kind == "amount":
        return [f"{verb} {sign}{stem}" for verb, sign in ((ADDS, "+"), (COSTS, "-")) for stem in unsigned]
    return unsigned


def _values(kind: str, names: VocabularyNames) -> tuple[str, ...]:
    positions = tuple(str(position) for position in range(names.window + 1))
    table: dict[str, tuple[str, ...]] = {
        "archetype": names.archetypes,
        "groups": tuple(" + ".join(pair) for pair in KNOWN_PAIRS),
        "number": tuple(site_number(place) for place in range(names.window // SMALLEST_SITE)),
        "position": positions[1:],
        "strand": STRANDS,
        "bits": tuple(str(bits) for bits in range(-30, 61)),  # long matrices can pass the threshold below zero
        "known": KNOWN,
        "count": tuple(str(count) for count in range(3, MOST_MEMBERS + 1)),
        "distance": positions,
        "gc_class": GC_CLASSES,
        "cpg_class": CPG_CLASSES,
        "share_class": SHARE_CLASSES,
        "level": ("0", "1", "2", "3"),
        "cell_type": names.cell_types,
    }
    return table[kind]


def pieces(names: VocabularyNames) -> tuple[str, ...]:
    """Every piece once, in a fixed order."""
    found: dict[str, None] = dict.fromkeys((*NUMBERS, *LEVELS))
    for template in (*STEPS.values(), *TERM_LINES.values(), CELL_LINE):
        for slot in slots(template, names):
            found.update(dict.fromkeys(slot.pieces))
    return tuple(found)
