"""What files of variants hold, and what is wrong with them: one line each, and the rest is read."""

from __future__ import annotations

import gzip
import random
from collections.abc import Iterator
from pathlib import Path

import pysam
import pytest

from cistrace.errors import InputError, RecordError
from cistrace.io.genome import Genome, open_genome
from cistrace.io.rejects import Reject
from cistrace.variants.reading import VariantReader
from cistrace.variants.variant import Variant
from cistrace.variants.windows import PlacedVariant

SIZE = 60
FIRST = "".join(random.Random(1).choices("ACGT", k=300))
SECOND = "".join(random.Random(2).choices("ACGT", k=150))
HEAD = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"


@pytest.fixture
def genome(tmp_path: Path) -> Iterator[Genome]:
    path = tmp_path / "genome.fa"
    path.write_text(f">chr1\n{FIRST}\n>HLA:A*01\n{SECOND.lower()}\n")
    with open_genome(path) as opened:
        yield opened


def other(base: str) -> str:
    return "A" if base != "A" else "C"


def record(at: int, alt: str | None = None, ref: str | None = None, contig: str = "chr1", name: str = ".") -> str:
    """A line of VCF about a place of the first contig, 1-based."""
    base = FIRST[at - 1]
    return f"{contig}\t{at}\t{name}\t{base if ref is None else ref}\t{other(base) if alt is None else alt}\t.\t.\t.\n"


class Told:
    """What reading gave, refused and noted."""

    def __init__(self, path: Path, genome: Genome | None, stop: bool = False) -> None:
        self.refused: list[Reject] = []
        self.notes: list[str] = []
        reader = VariantReader(SIZE, genome, 1, None if stop else self.refused.append, self.notes.append)
        self.placed: list[PlacedVariant] = list(reader.file(path))

    @property
    def variants(self) -> list[Variant]:
        return [one.variant for one in self.placed]


def read(tmp_path: Path, text: str, genome: Genome | None, name: str = "in.vcf") -> Told:
    path = tmp_path / name
    path.write_text(text)
    return Told(path, genome)


def test_records_of_a_vcf(tmp_path: Path, genome: Genome) -> None:
    told = read(tmp_path, HEAD + record(100, name="rs1") + record(120, "G,T" if FIRST[119] == "A" else "A,TTT"), genome)
    assert not told.refused and not told.notes
    assert [one.start for one in told.variants] == [99, 119, 119] and told.variants[0].id == "rs1"
    assert told.variants[0].name == f"chr1:100:{FIRST[99]}:{other(FIRST[99])}"
    assert told.placed[0].windows[0].ref == FIRST[70:130]


def test_lower_case_counts_as_upper(tmp_path: Path, genome: Genome) -> None:
    line = f"HLA:A*01\t80\t.\t{SECOND[79].lower()}\t{other(SECOND[79]).lower()}\n"
    (variant,) = read(tmp_path, HEAD + line, genome).variants
    assert variant == Variant("HLA:A*01", 79, SECOND[79], other(SECOND[79]))


