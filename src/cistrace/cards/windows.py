"""How a sequence of any length meets a model of one window: padded, taken whole, or tiled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cistrace.cards.card import Composition
from cistrace.io.dna_sequence import DnaSequence

# Outside the middle 99 % of the training elements' GC the model has seen next to nothing.
GC_RANGE = (0.33, 0.755)
LOW_COMPLEXITY = 0.40
MINIMUM_KNOWN = 20  # letters ACGT without which a model has nothing to read


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a sequence that fits the model: 0-based, half-open."""

    start: int
    end: int


def windows(length: int, window: int) -> tuple[Window, ...]:
    """Cover `length` bp by windows that overlap by half; the last one ends with the sequence."""
    if length <= window:
        return (Window(0, length),)
    starts = [*range(0, length - window, window // 2), length - window]
    return tuple(Window(start, start + window) for start in starts)


def readable(bases: str, tiles: Sequence[Window]) -> list[int]:
    """Places of the tiles that hold at least half as many known bases (ACGT) as the tile with the most.

    What a model says of blanks is no ground to prefer a window.
    """
    known = [sum(bases.count(base, tile.start, tile.end) for base in "ACGT") for tile in tiles]
    return [place for place, count in enumerate(known) if 2 * count >= max(known)]


def flags(sequence: DnaSequence, window: Window, size: int, measured: Composition, hits: int) -> tuple[str, ...]:
    """What is unusual about a row, in words a table can hold.

    `padded`, `tiled:N` and `window:S-E` (1-based inclusive) tell how the sequence met the model;
    `ambiguous:N` counts letters other than ACGT in the window; `unusual_gc`, `low_complexity` and
    `no_motif` mark inputs unlike the training elements.
    """
    found = []
    length = len(sequence.bases)
    if length < size:
        found.append("padded")
    if length > size:
        found += [f"tiled:{len(windows(length, size))}", f"window:{window.start + 1}-{window.end}"]
    if measured.ambiguous:
        found.append(f"ambiguous:{measured.ambiguous}")
    if not GC_RANGE[0] <= measured.gc <= GC_RANGE[1]:
        found.append("unusual_gc")
    if measured.low_complexity >= LOW_COMPLEXITY:
        found.append("low_complexity")
    if not hits:
        found.append("no_motif")
    return tuple(found)
