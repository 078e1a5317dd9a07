"""`cistrace variants`: files in, files out, refusals told, and going on after an interruption."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pysam
import pytest
from cli_helpers import invoke
from variant_helpers import GENOME, other, small_scorer, substitution

from cistrace.variants import scorer as scorer_module
from cistrace.variants.effect import VariantEffect
from cistrace.variants.scorer import VariantScorer
from cistrace.variants.table import COLUMNS

HEAD = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With a genome, a VCF of forty substitutions, and a scorer of small towers behind the command."""
    small_scorer(tmp_path, monkeypatch)

    class Small(VariantScorer):
        def __init__(self, *given: Any, **options: Any) -> None:
            super().__init__(*given, **{**options, "scale": tmp_path / "scale.json"})

    monkeypatch.setattr(scorer_module, "VariantScorer", Small)
    (tmp_path / "in.vcf").write_text(HEAD + "".join(map(line, range(100, 500, 10))))
    return tmp_path


def line(at: int) -> str:
    return f"chr1\t{at}\trs{at}\t{GENOME[at - 1]}\t{other(GENOME[at - 1])}\t.\t.\t.\n"


def run(folder: Path, output: str, *options: str, name: str = "in.vcf") -> Any:
    return invoke("variants", folder / name, "--genome", folder / "genome.fa", "-o", folder / output, *options)


def test_every_format_says_the_same(folder: Path) -> None:
    for ending in ("tsv", "jsonl", "vcf.gz", "parquet"):
        result = run(folder, f"out.{ending}", "--no-trace")
        assert result.exit_code == 0, result.stderr
    rows = [json.loads(row) for row in (folder / "out.jsonl").read_text().splitlines()]
    assert len(rows) == 80 and [row["pos"] for row in rows[::2]] == list(range(100, 500, 10))
    assert [row["cell_type"] for row in rows[:2]] == ["A", "B"] and rows[0]["trace"] is None
    with pysam.VariantFile(str(folder / "out.vcf.gz")) as file:
        found = [record.info["CT_A_DIFF"] for record in file]
    assert found == pytest.approx([row["difference"] for row in rows[::2]], rel=1e-4)
    assert not list(folder.glob("*.rejects.tsv")) and not list(folder.glob("*.partial"))


def test_traces_and_chosen_cell_types(folder: Path) -> None:
    (folder / "few.txt").write_text("\n".join(map(substitution, (200, 300))))
    result = run(folder, "out.jsonl", "--cell-type", "b", "--shifts", "3", name="few.txt")
    assert result.exit_code == 0, result.stderr
    rows = [json.loads(row) for row in (folder / "out.jsonl").read_text().splitlines()]
    assert [row["cell_type"] for row in rows] == ["B", "B"]
    assert all(row["verification"]["verified"] and row["trace"]["written_by"] == "grounded writer" for row in rows)


def test_tsv_in_a_pipe(folder: Path) -> None:
    result = invoke("variants", folder / "in.vcf", "--genome", folder / "genome.fa", "--no-trace", "--cell-type", "A")
    assert result.exit_code == 0 and len(result.stdout.splitlines()) == 41
    assert result.stdout.startswith("chrom\tpos\tid\tref\talt\tcell_type\tref_activity")


def test_refused_records_are_told_and_counted(folder: Path) -> None:
    bad = f"chr1\t700\t.\tA\tC\t.\t.\t.\nchr9\t1\tevil\x1b[31m\tA\tC\t.\t.\t.\n{line(50).rstrip()}\nchr1\t60\n"
    (folder / "bad.vcf").write_text(HEAD + line(100) + bad + line(110))
    result = run(folder, "out.tsv", "--no-trace", "--cell-type", "A", name="bad.vcf")
    assert result.exit_code == 0
    lines = result.stderr.splitlines()
    assert sum(one.startswith("cistrace: refused") for one in lines) == 3 and "\x1b" not in result.stderr
    assert lines[-1] == f"cistrace: 3 records refused; see {folder / 'out.tsv.rejects.tsv'}"
    assert "stands behind a later place" in result.stderr
    assert len((folder / "out.tsv").read_text().splitlines()) == 4
    assert len((folder / "out.tsv.rejects.tsv").read_text().splitlines()) == 4


