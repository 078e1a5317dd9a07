"""MPRA tables of every format: what is read, what is listed, and that nothing vanishes."""

from __future__ import annotations

import gzip
import hashlib
import json
import math
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from table_helpers import bases, made, one_line, table_text, write_xlsx

from cistrace.errors import InputError
from cistrace.io.regions import reverse_complement
from cistrace.mpra.columns import TableColumns, number
from cistrace.mpra.element_file import LEFT_ADAPTER, RIGHT_ADAPTER
from cistrace.mpra.formats import read_table
from cistrace.mpra.loaded import LoadedTable

A, B, C, D = (bases(seed) for seed in range(4))


def reasons(found: LoadedTable) -> list[tuple[int, str, str]]:
    return [(excluded.line, excluded.id, excluded.cell_type) for excluded in found.exclusions]


def whole(found: LoadedTable) -> int:
    return sum(not excluded.cell_type for excluded in found.exclusions)


# ---- any table


def test_a_table(tmp_path: Path) -> None:
    rows = [["a", A.lower(), "chr1", "x_peak", "Train", "1.5", "NA"], ["b", B, "chr2", "", "dev", "", "-2e-1"]]
    text = table_text(["Name", "sequence", "chr", "category", "split", "K562", "sk_n_sh"], rows)
    path = made(tmp_path, "a.tsv.gz", gzip.compress(text.encode(), mtime=0))
    found = read_table(path, cell_types=["SK-N-SH", "leukaemia=k562"])
    assert found.table.cell_types == ("SK-N-SH", "leukaemia")
    np.testing.assert_array_equal(found.table.activity, [[math.nan, 1.5], [-0.2, math.nan]])
    assert found.table.names == ("a", "b") and found.table.sequences == (A, B)
    assert found.table.chromosomes == ("chr1", "chr2") and found.table.categories == ("x_peak", "")
    assert found.table.splits == ("Train", "dev")
    assert found.lines == (2, 3) and found.exclusions == () and found.levels is None and found.notes == ()
    assert found.sources == (("a.tsv.gz", hashlib.sha256(path.read_bytes()).hexdigest()),)


def test_named_columns(tmp_path: Path) -> None:
    header = ["id", "oligo", "sequence", "place", "fate", "kind", "act", "K562_level"]
    path = made(tmp_path, "a.csv", table_text(header, [["a", "x1", B, "c1", "test", "k", 1, 3]], ","))
    columns = TableColumns("sequence", "OLIGO", "place", "fate", "kind", ("K=K562_level",))
    found = read_table(path, cell_types=["K=act"], columns=columns)
    assert found.table.names == ("x1",) and found.table.chromosomes == ("c1",)
    assert found.table.splits == ("test",) and found.table.categories == ("k",)
    assert found.levels is not None and found.levels.dtype == np.int8 and found.levels.tolist() == [[3]]


def test_every_bad_row_is_listed(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["a", A, 1, 2],
        ["text", B, "high", 2],
        ["infinite", C, "-inf", ""],
        ["letter", A[:30] + "J" + A[:30], 1, 1],
        ["empty", "", 1, 1],
        ["short", "ACGT" * 4, 1, 1],
        ["a", D, 1, 1],
        ["again", A.lower(), 1, 1],
        ["mirror", reverse_complement(A), 1, 1],
        ["none", D, "NaN", "na"],
        ["late", D, 0, 0],
        ["", bases(9), 1, 1],
        ["ragged", bases(10), 1],
        ["iupac", "RYSWKMBDHVN" + bases(11), 1, "1_0"],
    ]
    found = read_table(
        made(tmp_path, "a.tsv", table_text(["id", "seq", "K562", "HepG2"], rows)), cell_types=["HepG2", "K562"]
    )
    assert found.table.names == ("a", "text", "mirror", "late", "iupac")
    assert reasons(found) == [
        (3, "text", "K562"),
        (4, "infinite", "K562"),
        (4, "infinite", ""),
        (5, "letter", ""),
        (6, "empty", ""),
        (7, "short", ""),
        (8, "a", ""),
        (9, "again", ""),
        (11, "none", ""),
        (13, "row12", ""),
        (14, "row13", ""),
        (15, "iupac", "HepG2"),
    ]
    text = {(excluded.id, excluded.cell_type): excluded.reason for excluded in found.exclusions}
    assert "'high', expected a number" in text["text", "K562"]
    assert "infinite" in text["infinite", "K562"]
    assert "position 31 is 'J'" in text["letter", ""]
    assert "earlier row 'a'" in text["again", ""]
    assert "seen before" in text["a", ""]
    assert "16 bp long" in text["short", ""]
    assert "reverse complements of an earlier row: 1, kept" in found.notes