HOSTILE = {
    "REF is not the genome's": (record(100, ref=other(FIRST[99]), alt="T" * 3), "the genome has"),
    "REF beyond the contig": (record(300, ref=FIRST[299] + "AC"), "REF ends at 302, beyond 'chr1', 300 bp long"),
    "a place beyond the contig": ("chr1\t999\t.\tA\tC\t.\t.\t.\n", "REF ends at 999, beyond"),
    "missing contig": (record(100, contig="chr9"), "contig 'chr9' is not in the genome; expected one of its 2"),
    "a contig under another name": (record(100, contig="1"), "which calls it 'chr1'"),
    "a contig in capitals": (record(100, contig="CHR1"), "which calls it 'chr1'"),
    "no contig": (record(100, contig=""), "CHROM is empty"),
    "POS 0": ("chr1\t0\t.\tA\tC\t.\t.\t.\n", "POS is '0', expected a whole number from 1"),
    "POS no number": ("chr1\tten\t.\tA\tC\t.\t.\t.\n", "POS is 'ten'"),
    "POS of too many digits": (f"chr1\t{'9' * 40}\t.\tA\tC\t.\t.\t.\n", "POS is '9999"),
    "POS of other digits": ("chr1\t١٠\t.\tA\tC\t.\t.\t.\n", "POS is "),
    "empty REF": (record(100, ref=""), "REF is ''"),
    "REF no DNA": (record(100, ref="X"), "REF is 'X', expected bases"),
    "empty ALT": (record(100, alt=""), "ALT is empty"),
    "no ALT": (record(100, alt="."), "ALT is '.', which is none"),
    "star": (record(100, alt="*"), "ALT is '*'"),
    "symbolic": (record(100, alt="<DEL>"), "ALT is '<DEL>', a symbol"),
    "breakend": (record(100, alt=f"{FIRST[99]}[chr2:321[".replace("chr2", "chr1")), "a breakend"),
    "single breakend": (record(100, alt=f".{FIRST[99]}"), "a breakend"),
    "ambiguous ALT": (record(100, alt="N"), "ALT is 'N', expected bases"),
    "alleles alike": (record(100, alt=FIRST[99]), "both alleles are the same"),
    "too long": (record(100, alt=FIRST[99] + "ACGT" * 30), "an allele is 120 bp long, expected at most 20"),
    "too few fields": ("chr1\t100\n", "found 2 fields parted by tabs, expected at least 5"),
    "blanks for tabs": ("chr1 100 . A C . . .\n", "found 1 field parted by tabs"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_malformed_record_is_one_line_and_the_rest_is_read(kind: str, tmp_path: Path, genome: Genome) -> None:
    line, reason = HOSTILE[kind]
    told = read(tmp_path, HEAD + record(90) + line + record(110), genome)
    assert [one.start for one in told.variants] == [89, 109]
    (reject,) = told.refused
    assert reason in reject.reason and reject.number == 4 and "\n" not in reject.reason


def test_all_of_them_in_one_file(tmp_path: Path, genome: Genome) -> None:
    told = read(tmp_path, HEAD + "".join(line for line, _ in HOSTILE.values()) + record(250), genome)
    assert [one.start for one in told.variants] == [249] and len(told.refused) == len(HOSTILE)


def test_of_several_alleles_those_that_can_be_are_scored(tmp_path: Path, genome: Genome) -> None:
    told = read(tmp_path, HEAD + record(100, alt=f"<DEL>,{other(FIRST[99])},*,{FIRST[99]}GG"), genome)
    assert len(told.variants) == 2 and [one.number for one in told.refused] == [3, 3]


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (HEAD.split("\n", 1)[1] + record(100), "line 1 is not '##fileformat=VCFv4.x'"),
        ("##fileformat=VCFv4.2\n" + record(100), "line 2 is a record, expected the line '#CHROM POS"),
        (HEAD.replace("POS", "Position") + record(100), "line 2 has the columns '#CHROM Position"),
        (HEAD + record(100) + record(90) + record(80), "line 4: chr1:90 stands behind a later place"),
        (
            HEAD + record(100) + f"HLA:A*01\t80\t.\t{SECOND[79]}\t{other(SECOND[79])}\n" + record(110),
            "line 5: chr1:110 stands behind",
        ),
    ],
)  # fmt: skip
def test_faults_of_the_file_lose_no_record(text: str, note: str, tmp_path: Path, genome: Genome) -> None:
    told = read(tmp_path, text, genome)
    (found,) = told.notes
    assert note in found and not told.refused and told.variants


def test_without_a_taker_the_first_fault_stops(tmp_path: Path, genome: Genome) -> None:
    path = tmp_path / "in.vcf"
    path.write_text(HEAD + record(100) + record(110, alt="*"))
    with pytest.raises(RecordError, match=r"line 4: record 'chr1:110': ALT is '\*'"):
        Told(path, genome, stop=True)


