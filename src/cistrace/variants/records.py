"""Variants as files state them, not yet checked: VCF, BCF, tables, and lines of `contig:position:ref:alt`.

VCF is read line by line: what is wrong with one record must not keep the others from being read, and htslib stops, or
guesses, at many a fault.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cistrace.errors import InputError
from cistrace.io.streams import STDIN, ByteSource, open_source, read_lines
from cistrace.io.tables import find_column, listed_columns, table_rows

Note = Callable[[str], None]
"""Takes a sentence on a fault of the file that loses no record."""

VariantFormat = Literal["vcf", "bcf", "list", "table"]

FIXED = ("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO")
CONTIG_NAMES = ("chrom", "chr", "contig", "chromosome")
POSITION_NAMES = ("pos", "position")
REF_NAMES = ("ref", "reference", "ref_sequence", "reference_sequence")
ALT_NAMES = ("alt", "alternative", "alternate", "alt_sequence", "alternative_sequence")
ID_NAMES = ("id", "name", "rsid")
NO_ID = "."
_FEWEST_FIELDS = 5  # up to ALT
_QUOTED = 40  # characters of a field that a message repeats


@dataclass(frozen=True, slots=True)
class RawVariant:
    """One record as its file states it.

    Attributes
    ----------
    line : int
        1-based; of BCF the record's number.
    id, contig, position, ref, alts : str
        `alts` parted by commas. Of a pair of sequences `ref` and `alts` are these, `contig` is the id.
    fault : str or None
        Why the record cannot be used, where the format itself already says so.
    pair : bool
        Of two sequences, not of a place on a genome.
    """

    line: int
    id: str
    contig: str
    position: str
    ref: str
    alts: str
    fault: str | None = None
    pair: bool = False

    @property
    def name(self) -> str:
        """What messages call it: its id, or contig and position."""
        if self.id not in ("", NO_ID):
            return self.id
        return f"{self.contig}:{self.position}"[:_QUOTED] if self.contig else f"line {self.line}"


def format_of(source: ByteSource) -> VariantFormat:
    """What an open input is, by its first bytes, else by its ending."""
    head = source.head
    if head.startswith(b"BCF\2"):
        return "bcf"
    if head.startswith((b"##", b"#CHROM\t")) or source.ending == ".vcf":
        return "vcf"
    first = next((line for line in head.decode(errors="replace").splitlines() if line.strip() and line[0] != "#"), "")
    return "list" if len(first.strip().rsplit(":", 3)) == 4 and "\t" not in first else "table"


def read_records(path: str | Path, note: Note) -> Iterator[RawVariant]:
    """The records of a file, in its order.

    Raises
    ------
    InputError
        A file that is missing, empty, torn, or of another format.
    """
    with open_source(path, "variants") as source:
        kind = format_of(source)
        if kind == "vcf":
            yield from _vcf(source, note)
        elif kind == "list":
            yield from _list(source)
        elif kind == "table":
            yield from _table(source)
    if kind == "bcf":
        yield from _bcf(path, note)


def count_variants(path: str | Path) -> int:
    """How many records a file has, unusable ones among them; all of it is read.

    Raises
    ------
    InputError
        As `read_records`.
    """
    return sum(1 for _ in read_records(path, lambda _: None))


def listed(text: str, line: int = 0) -> RawVariant:
    """Read `contig:position:ref:alt`; the contig's name may hold colons."""
    parts = text.strip().rsplit(":", 3)
    if len(parts) != 4:
        fault = f"found {text.strip()[:_QUOTED]!r}, expected contig:position:ref:alt; correct the line"
        return RawVariant(line, NO_ID, "", "", "", "", fault)
    contig, position, ref, alts = parts
    return RawVariant(line, NO_ID, contig, position, ref, alts)


def _list(source: ByteSource) -> Iterator[RawVariant]:
    for line, text in read_lines(source):
        if text.strip() and not text.startswith("#"):
            yield listed(text, line)


