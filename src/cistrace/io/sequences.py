"""Sequences from FASTA, CSV, TSV, JSONL, Parquet, or BED and a genome, one at a time.

>>> for sequence in read_sequences("examples/enhancers.fa"):  # doctest: +SKIP
...     print(sequence.id, len(sequence.bases))

What the file is follows from its first bytes (`>` FASTA, `{` JSONL, `PAR1` Parquet, gzip unpacked first) and
otherwise from its ending; what is neither is a table with a header line. With a genome it is BED.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from cistrace.errors import InputError, RecordError
from cistrace.io.dna_sequence import DnaSequence
from cistrace.io.formats import FileFormat, format_of
from cistrace.io.ids import MAXIMUM_ID, SeenIds
from cistrace.io.regions import read_regions
from cistrace.io.rejects import Reject, Rejects
from cistrace.io.shards import Shard, Stretch
from cistrace.io.streams import (
    HEAD_BYTES,
    MAXIMUM_LENGTH,
    STDIN,
    ByteSource,
    RawRecord,
    input_name,
    open_source,
    read_pieces,
)
from cistrace.io.tables import SEQUENCE_NAMES, read_delimited, read_jsonl, read_parquet

DEFAULT_MINIMUM_LENGTH = 20

# Checked before upper-casing: some letters outside ASCII turn into DNA letters under it.
_NOT_DNA = re.compile("[^ACGTRYSWKMBDHVNacgtryswkmbdhvn]")
_BLANKS = " \t\r\n"
WRAPPED = 120  # letters in a line of bases without a header, where they go on in the next
_MEND = {"U": "write T for U", "u": "write T for U", "-": "remove the gaps", "*": "remove it"}


def read_sequences(
    path: str | Path,
    *,
    genome: Path | None = None,
    id_column: str | None = None,
    sequence_column: str | None = None,
    on_error: Literal["stop", "skip"] = "stop",
    rejects: Rejects | None = None,
    minimum_length: int = DEFAULT_MINIMUM_LENGTH,
    minimum_known: int = 0,
    shard: Shard | None = None,
) -> Iterator[DnaSequence]:
    """Read the sequences of a file, in its order.

    Nothing is opened before the first record is asked for, and faults are raised when reading reaches them: write
    results so that a late one loses nothing. One record is in memory at a time (in Parquet a batch of 1,024). Hashes of
    the ids seen, by which duplicates are found, and rejects go to temporary files where they are many.

    Parameters
    ----------
    path : str or Path
        FASTA, CSV, TSV, JSONL (all plain or gzip), Parquet, BED with `genome`; `-` is standard input.
    genome : Path, optional
        FASTA (plain or bgzip) to cut the regions of a BED file (0-based half-open, strand honoured) from. Its
        `.fai` index is built where there is none.
    id_column, sequence_column : str, optional
        Columns of a table, where `cistrace.io.tables` would not find them by itself.
    on_error : `stop` or `skip`
        What a record that cannot be used does: raise, or go to `rejects`. Faults of the file always raise.
    rejects : Rejects, optional
        Receives what `skip` sets aside.
    minimum_length : int
        Shortest sequence taken, in bp.
    minimum_known : int
        Fewest letters A, C, G, T that a sequence must hold.
    shard : Shard, optional
        Reads these records alone, unusable ones among them: others are neither given nor checked, but their ids count
        as seen. Every record is of one shard.

    Yields
    ------
    Sequence
        The id exactly as given (in FASTA up to the first space or tab); bases upper-case: ACGT, N and the IUPAC
        letters RYSWKMBDHV. `source` is the file, or genome and region.

    Raises
    ------
    RecordError
        Under `stop`: another letter, too short, over 10 Mb, empty, an id that is empty, over 1,000 characters or
        seen before (also on a record that was set aside), a row of the wrong width, a region outside the genome.
    InputError
        A file that is missing, empty, without records, torn or of another format; a column that is missing.
    ValueError
        `on_error` is neither `stop` nor `skip`.
    """
    if on_error not in ("stop", "skip"):
        raise ValueError(f"on_error is {on_error!r}, expected 'stop' or 'skip'")
    records = _raw_records(path, genome, id_column, sequence_column)
    checker = _Checker(minimum_length, minimum_known, input_name(path))
    if shard is not None:
        records = _of_shard(records, checker, path, shard)
    return _checked(records, checker, on_error == "skip", rejects)


def _of_shard(
    records: Iterator[RawRecord], checker: _Checker, path: str | Path, shard: Shard
) -> Iterator[RawRecord]:  # fmt: skip
    stretch = shard.of_file(path)
    stop = stretch.stop
    # A shard without records looks at the first one all the same: the file may be none that can be read.
    for place, raw in enumerate(Stretch(0, None if stop is None else max(1, stop)).of(records)):
        if place >= stretch.start and (stop is None or place < stop):
            yield raw
        else:
            checker.pass_over(raw)


def parse_sequences(text: str, minimum_known: int = 0) -> Iterator[DnaSequence]:
    """The sequences of a text: FASTA, CSV, TSV or JSONL as in files, or the bare bases of one, called `seq1`.

    Parameters
    ----------
    text : str
        Bare bases stand on one line, or on lines of one length of at most 120; blanks among them do not count.
    minimum_known : int
        Fewest letters A, C, G, T that a sequence must hold.

    Raises
    ------
    RecordError, InputError
        As `read_sequences` under `stop`; Parquet, BED and spreadsheets are no text.
    """
    lines = ["".join(line.split()) for line in text.split("\n") if line.strip()]
    bare = all(map(str.isalpha, lines)) and lines and "\t" not in text and lines[0].lower() not in SEQUENCE_NAMES
    records = iter([RawRecord(1, 1, "seq1", _unwrapped(lines), "text")]) if bare else _text_records(text)
    return _checked(records, _Checker(DEFAULT_MINIMUM_LENGTH, minimum_known, "text"), False, None)


def _unwrapped(lines: list[str]) -> str:
    widths = {len(line) for line in lines[:-1]}
    if len(widths) > 1 or (widths and not len(lines[-1]) <= max(widths) <= WRAPPED):
        raise InputError("text: found several lines without headers, expected FASTA; put '>name' above each")
    return "".join(lines)


def _text_records(text: str) -> Iterator[RawRecord]:
    data = text.encode(errors="replace")  # half a surrogate pair is no letter of DNA, and no id
    source = ByteSource("text", data[:HEAD_BYTES], "", io.BytesIO(data))
    kind = _format(source, None)
    if not text.strip() or kind == "parquet":
        raise InputError("text: found no sequence, expected FASTA, a table, JSON Lines or bases; give some")
    yield from _some(_reader(kind, source, "", None, None, None), source.name)


def _checked(
    records: Iterator[RawRecord], checker: _Checker, skip: bool, rejects: Rejects | None
) -> Iterator[DnaSequence]:
    for raw in records:
        try:
            sequence = checker.check(raw)
        except RecordError as error:
            if not skip:
                raise
            if rejects is not None:
                rejects.append(Reject(error.record, raw.line, error.reason))
            continue
        yield sequence


class _Checker:
    """Holds every record, of whatever format, to the same rules."""

    def __init__(self, minimum_length: int, minimum_known: int, file: str) -> None:
        self._file = file
        self._minimum = minimum_length
        self._known = minimum_known
        self._ids = SeenIds()

    def check(self, raw: RawRecord) -> DnaSequence:
        label = f"row{raw.number}" if raw.id is None else raw.id
        fault = self._fault(raw)
        if fault is not None:
            shortened = label if len(label) <= MAXIMUM_ID else label[:40] + "…"
            raise RecordError(shortened if raw.id else str(raw.number), fault, f"{self._file}, {raw.unit} {raw.line}")
        return DnaSequence(label, raw.bases.strip(_BLANKS).upper(), raw.source, raw.place)

    def pass_over(self, raw: RawRecord) -> None:
        """Take notice of a record's id alone."""
        if raw.id is not None:
            self._ids.fault(raw.id)

    def _fault(self, raw: RawRecord) -> str | None:
        if raw.id is not None and (fault := self._ids.fault(raw.id)):
            return fault
        return raw.fault or base_fault(raw.bases.strip(_BLANKS), self._minimum, self._known)


