"""From records to placed variants: every alternative allele is checked against the genome and has its windows cut."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cistrace.errors import InputError, RecordError
from cistrace.io.genome import Genome
from cistrace.io.rejects import Reject
from cistrace.io.sequences import base_fault
from cistrace.io.shards import WHOLE, Stretch
from cistrace.io.streams import input_name
from cistrace.variants.records import Note, RawVariant, listed, position_of, read_records
from cistrace.variants.variant import Bases, Variant
from cistrace.variants.windows import NoWindow, PlacedVariant, place

Refused = Callable[[Reject], None]
"""Takes a record, or one alternative allele of it, that is not scored, with the reason."""

_BASES = re.compile("[ACGT]+")
_BREAKEND = re.compile(r"[\[\]]|^\.[A-Za-z]+$|^[A-Za-z]+\.$")
_QUOTED = 40


class _Fault(Exception):
    """Why a record, or one of its alleles, cannot be used."""


@dataclass
class VariantReader:
    """Reads variants and cuts their windows.

    Parameters
    ----------
    size : int
        bp that the model reads at once.
    genome : Genome or None
        None where only pairs of sequences are read.
    count : int
        Windows of each variant.
    refused : callable, optional
        Takes what is not scored; unless given, the first such record raises a RecordError.
    note : callable, optional
        Takes sentences on faults that lose no record.
    """

    size: int
    genome: Genome | None = None
    count: int = 1
    refused: Refused | None = None
    note: Note = field(default=lambda sentence: None)

    def file(self, path: str | Path, stretch: Stretch = WHOLE) -> Iterator[PlacedVariant]:
        """The variants of a file, one for every alternative allele, in its order; of a stretch of its records alone.

        Raises
        ------
        InputError
            A file that is missing, torn or of another format; variants of a genome, and none was given.
        RecordError
            A record that cannot be used, where nobody takes those.
        """
        yield from self._placed(stretch.of(self._in_order(read_records(path, self.note), input_name(path))))

    def texts(self, lines: Iterable[str]) -> Iterator[PlacedVariant]:
        """Variants written `contig:position:ref:alt`; raises as `file` does."""
        yield from self._placed(listed(text, line) for line, text in enumerate(lines, 1))

    def pairs(self, several: Iterable[tuple[str, str, str]]) -> Iterator[PlacedVariant]:
        """Variants given as id, and the whole sequence with either allele, ref first; raises as `file` does."""
        yield from self._placed(
            RawVariant(number, name, name, "", ref, alt, pair=True)
            for number, (name, ref, alt) in enumerate(several, 1)
        )

    def _in_order(self, records: Iterable[RawVariant], name: str) -> Iterator[RawVariant]:
        """Say once where records are not sorted: no reason not to score them. Say too where there is none."""
        seen: set[str] = set()
        contig, last, told, raw = None, 0, False, None
        for raw in records:
            at = position_of(raw.position)
            if at is not None and not told:
                if raw.contig != contig:
                    told = raw.contig in seen
                    seen.add(raw.contig)
                else:
                    told = at < last
                contig, last = raw.contig, at
                if told:
                    self.note(
                        f"{name}: line {raw.line}: {raw.contig}:{at} stands behind a later place; expected sorted "
                        "records; scored all the same"
                    )
            yield raw
        if raw is None:
            self.note(f"{name}: holds no records; expected at least one variant; check how the file was made")

    def _placed(self, records: Iterable[RawVariant]) -> Iterator[PlacedVariant]:
        for raw in records:
            try:
                variants, bases, length = self._variants(raw)
            except _Fault as fault:
                self._refuse(raw, str(fault))
                continue
            for one in variants:
                try:
                    alt = _checked_alt(one.alt)
                    variant = Variant(one.contig, one.start, one.ref, alt, one.id)
                    yield place(variant, bases, length, self.size, self.count)
                except (_Fault, NoWindow) as fault:
                    self._refuse(raw, str(fault))

    def _refuse(self, raw: RawVariant, reason: str) -> None:
        if self.refused is None:
            raise RecordError(raw.name, reason, f"line {raw.line}")
        self.refused(Reject(raw.name, raw.line, reason))

    def _variants(self, raw: RawVariant) -> tuple[list[Variant], Bases, int]:
        """A record's variants, alternative alleles not yet checked, and the contig that they stand on."""
        if raw.fault is not None:
            raise _Fault(raw.fault)
        if raw.pair:
            return _pair(raw)
        genome = self.genome
        if genome is None:
            raise InputError(
                f"record {raw.name!r} is a place on a genome; expected a genome FASTA to take its bases from; give "
                "--genome"
            )
        if raw.contig not in genome.lengths:
            raise _Fault(genome.unknown_contig(raw.contig) if raw.contig.strip() else "CHROM is empty, expected a name")
        length, start = genome.lengths[raw.contig], self._start(raw)
        ref = raw.ref.strip().upper()
        if not _BASES.fullmatch(ref):
            raise _Fault(f"REF is {raw.ref[:_QUOTED]!r}, expected bases A, C, G, T; correct it")
        if start + len(ref) > length:
            raise _Fault(
                f"REF ends at {start + len(ref):,}, beyond {raw.contig!r}, {length:,} bp long; check the genome's "
                "release"
            )

        def bases(begin: int, end: int) -> str:
            return genome.bases(raw.contig, begin, end).upper()

        if (there := bases(start, start + len(ref))) != ref:
            raise _Fault(
                f"REF is {ref[:_QUOTED]!r}, the genome has {there[:_QUOTED]!r} at {raw.contig}:{start + 1}; check the "
                "genome's release, and that alleles are of its forward strand"
            )
        alts = raw.alts.split(",")
        return [Variant(raw.contig, start, ref, alt, raw.id) for alt in alts], bases, length

    @staticmethod
    def _start(raw: RawVariant) -> int:
        at = position_of(raw.position)
        if at is None:
            raise _Fault(f"POS is {raw.position[:_QUOTED]!r}, expected a whole number from 1; correct it")
        return at - 1


