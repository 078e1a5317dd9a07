"""BED regions cut out of a genome."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sequence_helpers import (
    LETTERS,
    ROUND_TRIP,
    A,
    file_error,
    made,
    pairs,
    record_error,
    skipped,
)

from cistrace.io.dna_sequence import DnaSequence, Place
from cistrace.io.regions import reverse_complement
from cistrace.io.sequences import read_sequences

pysam = pytest.importorskip("pysam")

CHR1 = "".join(random.Random(2).choices("ACGTacgtN", k=500))
CHR2 = "".join(random.Random(3).choices("ACGTRY", k=120))


@pytest.fixture
def genome(tmp_path: Path) -> Path:
    lines = [">chr1 first > contig", *(CHR1[i : i + 60] for i in range(0, 500, 60)), ">chr2"]
    lines += [CHR2[i : i + 60] for i in range(0, 120, 60)]
    return made(tmp_path, "genome.fa", "\n".join(lines) + "\n")


def test_regions(tmp_path: Path, genome: Path) -> None:
    text = (
        "# comment\ntrack name=x\nbrowser position chr1\n\n"
        "chr1\t0\t30\nchr1\t470\t500\tend\t0\t+\nchr1\t100\t130\t.\t0\t-\r\nchr2\t90\t120\ta b\t0\t.\textra\n"
        "chr2 0 20 blanks 0 -\n"
    )
    path = made(tmp_path, "a.bed", text)
    assert list(read_sequences(path, genome=genome)) == [
        DnaSequence("chr1:0-30", CHR1[:30].upper(), f"{genome}:chr1:0-30(+)", Place("chr1", 0, 30, "+")),
        DnaSequence("end", CHR1[470:].upper(), f"{genome}:chr1:470-500(+)", Place("chr1", 470, 500, "+")),
        DnaSequence(
            "chr1:100-130",
            reverse_complement(CHR1[100:130]).upper(),
            f"{genome}:chr1:100-130(-)",
            Place("chr1", 100, 130, "-"),
        ),
        DnaSequence("a b", CHR2[90:], f"{genome}:chr2:90-120(+)", Place("chr2", 90, 120, "+")),
        DnaSequence("blanks", reverse_complement(CHR2[:20]), f"{genome}:chr2:0-20(-)", Place("chr2", 0, 20, "-")),
    ]
    assert (tmp_path / "genome.fa.fai").exists()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.bed", "genome.fa", "genome.fa.fai"]
    assert len(pairs(made(tmp_path, "b.bed.gz", gzip.compress(text.encode(), mtime=0)), genome=genome)) == 5


def test_region_faults(tmp_path: Path, genome: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cistrace.io.regions.MAXIMUM_LENGTH", 400)
    bad = [
        ("1\t0\t30", "calls it 'chr1'"),
        ("chrX\t0\t30", "not in the genome; expected one of its 2"),
        ("chr1\t30\t30", "end 30 is not beyond start 30"),
        ("chr1\t30\t10", "end 10 is not beyond"),
        ("chr1\t480\t501", "beyond 'chr1', 500 bp long"),
        ("chr1\t-1\t30", "start is '-1'"),
        ("chr1\tstart\tend", "start is 'start'"),
        ("chr1\t1.5\t30", "start is '1.5'"),
        ("chr1\t0\t" + "9" * 400, "end is '999"),
        ("chr1\t0", "found 2 fields"),
        ("chr1\t0\t30\tn\t0\t*", "strand is '*'"),
        ("chr1\t0\t450", "450 bp long, expected at most 400"),
        ("chr1\t0\t10", "10 bp long, expected at least 20"),
        ("chr1\t0\t30\tgood", "seen before"),
    ]
    path = made(tmp_path, "a.bed", "chr1\t0\t30\tgood\n" + "\n".join(line for line, _ in bad) + "\nchr2\t0\t30\n")
    good, rejects = skipped(path, genome=genome)
    assert [name for name, _ in good] == ["good", "chr2:0-30"]
    assert [r.number for r in rejects] == list(range(2, 16))
    for (_, words), reject in zip(bad, rejects, strict=True):
        assert words in reject.reason
    assert "a.bed, line 2" in record_error(path, genome=genome)


def test_genome_faults(tmp_path: Path, genome: Path) -> None:
    bed = made(tmp_path, "a.bed", "chr1\t0\t30\n")
    assert "cannot be read" in file_error(bed, genome=tmp_path / "none.fa")
    assert "is a folder" in file_error(bed, genome=tmp_path)
    assert "does not start with '>'" in file_error(bed, genome=bed)
    assert "plain gzip" in file_error(
        bed, genome=made(tmp_path, "g.fa.gz", gzip.compress(genome.read_bytes(), mtime=0))
    )
    uneven = made(tmp_path, "u.fa", ">chr1\nACGT\nACGTACGT\nACG\nACGTAA\n")
    assert "cannot be indexed" in file_error(bed, genome=uneven)
    assert not list(tmp_path.glob(".cistrace*")) and not list(tmp_path.glob("u.fa.fai*"))
    assert "is fasta, but a genome is given" in file_error(genome, genome=genome)
    assert "no columns to name" in file_error(bed, genome=genome, id_column="x")


def test_bgzip_genome(tmp_path: Path, genome: Path) -> None:
    packed = tmp_path / "packed.fa.gz"
    pysam.tabix_compress(str(genome), str(packed))
    bed = made(tmp_path, "a.bed", "chr1\t100\t130\n")
    assert pairs(bed, genome=packed) == [("chr1:100-130", CHR1[100:130].upper())]
    assert pairs(bed, genome=packed) == [("chr1:100-130", CHR1[100:130].upper())]


def test_index_that_cannot_be_written(tmp_path: Path, genome: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bed = made(tmp_path, "a.bed", "chr1\t0\t30\n")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("cistrace.io.genome.TemporaryDirectory", refuse)
    message = file_error(bed, genome=genome)
    assert "none can be written there (Permission denied)" in message and "samtools faidx" in message


def test_index_of_another_genome_is_refused(tmp_path: Path, genome: Path) -> None:
    bed = made(tmp_path, "a.bed", "chr2\t0\t30\n")
    assert len(pairs(bed, genome=genome)) == 1
    made(tmp_path, "genome.fa", f">chr1\n{A}\n" + genome.read_text())
    assert "its index" in file_error(bed, genome=genome)
    (tmp_path / "genome.fa.fai").write_text("junk\n")
    assert "genome.fa" in file_error(bed, genome=genome)


def test_torn_genome(tmp_path: Path, genome: Path) -> None:
    bed = made(tmp_path, "a.bed", "chr1\t0\t30\nchr2\t90\t120\n")
    assert len(pairs(bed, genome=genome)) == 2
    genome.write_bytes(genome.read_bytes()[:-25])
    assert "expected a whole genome" in file_error(bed, genome=genome)


@ROUND_TRIP
@given(st.lists(st.tuples(st.integers(0, 480), st.integers(20, 500), st.booleans()), min_size=1, max_size=5))
def test_regions_are_slices(tmp_path_factory: pytest.TempPathFactory, cuts: list[tuple[int, int, bool]]) -> None:
    folder = tmp_path_factory.mktemp("bed")
    genome = made(folder, "g.fa", f">chr1\n{CHR1}\n")
    kept = [(start, min(500, start + length), back) for start, length, back in cuts]
    lines = [f"chr1\t{s}\t{e}\tr{i}\t0\t{'-' if back else '+'}" for i, (s, e, back) in enumerate(kept)]
    expected = [reverse_complement(CHR1[s:e]) if back else CHR1[s:e] for s, e, back in kept]
    found = pairs(made(folder, "a.bed", "\n".join(lines)), genome=genome)
    assert found == [(f"r{i}", bases.upper()) for i, bases in enumerate(expected)]


@given(st.text(LETTERS + LETTERS.lower(), max_size=50))
def test_reverse_complement_is_its_own_inverse(bases: str) -> None:
    assert reverse_complement(reverse_complement(bases)) == bases
    assert reverse_complement("AACGTRN") == "NYACGTT"