def test_lengths(tmp_path: Path) -> None:
    rows = [[f"r{seed}", bases(seed, length), 1] for seed, length in enumerate([50] * 17 + [40, 45, 60])]
    path = made(tmp_path, "a.csv", table_text(["id", "seq", "K562"], rows, ","))
    found = read_table(path, cell_types=["K562"])
    assert found.notes == ("lengths: 50 bp (85.0 %), 40-45 bp (10.0 %), 60 bp (5.0 %)",)
    asked = read_table(path, cell_types=["K562"], length=50)
    assert len(asked.table) == 17 and asked.notes == ()
    assert [excluded.id for excluded in asked.exclusions] == ["r17", "r18", "r19"]
    assert "40 bp long, expected 50 bp" in asked.exclusions[0].reason


def test_levels_of_a_column(tmp_path: Path) -> None:
    rows = [["a", A, 1, "0"], ["b", B, 2, ""], ["c", C, 3, "4"], ["d", D, 4, "1.5"], ["e", bases(8), 4, "3.0"]]
    path = made(tmp_path, "a.csv", table_text(["id", "seq", "K562", "level"], rows, ","))
    found = read_table(path, cell_types=["K562"], columns=TableColumns(levels=("level",)))
    assert found.table.names == ("a", "b", "e")
    assert found.levels is not None and found.levels.ravel().tolist() == [0, -1, 3]
    assert reasons(found) == [(4, "c", "K562"), (4, "c", ""), (5, "d", "K562"), (5, "d", "")]
    assert "level is '4', expected 0, 1, 2, 3" in found.exclusions[0].reason


@pytest.mark.parametrize(
    ("header", "cells", "expected"),
    [
        (["id", "seq", "x"], [], "no cell type is asked for; columns with numbers: 'x'"),
        (["id", "seq", "x"], ["K562"], "no activity column for cell type 'K562'; columns with numbers: 'x'"),
        (["id", "seq", "x"], ["K562=y"], "no column 'y'"),
        (["id", "seq", "x"], ["K562=id"], "holds no number"),
        (["id", "seq", "x"], ["x", "y=x"], "column 'x' is asked for cell types 'x' and 'y'"),
        (["id", "seq", "x"], ["x", "x"], "asked for twice"),
        (["id", "seq", "x"], ["=x"], "expected a name or CELL=COLUMN"),
        (["id", "seq", "k-562"], ["K562", "k562=x"], "no column 'x'"),
        (["id", "bass", "x"], ["x"], "no sequence column; found columns 'id', 'bass', 'x'"),
    ],
)
def test_one_line_errors(tmp_path: Path, header: list[str], cells: list[str], expected: str) -> None:
    path = made(tmp_path, "a.csv", table_text(header, [["a", A, 1]], ","))
    assert expected in one_line(read_table, path, cell_types=cells)


def test_two_columns_for_a_cell_type(tmp_path: Path) -> None:
    path = made(tmp_path, "a.csv", table_text(["seq", "K562_mean", "K-562 log2FC"], [[A, 1, 2]], ","))
    assert "choose by K562=COLUMN" in one_line(read_table, path, cell_types=["K562"])
    found = read_table(path, cell_types=["K562=K562_mean"])
    assert found.table.activity.item() == 1 and found.table.names == ("row1",)


def test_options_that_do_not_fit(tmp_path: Path) -> None:
    path = made(tmp_path, "a.csv", table_text(["id", "seq", "x"], [["a", A, 1]], ","))
    assert "is not known" in one_line(read_table, path, "other")
    assert "has no element file" in one_line(read_table, path, elements=path, cell_types=["x"])
    wrong = TableColumns(levels=("y=x",))
    assert "levels 'y'" in one_line(read_table, path, cell_types=["x"], columns=wrong)
    assert "header" in one_line(read_table, made(tmp_path, "b.csv", "id,seq,x\n"), cell_types=["x"])


