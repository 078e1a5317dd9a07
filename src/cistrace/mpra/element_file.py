"""The elements of a library, in a file of their own: FASTA or a design table, with or without adapters."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from cistrace.errors import InputError
from cistrace.io.formats import format_of
from cistrace.io.ids import SEEN_BEFORE
from cistrace.io.rejects import Rejects
from cistrace.io.sequences import read_sequences
from cistrace.io.streams import open_source, shown
from cistrace.io.tables import listed_columns
from cistrace.mpra.columns import named, text_of
from cistrace.mpra.format_columns import JOINT_IDS, JOINT_SEQUENCES, NAMES
from cistrace.mpra.rows import read_rows

LEFT_ADAPTER = "AGGACCGGATCAACT"
RIGHT_ADAPTER = "CATTGCGTGAACCGA"
"""Of the joint lentiMPRA library's oligonucleotides, either side of the element."""

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Bases:
    """One element of a library as its file has it."""

    bases: str
    chromosome: str = ""
    category: str = ""


@dataclass(frozen=True, eq=False)
class Library:
    """Elements by name, those that could not be read, and which of them rows have asked for."""

    elements: dict[str, Bases]
    faults: dict[str, str]
    asked: set[str] = field(default_factory=set)

    def find(self, name: str) -> tuple[Bases, str]:
        """An element and, where there is none to use, why."""
        self.asked.add(name)
        found = self.elements.get(name)
        if found is not None:
            return found, ""
        if name in self.faults:
            return Bases(""), f"its element cannot be used: {self.faults[name]}"
        return Bases(""), "no element of this name in the element file; expected one; check the id column"

    def notes(self) -> list[str]:
        """What a user should hear of elements that no row measures, and of those that could not be read."""
        notes = []
        unmeasured = [name for name in self.elements if name not in self.asked]
        if unmeasured:
            notes.append(f"elements without a row: {len(unmeasured):,} of {len(self.elements):,}, {_some(unmeasured)}")
        if self.faults:
            notes.append(f"elements that cannot be used: {len(self.faults):,}, {_some(list(self.faults))}")
        return notes


def strip_adapters(bases: str) -> tuple[str, str]:
    """A sequence without its two adapters, and its fault: one adapter alone. Without any it stays as it is."""
    upper = bases.strip().upper()
    left, right = upper.startswith(LEFT_ADAPTER), upper.endswith(RIGHT_ADAPTER)
    if left and right and len(upper) > len(LEFT_ADAPTER) + len(RIGHT_ADAPTER):
        return upper[len(LEFT_ADAPTER) : -len(RIGHT_ADAPTER)], ""
    if left or right:
        held = "left" if left else "right"
        return bases, f"carries the {held} adapter alone, expected both {LEFT_ADAPTER} and {RIGHT_ADAPTER} or none"
    return bases, ""


def read_library(path: str | Path) -> Library:
    """Read the elements of a library. A name's second record is set aside.

    Raises
    ------
    InputError
        Faults of the file, a table without names or sequences.
    """
    with open_source(path, "elements") as source:
        fasta = format_of(source) == "fasta"
    return _from_fasta(path) if fasta else _from_table(path)


def _from_fasta(path: str | Path) -> Library:
    rejects = Rejects()
    records = read_sequences(path, on_error="skip", rejects=rejects, minimum_length=1)
    elements = {record.id: Bases(record.bases) for record in records}
    return Library(elements, {reject.record: reject.reason for reject in rejects})


def _from_table(path: str | Path) -> Library:
    library = Library({}, {})
    columns: list[str | None] = []
    name = shown(path)
    for count, row in enumerate(read_rows(path, asked=JOINT_IDS), start=1):
        if row.fault:
            library.faults[f"row{count}"] = row.fault
            continue
        if not columns:
            columns = _columns(list(row.values), name)
        identifier, bases, chromosome, category = (
            "" if column is None else text_of(row.values.get(column)) for column in columns
        )
        if identifier in library.elements:
            library.faults[identifier] = SEEN_BEFORE
        else:
            library.elements[identifier] = Bases(bases, chromosome, category)
    return library


def _columns(header: list[str], source: str) -> list[str | None]:
    """Name, sequence, chromosome and category column."""
    names = NAMES["joint-lentimpra"]
    identifier, bases = (named(header, usual, None, source) for usual in (JOINT_IDS, JOINT_SEQUENCES))
    if identifier is None or bases is None:
        missing = "name" if identifier is None else "sequence"
        raise InputError(
            f"{source}: no {missing} column of elements; found {listed_columns(header)}; expected FASTA, or a table "
            "with name and sequence; rename the column"
        )
    chromosome, category = (named(header, usual, None, source) for usual in (names.chromosome, names.category))
    return [identifier, bases, chromosome, category]


def _some(names: list[str]) -> str:
    more = ", ..." if len(names) > _SHOWN else ""
    return "such as " + ", ".join(repr(name[:40]) for name in names[:_SHOWN]) + more
