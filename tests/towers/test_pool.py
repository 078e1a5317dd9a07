from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cistrace.errors import DataError
from cistrace.mpra.table import MpraTable
from cistrace.towers.pool import SingleElement, either_strand, pool, read_further


def joint(sequences: tuple[str, ...], activity: np.ndarray) -> MpraTable:
    count = len(sequences)
    return MpraTable(
        tuple(f"e{i}" for i in range(count)), sequences, ("chr1",) * count, ("K562_peak",) * count,
        ("train",) * count, activity, ("HepG2", "K562", "WTC11"),
    )  # fmt: skip


SEQUENCES = ("AACC", "AAGC", "AATC", "CATT")


def measured() -> np.ndarray:
    activity = np.arange(12, dtype=float).reshape(4, 3)
    activity[3, 0] = np.nan
    return activity


def doubled() -> list[SingleElement]:
    """The first three elements as a library on another scale reads them: 100 + 2 x joint."""
    return [SingleElement(bases, "chr1", "HepG2", 100 + 2 * value) for bases, value in zip(SEQUENCES, (0.0, 3.0, 6.0))]


@given(st.text("ACGT", min_size=1, max_size=40))
def test_both_strands_have_one_name(bases: str) -> None:
    turned = bases.translate(str.maketrans("ACGT", "TGCA"))[::-1]
    assert either_strand(bases) == either_strand(turned) in (bases, turned)


def test_second_measurements_are_brought_to_scale_and_averaged() -> None:
    pooled = pool(joint(SEQUENCES, measured()), doubled())
    assert len(pooled) == 4
    np.testing.assert_allclose(pooled.activity, measured())


def test_an_element_the_joint_library_lacks_becomes_a_row() -> None:
    single = [
        *doubled(),
        SingleElement("GGGA", "chr9", "HepG2", 110.0),
        SingleElement(SEQUENCES[3], "chr1", "HepG2", 120.0),
    ]
    pooled = pool(joint(SEQUENCES, measured()), single)
    assert pooled.sequences[4] == "GGGA" and pooled.chromosomes[4] == "chr9" and pooled.splits[4] == "train"
    np.testing.assert_allclose(pooled.activity[4], [5.0, np.nan, np.nan])
    assert pooled.activity[3, 0] == 10.0  # unmeasured in the joint library: the single one's value stands alone


def test_a_row_new_in_two_cell_types_is_one_row() -> None:
    known = [
        SingleElement(bases, "chr1", cell, value)
        for cell in ("HepG2", "WTC11")
        for bases, value in zip(SEQUENCES[:3], (1.0, 2.0, 3.0))
    ]
    new = [SingleElement("GGGA", "chr9", "HepG2", 2.0), SingleElement("TCCC", "chr9", "WTC11", 3.0)]
    pooled = pool(joint(SEQUENCES, measured()), known + new)
    assert len(pooled) == 5 and np.isfinite(pooled.activity[4]).tolist() == [True, False, True]


def test_too_little_in_common_is_refused() -> None:
    with pytest.raises(DataError, match="HepG2: 1 elements"):
        pool(joint(SEQUENCES, measured()), [SingleElement(SEQUENCES[0], "chr1", "HepG2", 1.0)])


def test_training_rows_alone_are_read_and_strands_averaged(tmp_path: Path) -> None:
    path = tmp_path / "further.tsv.gz"
    with gzip.open(path, "wt") as handle:
        handle.write("name\tsequence\tstrand\tchrom\tcell_type\tlog2_rna_dna\tsplit\tin_joint\n")
        handle.write("a\tAACC\t+\tchr1\tHepG2\t1.0\ttrain\tTrue\n")
        handle.write("a_r\tGGTT\t-\tchr1\tHepG2\t2.0\ttrain\tTrue\n")
        handle.write("b\tAAAA\t+\tchr1\tHepG2\t9.0\texcluded\tFalse\n")
        handle.write("c\tAAAG\t+\tchr1\tOther\t9.0\ttrain\tFalse\n")
    assert read_further(path, ("HepG2",)) == [SingleElement("AACC", "chr1", "HepG2", 1.5)]


def test_a_missing_file_and_a_missing_column_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.tsv"):
        read_further(tmp_path / "none.tsv", ("HepG2",))
    (tmp_path / "short.tsv").write_text("sequence\tcell_type\tsplit\tchrom\n")
    with pytest.raises(DataError, match="no column for the activity"):
        read_further(tmp_path / "short.tsv", ("HepG2",))
