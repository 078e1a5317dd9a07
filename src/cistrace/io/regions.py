"""BED regions cut out of a genome FASTA, as raw records.

BED is 0-based half-open. The fourth column is the id (`chrom:start-end`, 0-based half-open, where it is absent or
`.`), the sixth the strand; `-` gives the reverse complement. Blocks (BED12) are not cut out: the whole region is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cistrace.io.dna_sequence import Place
from cistrace.io.genome import Genome, open_genome
from cistrace.io.streams import MAXIMUM_LENGTH, ByteSource, RawRecord, read_lines

_COMPLEMENT = str.maketrans("ACGTRYSWKMBDHVNacgtryswkmbdhvn", "TGCAYRSWMKVHDBNtgcayrswmkvhdbn")


@dataclass(frozen=True, slots=True)
class Region:
    """One BED line: contig, start and end (0-based, half-open), id or None, strand `+` or `-`."""

    contig: str
    start: int
    end: int
    id: str | None
    strand: str

    @property
    def label(self) -> str:
        return f"{self.contig}:{self.start}-{self.end}"


class _Fault(Exception):
    """Why one BED line cannot be used."""


def reverse_complement(bases: str) -> str:
    """Reverse complement of DNA, IUPAC letters and case kept (R to Y, N to N)."""
    return bases.translate(_COMPLEMENT)[::-1]


def read_regions(source: ByteSource, genome: Path) -> Iterator[RawRecord]:
    """Regions of a BED file with their bases. `#`, `track` and `browser` lines and blank lines are passed over.

    Raises
    ------
    InputError
        Faults of the BED file or of the genome (see `open_genome`).
    """
    number = 0
    with open_genome(genome) as opened:
        for line, text in read_lines(source):
            fields = _fields(text)
            if not fields:
                continue
            number += 1
            try:
                region = _region(fields, opened)
            except _Fault as fault:
                yield RawRecord(number, line, _name(fields), "", source.name, str(fault))
                continue
            yield _cut(opened, region, number, line)


def _cut(genome: Genome, region: Region, number: int, line: int) -> RawRecord:
    bases = genome.bases(region.contig, region.start, region.end)
    if region.strand == "-":
        bases = reverse_complement(bases)
    where = f"{genome.name}:{region.label}({region.strand})"
    place = Place(region.contig, region.start, region.end, region.strand)
    return RawRecord(number, line, region.label if region.id is None else region.id, bases, where, place=place)


def _fields(text: str) -> list[str]:
    """Fields of a BED line; none for a comment. Tabs part them, or blanks where there is no tab."""
    text = text.rstrip("\n")
    if not text.strip() or text.startswith("#") or text.split(None, 1)[0] in ("track", "browser"):
        return []
    return text.split("\t") if "\t" in text else text.split()


def _region(fields: list[str], genome: Genome) -> Region:
    if len(fields) < 3:
        raise _Fault(f"found {len(fields)} fields, expected chrom, start and end parted by tabs; correct the line")
    contig, start, end = fields[0].strip(), _coordinate(fields[1], "start"), _coordinate(fields[2], "end")
    strand = fields[5].strip() if len(fields) > 5 else "."
    if strand not in ("+", "-", ".", ""):
        raise _Fault(f"strand is {strand!r}, expected +, - or .; correct column 6")
    if contig not in genome.lengths:
        raise _Fault(genome.unknown_contig(contig))
    if end <= start:
        raise _Fault(f"end {end} is not beyond start {start}, expected 0-based half-open start < end; correct them")
    if end > genome.lengths[contig]:
        raise _Fault(f"end {end} is beyond {contig!r}, {genome.lengths[contig]} bp long; check the genome's release")
    if end - start > MAXIMUM_LENGTH:
        raise _Fault(f"{end - start:,} bp long, expected at most {MAXIMUM_LENGTH:,}; cut it into windows")
    return Region(contig, start, end, _name(fields), "-" if strand == "-" else "+")


def _name(fields: list[str]) -> str | None:
    return fields[3] if len(fields) > 3 and fields[3] not in ("", ".") else None


def _coordinate(text: str, what: str) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise _Fault(f"{what} is {text[:40]!r}, expected a whole number from 0; correct the line")
    return int(text)
