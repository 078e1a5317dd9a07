"""The pieces of text a reasoner reads and writes, derived from `traces.templates`.

A piece is a field's value with the literal text before it, so that a claim costs few tokens: the
motif step `m3 SP1 of ... at 45-55 (+) with 14 bits` is `m3`, ` SP1`, ` of ...`, ` at 45`, `-55`,
` (+`, `) with 14`, ... Numbers with more than one decimal are two pieces, the last digit apart.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from cistrace.cards.grammar import KNOWN_PAIRS, family_label
from cistrace.errors import ModelError
from cistrace.motifs.library import MotifLibrary
from cistrace.traces.templates import (
    CPG_CLASSES,
    DIRECTIONS,
    FIELD_TYPES,
    GC_CLASSES,
    KNOWN,
    LARGEST_MOTIF,
    LEVEL_LINE,
    MOST_STEPS,
    SHARE_CLASSES,
    STEPS,
    Template,
)
from cistrace.writers.prompts import CELL_LINE

DIGITS = tuple("0123456789")
LEVELS = tuple(f"{LEVEL_LINE}{level}" for level in range(4))
NUMBERS = tuple(f"{number}. " for number in range(1, MOST_STEPS + 1))


@dataclass(frozen=True)
class VocabularyNames:
    """What a vocabulary cannot know by itself: TFs, families and cell types, each sorted; the window in bp."""

    tfs: tuple[str, ...]
    families: tuple[str, ...]
    cell_types: tuple[str, ...]
    window: int

    @staticmethod
    def of(library: MotifLibrary, cell_types: tuple[str, ...], window: int) -> VocabularyNames:
        """Of a motif library, for a checkpoint's cell types and window (bp)."""
        tfs = {motif.name for motif in library.motifs}
        families = {family_label(motif.families) for motif in library.motifs}
        families |= {family for motif in library.motifs for family in motif.families}
        return VocabularyNames(tuple(sorted(tfs)), tuple(sorted(families | {"no family"})), cell_types, window)

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
            plain = json.loads(path.read_text(encoding="utf-8"))
            return VocabularyNames(
                tuple(plain["tfs"]), tuple(plain["families"]), tuple(plain["cell_types"]), int(plain["window"])
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(f"{path}: not a readable list of names ({error}); restore the checkpoint") from error


@dataclass(frozen=True)
class Slot:
    """Pieces of which exactly one stands here, or, where there are `more`, one and then any number of them."""

    pieces: tuple[str, ...]
    more: tuple[str, ...] = ()


def slots(template: Template, names: VocabularyNames, end: str = "\n") -> tuple[Slot, ...]:
    """Spell a template as slots of pieces; `end` closes the line within the last slot."""
    spelled: list[Slot] = []
    for literal, name in template.parts:
        spelled += field_slots(literal, FIELD_TYPES[name], names)
    return (*spelled, Slot((template.tail + end,)))


def field_slots(literal: str, kind: str, names: VocabularyNames) -> list[Slot]:
    """Slots of one field, its literal glued to the first."""
    if kind in ("signed", "gc", "cpg", "share"):
        return [Slot(tuple(literal + stem for stem in _stems(kind))), Slot(DIGITS)]
    if kind == "tenths":
        return [Slot(tuple(literal + stem for stem in _stems("signed")))]
    motifs = tuple(f"m{number}" for number in range(1, LARGEST_MOTIF + 1))
    if kind == "motifs":
        return [Slot(tuple(literal + motif for motif in motifs), tuple(" " + motif for motif in motifs))]
    return [Slot(tuple(literal + value for value in _values(kind, names)))]


def _stems(kind: str) -> list[str]:
    """Numbers without their last digit."""
    if kind == "gc":
        return [f"{value / 100:.2f}" for value in range(101)]
    unsigned = [f"{value / 10:.1f}" for value in range(100)]
    return [sign + stem for sign in "+-" for stem in unsigned] if kind == "signed" else unsigned


def _values(kind: str, names: VocabularyNames) -> tuple[str, ...]:
    positions = tuple(str(position) for position in range(names.window + 1))
    table: dict[str, tuple[str, ...]] = {
        "motif": tuple(f"m{number}" for number in range(1, LARGEST_MOTIF + 1)),
        "tf": names.tfs,
        "family": names.families,
        "families": tuple(" + ".join(pair) for pair in KNOWN_PAIRS),
        "position": positions[1:],
        "strand": ("+", "-"),
        "bits": tuple(str(bits) for bits in range(-30, 61)),  # long matrices can pass the threshold below zero
        "direction": DIRECTIONS,
        "known": KNOWN,
        "count": tuple(str(count) for count in range(2, LARGEST_MOTIF + 1)),
        "distance": positions,
        "gc_class": GC_CLASSES,
        "cpg_class": CPG_CLASSES,
        "share_class": SHARE_CLASSES,
        "cell_type": names.cell_types,
    }
    return table[kind]


def pieces(names: VocabularyNames) -> tuple[str, ...]:
    """Every piece once, in a fixed order."""
    found: dict[str, None] = dict.fromkeys((*NUMBERS, *LEVELS, *DIGITS, "\n"))
    for template in (*STEPS.values(), CELL_LINE):
        for slot in slots(template, names):
            found.update(dict.fromkeys((*slot.pieces, *slot.more)))
    return tuple(found)
