from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from table_helpers import bases

from cistrace.errors import DataError
from cistrace.mpra.table import MpraTable
from cistrace.towers.pool import RefusedElements, SingleElement, admit, either_strand, pool, read_further


def joint(sequences: tuple[str, ...], activity: NDArray[np.float64]) -> MpraTable:
    count = len(sequences)
    return MpraTable(
        tuple(f"e{i}" for i in range(count)), sequences, ("chr1",) * count, ("K562_peak",) * count,
        ("train",) * count, activity, ("HepG2", "K562", "WTC11"),
    )  # fmt: skip


SEQUENCES = ("AACC", "AAGC", "AATC", "CATT")


def measured() -> NDArray[np.float64]:
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


def test_elements_of_val_and_test_and_their_relatives_are_refused_and_counted() -> None:
    """Whatever the other file's split says: all of these are its training rows."""
    table = MpraTable(
        tuple("abcdef"), tuple(bases(seed) for seed in range(6)), ("chr1", "chr2", "5", "chr19", "chrX", "unknown"),
        ("",) * 6, ("train", "train", "train", "val", "test", "train"), np.zeros((6, 1)), ("HepG2",),
    )  # fmt: skip
    turned = bases(3).translate(str.maketrans("ACGT", "TGCA"))[::-1]
    near = bases(4)[20:] + bases(40, 20)
    taken = [(bases(0), "chr1"), (bases(1), "chr19"), (bases(50), "CHR5"), (bases(51), "2"), (bases(52), "unknown")]
    refused = [
        (bases(3), "chr1"), (turned, "chr1"),  # of val
        (near, "chr1"), (near[::-1].translate(str.maketrans("ACGT", "TGCA")), "chr2"),  # 40 bases of test
        (bases(53), "chr19"), (bases(54), "chr7"), (bases(55), "chr1-chr19"), (bases(56), "chr13"),
    ]  # fmt: skip
    further = [SingleElement(text, place, "HepG2", 1.0) for text, place in (*refused, *taken)]
    found, counts = admit(further, table)
    assert [(element.bases, element.chromosome) for element in found] == taken
    assert counts == RefusedElements(held_out=2, related=2, elsewhere=4) and counts.total == 8


def test_without_chromosomes_bases_alone_decide() -> None:
    table = MpraTable(
        ("a", "b"), (bases(0), bases(1)), ("", ""), ("", ""), ("train", "val"), np.zeros((2, 1)), ("HepG2",)
    )
    further = [SingleElement(bases(2), "chr7", "HepG2", 1.0), SingleElement(bases(1)[5:55], "", "HepG2", 1.0)]
    found, counts = admit(further, table)
    assert found == further[:1] and counts == RefusedElements(0, 1, 0)


def test_rows_that_a_tower_may_not_see_do_not_set_the_scale() -> None:
    table, single = joint(SEQUENCES, measured()), doubled()
    more = [*single, SingleElement(SEQUENCES[3], "chr1", "HepG2", 1000.0)]
    activity = measured()
    activity[3, 0] = 9.0
    allowed = np.array([True, True, True, False])
    pooled = pool(joint(SEQUENCES, activity), more, allowed)
    np.testing.assert_allclose(pooled.activity[:3], table.activity[:3])
    assert pooled.activity[3, 0] == (9.0 + (1000 - 100) / 2) / 2