def test_other_formats(tmp_path: Path) -> None:
    rows = [{"id": 7, "seq": A, "K562": None}, {"id": "b", "seq": B, "K562": 2, "chrom": "chr1"}, {"seq": C, "K562": 1}]
    found = read_table(made(tmp_path, "a.jsonl", "\n".join(map(json.dumps, rows))), cell_types=["K562"])
    assert found.table.names == ("b",) and found.table.chromosomes == ("chr1",)
    assert reasons(found) == [(1, "7", ""), (3, "row3", "")]
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    pq.write_table(pa.table({"seq": [A, B], "K562": [0.25, None]}), tmp_path / "a.parquet")
    assert read_table(tmp_path / "a.parquet", cell_types=["K562"]).table.activity.tolist() == [[0.25]]


FIELD = st.sampled_from(["0.5", "-1", "", "NA", "inf", "text", "3"])
SEQUENCE = st.sampled_from([A, B, C, D, A.lower(), reverse_complement(B), "", "ACGT", A + "N", B[:25], C + "X"])
ROW = st.tuples(
    st.sampled_from("abcdefgh") | st.just(""), SEQUENCE, FIELD, FIELD, st.sampled_from(["", "", "", "\textra"])
)


@settings(deadline=None, max_examples=200)
@given(rows=st.lists(ROW, min_size=1, max_size=12), length=st.sampled_from([None, 60]))
def test_nothing_vanishes(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]], length: int | None
) -> None:
    lines = ["id\tseq\tK562\tHepG2", *("\t".join(row[:4]) + row[4] for row in rows)]
    lines.append(f"last\t{bases(99)}\t1\t2")
    path = made(tmp_path_factory.mktemp("rows"), "a.tsv", "\n".join(lines))
    found = read_table(path, cell_types=["K562", "HepG2"], length=length)
    assert len(found.table) + whole(found) == len(rows) + 1
    kept = set(found.lines)
    dropped = {excluded.line for excluded in found.exclusions if not excluded.cell_type}
    assert kept | dropped == set(range(2, len(rows) + 3)) and not kept & dropped
    assert len(set(found.table.names)) == len(found.table) == len(set(found.table.sequences)) == len(found.lines)
    assert not np.isnan(found.table.activity).all(axis=1).any() and not np.isinf(found.table.activity).any()
    assert length is None or {len(sequence) for sequence in found.table.sequences} <= {length}


def test_numbers() -> None:
    assert [number(value) for value in (1, 2.5, " 3 ", "1e3")] == [1, 2.5, 3, 1000]
    assert all(math.isnan(number(value)) for value in (None, "", " ", "NA", "nan", "#N/A", "null", math.nan))
    for value in ("x", "1_0", True, [1], "1,5", 10**400):
        with pytest.raises(ValueError):
            number(value)


# ---- the long form


def test_long_form(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["a", A, "HepG2", 1],
        ["a", A, "k-562", 2],
        ["b", B, "K562", "x"],
        ["b", B, "HepG2", 3],
        ["a", B, "K562", 9],
        ["c", A, "K562", 9],
        ["a", A, "HepG2", 7],
        ["b", B, "WTC11", 5],
        ["d", "ACGT", "K562", 5],
    ]
    path = made(tmp_path, "a.tsv", table_text(["id", "seq", "cell_type", "activity"], rows))
    found = read_table(path, cell_types=["K562", "liver=HepG2"])
    assert found.table.names == ("a", "b") and found.table.cell_types == ("K562", "liver")
    np.testing.assert_array_equal(found.table.activity, [[2, 1], [math.nan, 3]])
    assert found.lines == (2, 5)
    assert reasons(found) == [
        (4, "b", "K562"),
        (6, "a", "K562"),
        (7, "c", "K562"),
        (8, "a", "liver"),
        (10, "d", "K562"),
    ]
    assert "rows of cell types not asked for: 1 ('WTC11' 1)" in found.notes
    assert "found 'HepG2', 'k-562'" in one_line(read_table, path)
    lost = one_line(read_table, path, cell_types=["GM12878"])
    assert "no row is of cell type GM12878" in lost and "'K562' 4, 'HepG2' 3" in lost
    half = one_line(read_table, path, cell_types=["K562", "GM12878"])
    assert "'activity' of the rows of cell type 'GM12878' holds no number" in half
    for name, expected in (("Neu\tron", "control characters"), ("all", "stands for all")):
        assert expected in one_line(read_table, path, cell_types=[f"{name}=K562"])


