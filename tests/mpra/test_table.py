from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cistrace.errors import DataError
from cistrace.mpra.table import MpraTable, data_folder, level_cuts, read_joint


def table(chromosomes: list[str]) -> MpraTable:
    count = len(chromosomes)
    return MpraTable(
        tuple(f"e{i}" for i in range(count)), ("ACGT",) * count, tuple(chromosomes), ("K562_peak",) * count,
        ("train",) * count, np.arange(3 * count, dtype=float).reshape(count, 3),
    )  # fmt: skip


def test_cuts_are_quartiles_of_enhancers_alone() -> None:
    many = table(["chr1"] * 5)
    assert level_cuts(many)[0].tolist() == [3.0, 6.0, 9.0]
    categories = ("control",) + ("HepG2_peak",) * 4
    assert level_cuts(replace(many, categories=categories))[0, 1] == 7.5


def test_the_table_is_read_with_missing_values(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "joint_mpra.tsv.gz", "wt") as handle:
        handle.write("name\tsequence\tchrom\tcategory\tsplit\tHepG2\tK562\tWTC11\n")
        handle.write("a\tACGT\tchr1\tpromoter\ttrain\t0.5\t\t-1\n")
    read = read_joint(tmp_path)
    assert (read.names, len(read.split("train"))) == (("a",), 1)
    assert np.isnan(read.activity[0, 1]) and read.activity[0, 2] == -1
    with pytest.raises(DataError, match="'val'"):
        read.split("val")


def test_a_missing_folder_or_table_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CISTRACE_DATA", raising=False)
    with pytest.raises(DataError, match="CISTRACE_DATA"):
        data_folder()
    with pytest.raises(DataError, match="no such folder"):
        data_folder(tmp_path / "none")
    with pytest.raises(DataError, match="joint_mpra"):
        read_joint(tmp_path)
