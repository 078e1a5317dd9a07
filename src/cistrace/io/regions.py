"""BED regions cut out of a genome FASTA, as raw records.

BED is 0-based half-open. The fourth column is the id (`chrom:start-end`, 0-based half-open, where it is absent or
`.`), the sixth the strand; `-` gives the reverse complement. Blocks (BED12) are not cut out: the whole region is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cistrace.errors import InputError
from cistrace.io.streams import MAXIMUM_LENGTH, ByteSource, RawRecord, file_faults, read_lines, shown

_COMPLEMENT = str.maketrans("ACGTRYSWKMBDHVNacgtryswkmbdhvn", "TGCAYRSWMKVHDBNtgcayrswmkvhdbn")
_BGZIP_MARK = b"BC"


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
    with open_genome(genome) as fasta:
        lengths = dict(zip(fasta.references, fasta.lengths, strict=True))
        checked: set[str] = set()
        for line, text in read_lines(source):
            fields = _fields(text)
            if not fields:
                continue
            number += 1
            try:
                region = _region(fields, lengths)
            except _Fault as fault:
                yield RawRecord(number, line, _name(fields), "", source.name, str(fault))
                continue
            if region.contig not in checked:
                _check_index(genome, region.contig)
                checked.add(region.contig)
            yield _cut(fasta, region, number, line, genome)


def _cut(fasta: Any, region: Region, number: int, line: int, genome: Path) -> RawRecord:
    name = shown(genome)
    expected = region.end - region.start
    try:
        with _quiet():
            bases = fasta.fetch(region.contig, region.start, region.end)
    except (OSError, ValueError):
        bases = ""
    if len(bases) != expected:
        raise InputError(
            f"{name}: gives {len(bases)} bases of {region.label}, its index says {expected}; "
            f"expected a whole genome; replace it, delete {name}.fai and run again"
        )
    if region.strand == "-":
        bases = reverse_complement(bases)
    where = f"{name}:{region.label}({region.strand})"
    return RawRecord(number, line, region.label if region.id is None else region.id, bases, where)


def _fields(text: str) -> list[str]:
    """Fields of a BED line; none for a comment. Tabs part them, or blanks where there is no tab."""
    text = text.rstrip("\n")
    if not text.strip() or text.startswith("#") or text.split(None, 1)[0] in ("track", "browser"):
        return []
    return text.split("\t") if "\t" in text else text.split()


def _region(fields: list[str], lengths: dict[str, int]) -> Region:
    if len(fields) < 3:
        raise _Fault(f"found {len(fields)} fields, expected chrom, start and end parted by tabs; correct the line")
    contig, start, end = fields[0].strip(), _coordinate(fields[1], "start"), _coordinate(fields[2], "end")
    strand = fields[5].strip() if len(fields) > 5 else "."
    if strand not in ("+", "-", ".", ""):
        raise _Fault(f"strand is {strand!r}, expected +, - or .; correct column 6")
    if contig not in lengths:
        raise _Fault(f"contig {contig!r} is not in the genome{_other_name(contig, lengths)}")
    if end <= start:
        raise _Fault(f"end {end} is not beyond start {start}, expected 0-based half-open start < end; correct them")
    if end > lengths[contig]:
        raise _Fault(f"end {end} is beyond {contig!r}, {lengths[contig]} bp long; check the genome's release")
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


def _other_name(contig: str, lengths: dict[str, int]) -> str:
    other = contig[3:] if contig.startswith("chr") else "chr" + contig
    if other in lengths:
        return f", which calls it {other!r}; use the genome's names"
    return f"; expected one of its {len(lengths)} contigs; check names and release"


@contextmanager
def open_genome(path: Path) -> Iterator[Any]:
    """Open a genome FASTA (plain or bgzip), building its `.fai` index beside it where there is none.

    Yields a `pysam.FastaFile`. The index appears whole or not at all.

    Raises
    ------
    InputError
        Missing, a folder, plain gzip, not FASTA, or an index that cannot be written.
    """
    import pysam

    name = shown(path)
    _check_genome(path, name)
    if not os.path.exists(f"{path}.fai"):
        _build_index(path, name)
    try:
        with _quiet():
            fasta = pysam.FastaFile(str(path))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{name}: cannot be opened as an indexed FASTA; expected FASTA, plain or bgzip; "
            f"delete {name}.fai and run again"
        ) from error
    with fasta:
        yield fasta


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep htslib from writing to stderr by itself: our errors say it in one line."""
    import pysam

    level = pysam.set_verbosity(0)
    try:
        yield
    finally:
        pysam.set_verbosity(level)


def _check_genome(path: Path, name: str) -> None:
    if os.path.isdir(path):
        raise InputError(f"{name}: is a folder; expected a genome FASTA; name the file in it")
    with file_faults(name), open(path, "rb") as handle:
        head = handle.read(16)
    if head.startswith(b"\x1f\x8b") and head[12:14] != _BGZIP_MARK:
        raise InputError(f"{name}: is plain gzip; expected plain text or bgzip; gunzip it, or compress it with bgzip")
    if not head.startswith((b">", b"\x1f\x8b")):
        raise InputError(f"{name}: does not start with '>'; expected a genome FASTA; check that this is the file")


def _build_index(path: Path, name: str) -> None:
    """Build the index in a folder beside the genome and move it, so that no other process reads half of one."""
    import pysam
    from pysam.utils import SamtoolsError

    try:
        with _quiet(), TemporaryDirectory(prefix=".cistrace-index-", dir=Path(path).parent) as folder:
            fai, gzi = f"{folder}/fai", f"{folder}/gzi"
            pysam.faidx("--fai-idx", fai, "--gzi-idx", gzi, str(path))
            if os.path.exists(gzi):  # bgzip
                os.replace(gzi, f"{path}.gzi")
            os.replace(fai, f"{path}.fai")
    except OSError as error:
        raise InputError(
            f"{name}: has no index {name}.fai and none can be written there ({error.strerror}); expected either; "
            "make it with 'samtools faidx', or copy the genome to a folder you can write"
        ) from error
    except SamtoolsError as error:
        raise InputError(
            f"{name}: cannot be indexed; expected FASTA with lines of one length per contig; write it anew"
        ) from error


def _check_index(path: Path, contig: str) -> None:
    """Refuse an index left from another genome: it would give wrong bases without a word."""
    with file_faults(shown(path)), open(path, "rb") as handle, open(f"{path}.fai", encoding="utf-8") as index:
        if handle.read(1) != b">":
            return  # bgzip: offsets are of the unzipped text
        entry = next((row for row in (line.split("\t") for line in index) if row[0] == contig), None)
        if entry is None or len(entry) < 3 or not entry[2].isdigit():
            found = b""
        else:
            offset = int(entry[2])
            handle.seek(max(0, offset - 4096))
            found = handle.read(min(offset, 4096))
    header = found.removesuffix(b"\n").rsplit(b"\n", 1)[-1]
    if not found.endswith(b"\n") or header[:1] != b">" or header[1:].split()[:1] != [contig.encode()]:
        raise InputError(
            f"{shown(path)}: its index {shown(path)}.fai is of another file (no {contig!r} where it points); "
            "expected an index of this genome; delete it and run again"
        )