def _checked_alt(alt: str) -> str:
    alt = alt.strip()
    if alt in ("", "."):
        found = "empty" if not alt else "'.', which is none"
        raise _Fault(f"ALT is {found}; expected an alternative allele; write its bases")
    if alt == "*":
        raise _Fault("ALT is '*', an allele that another record's deletion takes away; expected bases; leave it out")
    if alt.startswith("<"):
        raise _Fault(f"ALT is {alt[:_QUOTED]!r}, a symbol; expected bases; write both alleles out")
    if _BREAKEND.search(alt):
        raise _Fault(f"ALT is {alt[:_QUOTED]!r}, a breakend; expected bases; leave it out")
    if not _BASES.fullmatch(alt.upper()):
        raise _Fault(f"ALT is {alt[:_QUOTED]!r}, expected bases A, C, G, T; correct it")
    return alt.upper()


def _pair(raw: RawVariant) -> tuple[list[Variant], Bases, int]:
    """Two sequences as a variant of the first: what stands between the bases that both begin and end with."""
    ref, alt = raw.ref.strip().upper(), raw.alts.strip().upper()
    for what, sequence in (("ref", ref), ("alt", alt)):
        if fault := base_fault(sequence):
            raise _Fault(f"{what}: {fault}")
    if ref == alt:
        raise _Fault("both sequences are the same; expected two that differ; correct or remove the row")
    shorter = min(len(ref), len(alt))
    head = next((at for at in range(shorter) if ref[at] != alt[at]), shorter)
    tail = next((at for at in range(shorter - head) if ref[-1 - at] != alt[-1 - at]), shorter - head)
    if shorter == head + tail:  # one would be empty: with a base beside it, as VCF has it
        head, tail = (head - 1, tail) if head else (head, tail - 1)
    variant = Variant(raw.contig, head, ref[head : len(ref) - tail], alt[head : len(alt) - tail], raw.id)
    return [variant], lambda start, end: ref[start:end], len(ref)
