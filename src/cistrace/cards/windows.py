"""How a sequence of any length meets a model of one window: padded, taken whole, or tiled."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cistrace.cards.card import Card, Composition
from cistrace.io.dna_sequence import DnaSequence

# Outside the middle 99 % of the training elements' GC the model has seen next to nothing.
GC_RANGE = (0.33, 0.755)
LOW_COMPLEXITY = 0.40
MINIMUM_KNOWN = 20  # letters ACGT without which a model has nothing to read

WindowChoice = Literal["best", "all"]
"""Which windows of a long sequence are reported: in each cell type the best, or every one."""


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a sequence that fits the model: 0-based, half-open."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SequenceWindow:
    """A window and the sequence that it lies in."""

    sequence: DnaSequence
    window: Window

    @property
    def bases(self) -> str:
        """Of the window alone."""
        return self.sequence.bases[self.window.start : self.window.end]


def windows(length: int, size: int) -> tuple[Window, ...]:
    """Cover `length` bp by windows of `size` bp that overlap by half; the last one ends with the sequence."""
    if length <= size:
        return (Window(0, length),)
    starts = [*range(0, length - size, size // 2), length - size]
    return tuple(Window(start, start + size) for start in starts)


def most_central(found: Sequence[Window], length: int) -> NDArray[np.intp]:
    """Of every base of `length` bp the place of the window in whose middle it lies most nearly, the first of equals.

    Parameters
    ----------
    found : sequence of Window
        Of one size, that cover the sequence.

    Returns
    -------
    ndarray, intp, shape (length,)
    """
    middles = np.array([one.start + one.end for one in found])
    return np.abs(middles[None, :] - (2 * np.arange(length) + 1)[:, None]).argmin(axis=1)


def tiles(sequence: DnaSequence, size: int, minimum_known: int = 0) -> list[SequenceWindow]:
    """All windows of a sequence that hold at least `minimum_known` letters of ACGT; the whole one where it fits."""
    found = [SequenceWindow(sequence, window) for window in windows(len(sequence.bases), size)]
    return found if len(found) == 1 else [at for at in found if known_bases(at.bases) >= minimum_known]


def known_bases(bases: str) -> int:
    """How many letters are A, C, G or T."""
    return sum(map(bases.count, "ACGT"))


def readable(found: Sequence[SequenceWindow]) -> list[SequenceWindow]:
    """The windows that hold at least half as many known bases (ACGT) as the one with the most.

    What a model says of blanks is no ground to prefer a window.
    """
    known = [known_bases(at.bases) for at in found]
    return [at for at, count in zip(found, known) if 2 * count >= max(known)]


def best_windows(
    sequence: DnaSequence,
    size: int,
    cell_types: int,
    activities: Callable[[Sequence[SequenceWindow]], NDArray[np.floating]],
) -> list[SequenceWindow]:
    """In each cell type the readable window of the highest activity, the first of equals.

    Parameters
    ----------
    size : int
        Of a window, bp.
    cell_types : int
        How many.
    activities : callable
        Activities of windows, (N, cell types); not asked where there is but one window.
    """
    found = readable(tiles(sequence, size))
    if len(found) == 1:
        return found * cell_types
    return [found[int(place)] for place in activities(found).argmax(axis=0)]


def scored_windows(
    sequences: Iterable[DnaSequence],
    size: int,
    choice: WindowChoice,
    read: Callable[[Sequence[SequenceWindow]], tuple[NDArray[np.floating], NDArray[np.floating]]],
    together: int,
) -> Iterator[tuple[SequenceWindow, int, float, float]]:
    """The windows to report, as `reported_windows` has them, each with its cell type's place, activity and distance.

    Parameters
    ----------
    size : int
        Of a window, bp.
    choice : `best` or `all`
        In each cell type the window that `best_windows` would choose, or all with `MINIMUM_KNOWN` letters of ACGT.
    read : callable
        Activities of windows, (N, cell types), and how far they lie from what the model learnt from, (N,).
    together : int
        Windows, or somewhat more, that are asked of at once, whichever sequences they are of.
    """
    waiting: list[list[SequenceWindow]] = []
    for sequence in sequences:
        waiting.append(tiles(sequence, size, MINIMUM_KNOWN) if choice == "all" else readable(tiles(sequence, size)))
        if sum(map(len, waiting)) >= together:
            yield from _scored(waiting, choice, read)
            waiting = []
    if waiting:
        yield from _scored(waiting, choice, read)


def _scored(
    several: list[list[SequenceWindow]],
    choice: WindowChoice,
    read: Callable[[Sequence[SequenceWindow]], tuple[NDArray[np.floating], NDArray[np.floating]]],
) -> Iterator[tuple[SequenceWindow, int, float, float]]:
    ends = np.cumsum([len(found) for found in several])[:-1]
    parts = (np.split(one, ends) for one in read([at for found in several for at in found]))
    for found, rows, apart in zip(several, *parts, strict=True):
        if choice == "best":
            for cell, place in enumerate(rows.argmax(axis=0).tolist()):
                yield found[place], cell, float(rows[place, cell]), float(apart[place])
        else:
            for at, row, distance in zip(found, rows.tolist(), apart.tolist(), strict=True):
                yield from ((at, cell, score, distance) for cell, score in enumerate(row))


def placed(card: Card, start: int) -> Card:
    """The card with sites and hits where they lie in the sequence in which its window starts at `start` (0-based)."""
    if not start:
        return card
    hits = tuple(replace(hit, start=hit.start + start, end=hit.end + start) for hit in card.hits)
    sites = tuple(replace(site, start=site.start + start, end=site.end + start) for site in card.sites)
    return replace(card, hits=hits, sites=sites)


def reported_windows(
    sequences: Iterable[DnaSequence],
    size: int,
    cell_types: int,
    choose: Callable[[DnaSequence], Sequence[SequenceWindow]] | None,
    minimum_known: int = MINIMUM_KNOWN,
) -> Iterator[tuple[SequenceWindow, int]]:
    """The windows to report, each with the place of its cell type, in order of output.

    Parameters
    ----------
    size : int
        Of a window, bp.
    cell_types : int
        How many.
    choose : callable or None
        A sequence's window in each cell type; None reports every window, by rising start, in all cell types.
    minimum_known : int
        Letters of ACGT without which one of several windows is left out.
    """
    for sequence in sequences:
        if choose is not None:
            yield from ((at, cell) for cell, at in enumerate(choose(sequence)))
        else:
            for at in tiles(sequence, size, minimum_known):
                yield from ((at, cell) for cell in range(cell_types))


def flags(at: SequenceWindow, size: int, measured: Composition, hits: int | None) -> tuple[str, ...]:
    """What is unusual about a row, in words a table can hold.

    `padded`, `tiled:N` and `window:S-E` (1-based inclusive) tell how the sequence met the model;
    `ambiguous:N` counts letters other than ACGT in the window; `unusual_gc`, `low_complexity` and
    `no_motif` mark inputs unlike the training elements. `hits` is None where nobody looked for any.
    """
    found = []
    length = len(at.sequence.bases)
    if length < size:
        found.append("padded")
    if length > size:
        found += [f"tiled:{len(windows(length, size))}", f"window:{at.window.start + 1}-{at.window.end}"]
    if measured.ambiguous:
        found.append(f"ambiguous:{measured.ambiguous}")
    if not GC_RANGE[0] <= measured.gc <= GC_RANGE[1]:
        found.append("unusual_gc")
    if measured.low_complexity >= LOW_COMPLEXITY:
        found.append("low_complexity")
    if hits == 0:
        found.append("no_motif")
    return tuple(found)