def base_fault(bases: str, minimum_length: int = DEFAULT_MINIMUM_LENGTH, minimum_known: int = 0) -> str | None:
    """Why `bases` (any case) are not a usable DNA sequence, with the 1-based position of a wrong letter, or None."""
    if not bases:
        return "the sequence is empty, expected DNA letters; add the bases or remove the record"
    if len(bases) > MAXIMUM_LENGTH:
        return f"over {MAXIMUM_LENGTH:,} bp long, expected at most that; cut it into windows"
    if wrong := _NOT_DNA.search(bases):
        letter = wrong.group()
        mend = _MEND.get(letter, "correct or remove it")
        return f"position {wrong.start() + 1} is {letter!r}, expected ACGT, N or IUPAC RYSWKMBDHV; {mend}"
    if len(bases) < minimum_length:
        return f"{len(bases)} bp long, expected at least {minimum_length}; extend it or remove the record"
    if (known := sum(map(bases.upper().count, "ACGT"))) < minimum_known:
        return f"holds {known} letters A, C, G, T, expected at least {minimum_known}; remove the record"
    return None


def _raw_records(
    path: str | Path, genome: Path | None, id_column: str | None, sequence_column: str | None
) -> Iterator[RawRecord]:
    with open_source(path) as source:
        kind = _format(source, genome)
        if kind in ("fasta", "bed") and (id_column or sequence_column):
            raise InputError(
                f"{source.name}: is {kind.upper()}, which has no columns to name; leave the column options out"
            )
        if kind == "parquet" and str(path) == STDIN:
            raise InputError(f"{source.name}: is Parquet, which cannot be read from a pipe; give the file's path")
        yield from _some(_reader(kind, source, path, genome, id_column, sequence_column), source.name)