def test_gzip_bgzip_and_bcf_give_the_same(tmp_path: Path, genome: Genome) -> None:
    head = f"##fileformat=VCFv4.2\n##contig=<ID=chr1,length={len(FIRST)}>\n" + HEAD.split("\n", 1)[1]
    text = head + record(100, name="rs7") + record(120, alt=f"{FIRST[119]}A,{other(FIRST[119])}")
    plain = read(tmp_path, text, genome)
    assert len(plain.placed) == 3
    zipped = tmp_path / "in.vcf.gz"
    zipped.write_bytes(gzip.compress(text.encode(), mtime=0))
    assert Told(zipped, genome).placed == plain.placed
    pysam.tabix_compress(str(tmp_path / "in.vcf"), str(zipped), force=True)
    assert Told(zipped, genome).placed == plain.placed
    with (
        pysam.VariantFile(str(tmp_path / "in.vcf")) as one,
        pysam.VariantFile(str(tmp_path / "in.bcf"), "wb", header=one.header) as out,
    ):
        for line in one:
            out.write(line)
    assert Told(tmp_path / "in.bcf", genome).placed == plain.placed


def test_a_torn_bcf(tmp_path: Path, genome: Genome) -> None:
    (tmp_path / "in.bcf").write_bytes(gzip.compress(b"BCF\2\2" + b"\0" * 30, mtime=0))
    with pytest.raises(InputError, match="is no whole BCF"):
        Told(tmp_path / "in.bcf", genome)


def test_lists_and_tables_of_places(tmp_path: Path, genome: Genome) -> None:
    alt, base = other(SECOND[79]), SECOND[79]
    told = read(tmp_path, f"# mine\nHLA:A*01:80:{base}:{alt}\n\nchr1:5\n", genome, "list.txt")
    assert told.variants == [Variant("HLA:A*01", 79, base, alt)]
    assert [one.number for one in told.refused] == [4] and "expected contig:position:ref:alt" in told.refused[0].reason
    table = f"Chrom,POS,rsid,ref,alt\nHLA:A*01,80,rs5,{base},{alt}\nHLA:A*01,80,rs6,{base}\n"
    told = read(tmp_path, table, genome, "table.csv")
    assert told.variants == [Variant("HLA:A*01", 79, base, alt, "rs5")]
    assert "found 4 fields, expected 5" in told.refused[0].reason


def test_a_table_of_sequences_needs_no_genome(tmp_path: Path) -> None:
    rows = [
        ("snv", FIRST[:60], FIRST[:20] + other(FIRST[20]) + FIRST[21:60]),
        ("deletion", FIRST[:60], FIRST[:20] + FIRST[25:60]),
        ("insertion", FIRST[:60], "ACGTT" + FIRST[:60]),
        ("alike", FIRST[:60], FIRST[:60]),
        ("no DNA", FIRST[:60], FIRST[:59] + "!"),
        ("short", "ACGT", "ACGG"),
    ]
    text = "id\tref\talt\n" + "".join("\t".join(row) + "\n" for row in rows)
    told = read(tmp_path, text, None, "pairs.tsv")
    first, second, third = told.placed
    assert first.variant == Variant("snv", 20, FIRST[20], other(FIRST[20]), "snv")
    assert (first.windows[0].ref, first.windows[0].alt) == rows[0][1:]
    assert (second.windows[0].ref, second.windows[0].alt) == rows[1][1:]
    assert third.windows[0].alt in rows[2][2] and len(third.windows[0].alt) == SIZE
    assert min(len(one.ref) for one in told.variants) == 1 and min(len(one.alt) for one in told.variants) == 1
    assert [one.record for one in told.refused] == ["alike", "no DNA", "short"]


def test_places_without_a_genome(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected a genome FASTA"):
        read(tmp_path, HEAD + record(100), None)


def test_a_table_without_alleles(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="found columns 'id', 'sequence'; expected VCF, lines of"):
        read(tmp_path, "id\tsequence\nx\tACGT\n", None, "in.tsv")