LONG = st.tuples(st.sampled_from("abc"), st.sampled_from([A, B, "ACG"]), st.sampled_from(["K562", "HepG2", "o"]), FIELD)


@settings(deadline=None)
@given(rows=st.lists(LONG, max_size=15), ids=st.booleans())
def test_no_long_row_vanishes(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]], ids: bool) -> None:
    rows = [("z", bases(98), "K562", "1"), ("z", bases(98), "HepG2", "1"), *rows]
    header = ["id" if ids else "note", "seq", "cell_type", "activity"]
    path = made(tmp_path_factory.mktemp("long"), "a.tsv", table_text(header, rows))
    found = read_table(path, cell_types=["K562", "HepG2"])
    kept = int((~np.isnan(found.table.activity)).sum())
    assert kept + len(found.exclusions) + sum(row[2] == "o" for row in rows) == len(rows)
    assert len(set(found.table.sequences)) == len(found.table)


# ---- published formats


def joint(tmp_path: Path) -> Path:
    rows = [
        ["a", 1, 2, 3],
        ["b", 4, "NA", 6],
        ["gone", 1, 1, 1],
        ["half", 1, 1, 1],
        ["bad", 1, 1, 1],
        ["bare", 1, 1, 1],
    ]
    header = ["name", *(f"{cell} [log2(rna/dna)]" for cell in ("WTC11", "K562", "HepG2"))]
    return made(tmp_path, "joint.tsv", table_text(header, rows))


def test_joint_library_with_fasta(tmp_path: Path) -> None:
    oligos = {
        "a": LEFT_ADAPTER + A + RIGHT_ADAPTER,
        "b": (LEFT_ADAPTER + B + RIGHT_ADAPTER).lower(),
        "half": LEFT_ADAPTER + C,
        "bad": "ACGU" * 10,
        "bare": D,
        "unmeasured": C,
    }
    fasta = made(tmp_path, "e.fa", "".join(f">{name} x\n{text}\n" for name, text in oligos.items()))
    found = read_table(joint(tmp_path), "joint-lentimpra", elements=fasta)
    assert found.table.cell_types == ("HepG2", "K562", "WTC11")
    assert found.table.names == ("a", "b", "bare") and found.table.sequences == (A, B, D)
    np.testing.assert_array_equal(found.table.activity[:2], [[3, 2, 1], [6, math.nan, 4]])
    assert reasons(found) == [(4, "gone", ""), (5, "half", ""), (6, "bad", "")]
    text = [excluded.reason for excluded in found.exclusions]
    assert "no element of this name" in text[0] and "left adapter alone" in text[1] and "write T for U" in text[2]
    assert "elements without a row: 1 of 5, such as 'unmeasured'" in found.notes
    assert [name for name, _ in found.sources] == ["joint.tsv", "e.fa"]
    assert len(found.table) + whole(found) == 6


def test_joint_library_with_design_table(tmp_path: Path) -> None:
    pytest.importorskip("python_calamine")
    oligo = "230nt sequence (15nt 5' adaptor - 200nt element - 15nt 3' adaptor)"
    design: list[list[object]] = [
        ["Table S10", None, None, None],
        ["name", "category", "chr.hg38", oligo],
        ["a", "K562_peak", "chr3", LEFT_ADAPTER + A + RIGHT_ADAPTER],
    ]
    sheet: list[list[object]] = [["title"], ["name", "HepG2 [log2(rna/dna)]", "K562 [log2(rna/dna)]"], ["a", 1.5, 2]]
    elements = write_xlsx(tmp_path / "s10.xlsx", {"d": design})
    path = write_xlsx(tmp_path / "s11.xlsx", {"d": sheet})
    found = read_table(path, "joint-lentimpra", elements=elements, cell_types=["HepG2", "K562"])
    assert found.table.sequences == (A,) and found.table.activity.tolist() == [[1.5, 2]]
    assert found.table.chromosomes == ("chr3",) and found.table.categories == ("K562_peak",) and found.lines == (3,)


def test_joint_library_without_elements(tmp_path: Path) -> None:
    assert "give the element file" in one_line(read_table, joint(tmp_path), "joint-lentimpra")
    bad = made(tmp_path, "e.csv", "a,b\n1,2\n")
    assert "no name column of elements" in one_line(read_table, joint(tmp_path), "joint-lentimpra", elements=bad)


