"""Effects in every format: the same values, and VCF that pysam reads, sorted and indexed."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pysam
import pytest
from variant_helpers import GENOME, small_scorer, substitution

from cistrace.errors import OutputError
from cistrace.variants.effect import VariantEffect
from cistrace.variants.table import COLUMNS, check_effect_ending, effect_object, effect_output
from cistrace.variants.vcf_output import FIGURES, info_key

CONTIGS = {"chr0": 100, "chr1": len(GENOME)}


@pytest.fixture(scope="module")
def effects(tmp_path_factory: pytest.TempPathFactory) -> list[VariantEffect]:
    """Unsorted, with and without traces; of the cell type B without intervals."""
    with pytest.MonkeyPatch.context() as patch:
        scorer = small_scorer(tmp_path_factory.mktemp("model"), patch)
        lines = [substitution(300), f"chr1:150:{GENOME[149]}:{GENOME[149]}TGACTCA"]
        return [*scorer.score(lines), *scorer.score(substitution(200), trace=False)]


def written(path: Path, effects: list[VariantEffect]) -> list[dict[str, Any]]:
    rows = [effect_object(one) for one in effects]
    with effect_output(path, CONTIGS, ("A", "B")) as write:
        for row in rows:
            write(row)
    return rows


def test_tsv_and_csv(effects: list[VariantEffect], tmp_path: Path) -> None:
    rows = written(tmp_path / "out.tsv", effects)
    written(tmp_path / "out.csv.gz", effects)
    with (tmp_path / "out.tsv").open(newline="") as handle:
        tsv = list(csv.DictReader(handle, delimiter="\t"))
    with gzip.open(tmp_path / "out.csv.gz", "rt", newline="") as handle:
        assert list(csv.DictReader(handle)) == tsv
    assert list(tsv[0]) == list(COLUMNS) and len(tsv) == len(effects) == 6
    for plain, row, effect in zip(tsv, rows, effects, strict=True):
        assert int(plain["pos"]) == effect.variant.start + 1 and plain["alt"] == effect.variant.alt
        assert float(plain["difference"]) == row["difference"] == pytest.approx(effect.difference)
        if effect.cell_type == "B":
            assert (plain["lower"], plain["upper"], plain["percentile"]) == ("-inf", "inf", "")
            assert plain["flags"].endswith("no_interval;no_background")
        else:
            assert float(plain["lower"]) < float(plain["difference"]) < float(plain["upper"])
        assert plain["trace_verified"] == ("" if effect.contrast is None else "true")
    assert "gained|" in tsv[2]["sites"] and tsv[4]["sites"] == ""


def test_jsonl_and_parquet(effects: list[VariantEffect], tmp_path: Path) -> None:
    rows = written(tmp_path / "out.jsonl", effects)
    written(tmp_path / "out.parquet", effects)
    assert [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()] == rows
    there = pq.read_table(tmp_path / "out.parquet").to_pylist()
    for row, found in zip(rows, there, strict=True):
        if found["trace"] is not None:
            for step in found["trace"]["steps"]:
                step["values"] = dict(step["values"])
        assert found == row
    ledger = rows[2]["ledger"]
    parts = [ledger[name] for name in ("composition", "bases", "interplay", "windows", "rest")]
    assert sum(parts) + sum(site["change"] for site in ledger["sites"]) == pytest.approx(
        ledger["difference"], abs=0.011
    )
    assert ledger["difference"] == pytest.approx(rows[2]["difference"], abs=0.0051)


@pytest.mark.parametrize("name", ["out.vcf", "out.vcf.gz"])
def test_vcf(name: str, effects: list[VariantEffect], tmp_path: Path) -> None:
    written(tmp_path / name, effects)
    with pysam.VariantFile(str(tmp_path / name)) as file:
        assert {one: file.header.contigs[one].length for one in file.header.contigs} == CONTIGS
        for figure in FIGURES:
            assert file.header.info[info_key("A", figure)].description
        records = list(file)
    assert [one.pos for one in records] == [150, 200, 300]
    by_place = {(one.variant.start + 1, one.cell_type): one for one in effects}
    for record in records:
        for cell in "AB":
            effect = by_place[record.pos, cell]
            assert (record.ref, record.alts) == (effect.variant.ref, (effect.variant.alt,))
            assert record.info[info_key(cell, "DIFF")] == pytest.approx(effect.difference, rel=1e-4)
            assert (info_key(cell, "LOWER") in record.info) == (cell == "A")
    assert any(one.startswith("gained|") for one in records[0].info["CT_A_SITES"])
    assert records[0].info["CT_B_FLAGS"][-1] == "no_background"
    assert {path.name for path in tmp_path.iterdir()} == ({name, f"{name}.tbi"} if name.endswith("gz") else {name})


def test_the_index_finds_records(effects: list[VariantEffect], tmp_path: Path) -> None:
    written(tmp_path / "out.vcf.gz", effects)
    with pysam.VariantFile(str(tmp_path / "out.vcf.gz")) as file:
        assert [one.pos for one in file.fetch("chr1", 149, 250)] == [150, 200]
        assert list(file.fetch("chr0")) == []


def test_a_vcf_of_nothing(tmp_path: Path) -> None:
    written(tmp_path / "out.vcf.gz", [])
    with pysam.VariantFile(str(tmp_path / "out.vcf.gz")) as file:
        assert list(file) == []


def test_an_error_leaves_nothing(effects: list[VariantEffect], tmp_path: Path) -> None:
    for name in ("out.vcf.gz", "out.tsv", "out.parquet"):
        with pytest.raises(RuntimeError), effect_output(tmp_path / name, CONTIGS, ("A", "B")) as write:
            write(effect_object(effects[0]))
            raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_endings() -> None:
    for name in ("a.vcf", "a.VCF.GZ", "a.tsv.gz", "a.parquet"):
        check_effect_ending(Path(name))
    with pytest.raises(OutputError, match=r"names no format; expected \.vcf"):
        check_effect_ending(Path("a.bcf"))


def test_keys_are_what_vcf_allows() -> None:
    assert info_key("SK-N-SH 2", "DIFF") == "CT_SK_N_SH_2_DIFF"