def test_stop_leaves_no_output(folder: Path) -> None:
    (folder / "bad.vcf").write_text(HEAD + line(100) + "chr1\t700\t.\tA\tC\t.\t.\t.\n")
    result = run(folder, "out.tsv", "--no-trace", "--on-error", "stop", name="bad.vcf")
    assert result.exit_code == 2 and "line 4: record 'chr1:700': REF ends at 700" in result.stderr
    assert not (folder / "out.tsv").exists()


def test_a_fault_before_the_first_row_leaves_standard_output_empty(folder: Path) -> None:
    (folder / "bad.vcf").write_text(HEAD + "chr1\t700\t.\tA\tC\t.\t.\t.\n" + line(100))
    result = invoke(
        "variants", folder / "bad.vcf", "--genome", folder / "genome.fa", "--no-trace", "--on-error", "stop"
    )
    _device, fault = result.stderr.splitlines()
    assert result.exit_code == 2 and "REF ends at 700" in fault and result.stdout == ""


@pytest.mark.parametrize("text", [HEAD, "chrom,pos,ref,alt\n"])
def test_a_file_without_records_is_an_empty_table_and_says_so(folder: Path, text: str) -> None:
    (folder / "none.txt").write_text(text)
    result = invoke("variants", folder / "none.txt", "--genome", folder / "genome.fa", "--no-trace")
    assert result.exit_code == 0 and result.stdout.splitlines() == ["\t".join(COLUMNS)]
    assert result.stderr.partition("\n")[2] == (
        f"cistrace: {folder / 'none.txt'}: holds no records; expected at least one variant; check how the file was "
        "made\n"
    )


def test_a_file_that_is_not_there_is_one_of_variants(folder: Path) -> None:
    result = invoke("variants", folder / "nope.vcf", "--genome", folder / "genome.fa")
    assert result.exit_code == 2 and "nope.vcf: no such file; expected a file of variants" in result.stderr


def test_going_on_after_an_interruption(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(folder, "whole.jsonl").exit_code == 0
    stream, blocks = VariantScorer.stream, []

    def interrupted(self: VariantScorer, *given: Any) -> Iterator[VariantEffect]:
        blocks.append(1)
        if len(blocks) == 2:
            raise KeyboardInterrupt
        return stream(self, *given)

    monkeypatch.setattr(VariantScorer, "stream", interrupted)
    result = run(folder, "out.jsonl")
    assert result.exit_code == 130 and "32 finished" in result.stderr and not (folder / "out.jsonl").exists()
    assert run(folder, "out.jsonl").exit_code == 2
    result = run(folder, "out.jsonl", "--resume")
    assert result.exit_code == 0, result.stderr
    assert len(blocks) == 3 and (folder / "out.jsonl").read_bytes() == (folder / "whole.jsonl").read_bytes()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("-o", "out.txt"), "names no format"),
        (("-o", "in.vcf"), "is also the input"),
        (("-o", "genome.fa.fai.tsv", "--genome", "no.fa"), "no.fa"),
        (("--cell-type", "HeLa"), "HeLa"),
        (("--shifts", "0"), "--shifts"),
        (("--rejects", "x.tsv", "--on-error", "stop"), "--rejects needs --on-error skip"),
    ],
)
def test_options_that_cannot_be(
    folder: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], message: str
) -> None:
    monkeypatch.chdir(folder)
    result = invoke("variants", "in.vcf", "--genome", "genome.fa", "--no-trace", *options)
    assert result.exit_code == 2 and message in result.stderr


def test_pairs_have_no_vcf(folder: Path) -> None:
    (folder / "pairs.csv").write_text(f"id,ref,alt\nx,{GENOME[:60]},{GENOME[:30]}{other(GENOME[30])}{GENOME[31:60]}\n")
    result = invoke("variants", folder / "pairs.csv", "-o", folder / "out.vcf")
    assert result.exit_code == 2 and "a VCF needs contigs" in result.stderr
    result = invoke("variants", folder / "pairs.csv", "-o", folder / "out.tsv", "--cell-type", "A")
    assert result.exit_code == 0 and "x\t31\tx" in (folder / "out.tsv").read_text()


def test_in_a_terminal_a_table_and_traces(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cistrace.cli.variants.to_terminal", lambda path: True)
    (folder / "few.txt").write_text(f"{substitution(200)}\nchr1:1:x:y\n")
    result = invoke("variants", folder / "few.txt", "--genome", folder / "genome.fa", "--cell-type", "A")
    assert result.exit_code == 0, result.stderr
    assert (
        result.stdout.startswith("variant") and "Verified: all" in result.stdout and "1 record refused" in result.stderr
    )