CELLS = ("K562", "HepG2", "SKNSH")
GOSAI = [
    *("IDs", "chr", "data_project", "OL", "class"),
    *(f"{cell}_log2FC" for cell in CELLS),
    *(f"{cell}_lfcSE" for cell in CELLS),
    "sequence",
]


def test_gosai(tmp_path: Path) -> None:
    places = ["7", "13", "19", "21", "X", "1", ""]
    rows = [[f"e{p}", p, "UKBB", 1, "BMI", 1, 2, 3, 0.1, 0.9, 0.2, bases(i)] for i, p in enumerate(places)]
    rows.append(["edge", "2", "CRE", 1, "", 1, 2, 3, 1.0, "", "0.99", bases(20)])
    rows.append(["noisy", "2", "CRE", 1, "", 1, 2, 3, 1.5, 2, 3, bases(21)])
    path = made(tmp_path, "s2.txt", table_text(GOSAI, rows))
    found = read_table(path, "gosai")
    assert found.table.cell_types == CELLS
    assert found.table.splits == ("test", "test", "val", "val", "val", "train", "train", "train")
    assert (
        found.table.chromosomes[:5] == ("chr7", "chr13", "chr19", "chr21", "chrX") and found.table.chromosomes[6] == ""
    )
    assert found.table.categories[0] == "UKBB"
    np.testing.assert_array_equal(found.table.activity[-1], [math.nan, math.nan, 3])
    assert [entry for entry in reasons(found) if entry[1] == "edge"] == [(9, "edge", "K562"), (9, "edge", "HepG2")]
    assert "standard error is 1, expected below 1" in found.exclusions[0].reason
    assert reasons(found)[-1] == (10, "noisy", "")
    assert len(read_table(path, "gosai", largest_error=None).table) == 9
    one = read_table(path, "gosai", cell_types=["neurons=SKNSH_log2FC"], largest_error=0.2)
    assert one.table.cell_types == ("neurons",) and len(one.table) == 0 and len(one.exclusions) == 18
    bare = made(tmp_path, "bare.txt", table_text(["chr", "sequence", "K562_log2FC"], [["7", A, 1]]))
    assert "no standard errors of cell type 'K562'" in one_line(read_table, bare, "gosai", cell_types=["K562"])


def test_reglm(tmp_path: Path) -> None:
    header = ["Sequence", "HepG2", "K562_mean", "split", "HepG2_token", "label"]
    path = made(tmp_path, "a.csv", table_text(header, [[A, 1, 2, "train", 3, "30"], [B, 0, 1, "test", 0, "00"]], ","))
    found = read_table(path, "reglm")
    assert found.table.cell_types == ("HepG2", "K562") and found.table.splits == ("train", "test")
    assert found.levels is not None and found.levels.tolist() == [[3, -1], [0, -1]]


def test_lentimpra(tmp_path: Path) -> None:
    header = ["seq_id", "seq", "mean_value", "fold", "rev"]
    rows = [["a", A, 1, 1, 0], ["b", B, 2, 9, 0], ["c", C, 3, 10, 0], ["a", reverse_complement(A), 1, 1, 1]]
    path = made(tmp_path, "HepG2.tsv", table_text(header, rows))
    found = read_table(path, "lentimpra", cell_types=["HepG2"])
    assert found.table.splits == ("train", "val", "test") and found.table.activity.ravel().tolist() == [1, 2, 3]
    assert reasons(found) == [(5, "a", "")] and "added reverse complement" in found.exclusions[0].reason
    assert "holds one cell type, 2 are asked for" in one_line(read_table, path, "lentimpra", cell_types=["a", "b"])
    with pytest.raises(InputError, match="no cell type is asked for"):
        read_table(path, "lentimpra")


@pytest.mark.integration
def test_measured_data() -> None:
    folder = os.environ.get("CISTRACE_DATA")
    if not folder:
        pytest.skip("CISTRACE_DATA is not set")
    found = read_table(Path(folder) / "joint_mpra.tsv.gz", cell_types=["HepG2", "K562", "WTC11"])
    assert len(found.table) == 52442 and not found.exclusions
    assert set(found.table.splits) == {"train", "val", "test", "excluded"}