def _some(records: Iterator[RawRecord], name: str) -> Iterator[RawRecord]:
    """The same records; a fault where there is none."""
    first = next(records, None)
    if first is None:
        raise InputError(f"{name}: no records; expected at least one sequence; check how the file was made")
    yield first
    yield from records


def _reader(
    kind: FileFormat,
    source: ByteSource,
    path: str | Path,
    genome: Path | None,
    id_column: str | None,
    sequence_column: str | None,
) -> Iterator[RawRecord]:
    if kind == "bed" and genome is not None:
        return read_regions(source, genome)
    if kind == "fasta":
        return _read_fasta(source)
    if kind == "parquet":
        return read_parquet(path, id_column=id_column, sequence_column=sequence_column)
    reader = read_jsonl if kind == "jsonl" else read_delimited
    return reader(source, id_column=id_column, sequence_column=sequence_column)


def _format(source: ByteSource, genome: Path | None) -> FileFormat:
    kind = format_of(source)
    if kind == "spreadsheet":
        raise InputError(f"{source.name}: is a spreadsheet; expected sequences as FASTA or a table; save it as CSV")
    if genome is not None:
        if kind not in ("bed", "table"):
            raise InputError(f"{source.name}: is {kind}, but a genome is given; expected BED; leave the genome out")
        return "bed"
    if kind == "bed":
        raise InputError(f"{source.name}: is BED, which holds no bases; expected a genome FASTA with it; name one")
    return kind


class _FastaRecord:
    """A FASTA record while its lines come in. Past the longest length taken, it counts and keeps nothing."""

    def __init__(self, number: int, line: int, header: str) -> None:
        self.number = number
        self.line = line
        self.id = re.split("[ \t]", header, maxsplit=1)[0]
        self._parts: list[str] = []
        self._length = 0

    def add(self, bases: str) -> None:
        self._length += len(bases)
        if self._length > MAXIMUM_LENGTH:
            self._parts.clear()
        else:
            self._parts.append(bases)

    def finish(self, source: str) -> RawRecord:
        fault = None
        if self._length > MAXIMUM_LENGTH:
            fault = f"{self._length:,} bp long, expected at most {MAXIMUM_LENGTH:,}; cut it into windows"
        return RawRecord(self.number, self.line, self.id, "".join(self._parts), source, fault)


def _read_fasta(source: ByteSource) -> Iterator[RawRecord]:
    """FASTA records. Blank lines and `;` lines are passed over; blanks at either end of a line do not count."""
    record: _FastaRecord | None = None
    kind = ""
    for piece in read_pieces(source):
        text = piece.text.rstrip("\n")
        if piece.first:
            text = text.lstrip(" \t")
            kind = text[:1] if text[:1] in (">", ";") else ""
        if piece.last:
            text = text.rstrip(" \t") if kind != ">" else text
        if kind == ";" or (kind == ">" and not piece.first) or not text:
            continue
        if kind == ">":
            if record is not None:
                yield record.finish(source.name)
            record = _FastaRecord(1 if record is None else record.number + 1, piece.line, text[1:])
        elif record is None:
            raise InputError(
                f"{source.name}: line {piece.line} is {text[:20]!r} before the first header; expected a line that "
                "starts with '>'; add the header"
            )
        else:
            record.add(text)
    if record is not None:
        yield record.finish(source.name)