def _vcf(source: ByteSource, note: Note) -> Iterator[RawVariant]:
    first, named = True, False
    for line, text in read_lines(source):
        text = text.rstrip("\r\n")
        if first and not text.startswith("##fileformat=VCF"):
            note(f"{source.name}: line {line} is not '##fileformat=VCFv4.x'; expected that of VCF; read all the same")
        first = False
        if text.startswith("##") or not text.strip():
            continue
        if text.startswith("#"):
            named = True
            _check_header(text, line, source.name, note)
            continue
        if not named:
            named = True
            note(f"{source.name}: line {line} is a record, expected the line '{' '.join(FIXED)}' before; read without")
        yield vcf_record(text, line)


def _check_header(text: str, line: int, name: str, note: Note) -> None:
    found = tuple(text.split("\t"))
    if found[: len(FIXED)] != FIXED:
        note(
            f"{name}: line {line} has the columns {' '.join(found[:8])[:80]!r}, expected {' '.join(FIXED)}, parted by "
            "tabs; columns are taken by their place"
        )


def vcf_record(text: str, line: int) -> RawVariant:
    """One line of VCF."""
    fields = text.split("\t")
    if len(fields) < _FEWEST_FIELDS:
        fault = (
            f"found {len(fields)} field{'s' * (len(fields) > 1)} parted by tabs, expected at least {_FEWEST_FIELDS} "
            "(CHROM, POS, ID, REF, ALT); correct the line"
        )
        known = [*fields, "", ""] if len(fields) > 1 else ["", "", ""]
        return RawVariant(line, NO_ID, known[0], known[1], "", "", fault)
    contig, position, name, ref, alts = fields[:_FEWEST_FIELDS]
    return RawVariant(line, name or NO_ID, contig, position, ref, alts)


def _bcf(path: str | Path, note: Note) -> Iterator[RawVariant]:
    import pysam

    if str(path) == STDIN:
        raise InputError("standard input: is BCF; expected text, or a file; pipe it through 'bcftools view'")
    level = pysam.set_verbosity(0)
    number = 0
    try:
        with pysam.VariantFile(str(path)) as file:
            for record in file:
                number += 1
                yield vcf_record(str(record).rstrip("\n"), number)
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path}: is no whole BCF, record {number + 1} cannot be read ({error}); expected one; write it again"
        ) from error
    finally:
        pysam.set_verbosity(level)


def _table(source: ByteSource) -> Iterator[RawVariant]:
    rows = table_rows(source)
    _, header = next(rows, (0, []))
    places = [
        find_column(header, names, None, source.name)
        for names in (ID_NAMES, CONTIG_NAMES, POSITION_NAMES, REF_NAMES, ALT_NAMES)
    ]
    given, contig, position, ref, alt = places
    if ref is None or alt is None or (contig is None) != (position is None):
        raise InputError(
            f"{source.name}: found {listed_columns(header)}; expected VCF, lines of contig:position:ref:alt, or a "
            "table with the columns chrom, pos, ref and alt, or ref and alt with whole sequences; rename the columns"
        )
    for number, (line, row) in enumerate(rows, 1):
        if len(row) != len(header):
            fault = f"found {len(row)} fields, expected {len(header)} as in the header; quote or correct the row"
            yield RawVariant(line, f"row{number}", "", "", "", "", fault)
            continue
        if contig is None or position is None:
            name = f"row{number}" if given is None else row[given]
            yield RawVariant(line, name, name, "", row[ref], row[alt], pair=True)
        else:
            name = NO_ID if given is None else row[given] or NO_ID
            yield RawVariant(line, name, row[contig], row[position], row[ref], row[alt])


_WHOLE = re.compile(r"[0-9]{1,18}")


def position_of(text: str) -> int | None:
    """A position, from 1; None where the text is none."""
    text = text.strip()
    return int(text) if _WHOLE.fullmatch(text) and int(text) > 0 else None
