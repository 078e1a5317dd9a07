"""Natural elements that designs are compared with: which is nearest, and what motifs they have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cistrace.constraints.distances import nearest
from cistrace.errors import InputError
from cistrace.io.regions import reverse_complement
from cistrace.io.sequences import read_sequences
from cistrace.io.streams import shown


@dataclass(frozen=True)
class NaturalSet:
    """Natural elements of a file: `ids` and `bases`, an entry an element."""

    source: str
    ids: tuple[str, ...]
    bases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NearestElement:
    """The natural element nearest to a design: `edits` (Levenshtein) away, on either strand."""

    id: str
    edits: int


def read_natural(path: Path) -> NaturalSet:
    """Read natural elements, in any format of sequences.

    Raises
    ------
    InputError
        The file cannot be read, or holds none.
    """
    found = list(read_sequences(path))
    if not found:
        raise InputError(f"{shown(path)}: found no sequence, expected natural elements; name another file")
    return NaturalSet(path.name, tuple(one.id for one in found), tuple(one.bases for one in found))


def nearest_elements(sequences: Sequence[str], natural: NaturalSet) -> list[NearestElement]:
    """The nearest natural element of each sequence, on either strand, the first of equals."""
    given, there = nearest(list(sequences), list(natural.bases))
    turned, back = nearest([reverse_complement(one) for one in sequences], list(natural.bases))
    return [
        NearestElement(natural.ids[place], int(edits))
        if edits <= other
        else NearestElement(natural.ids[at], int(other))
        for place, edits, at, other in zip(given, there, turned, back, strict=True)
    ]
