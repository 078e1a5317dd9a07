"""Tables of sites: what is read of them, and what is refused."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from cistrace.errors import DataError
from cistrace.towers.sites_file import MOST_KINDS, read_sites

HEADER = "chr\tsequence\topen\tsignal\twidth\tcomponent\n"


def written(folder: Path, *rows: str, header: str = HEADER, name: str = "sites.tsv") -> Path:
    text = header + "".join(f"{row}\n" for row in rows)
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


@pytest.mark.parametrize("name", ["sites.tsv", "sites.tsv.gz"])
def test_numbers_logarithms_and_kinds_become_columns(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, "chr1\tacgt\t1\t2.5\t100\tb", "chr2\tACNT\t0\t\t50\ta", name=name)
    found = read_sites(path, ["open", "signal"], ["width"], ["component"])
    assert found.sequences == ("ACGT", "ACNT") and found.chromosomes == ("chr1", "chr2")
    assert found.columns == ("open", "signal", "width", "component=a", "component=b")
    expected = [[1, 2.5, np.log(100), 0, 1], [0, np.nan, np.log(50), 1, 0]]
    np.testing.assert_array_equal(found.values, expected)
    assert found.shares.tolist() == [True, False, False, True, True]
    np.testing.assert_array_equal(found.take(np.array([1])).values, expected[1:])


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("chr1\tACGU\t1\t2\t3\ta", "line 2: found 'ACGU' for a sequence, expected bases"),
        ("chr1\t\t1\t2\t3\ta", "line 2: found '' for a sequence"),
        ("chr1\tACGT\tyes\t2\t3\ta", "found 'yes' in column open, expected a number"),
        ("chr1\tACGT\tnan\t2\t3\ta", "found 'nan' in column open"),
        ("chr1\tACGT\t1\t2\t0\ta", "found 0 in column width, expected a number above 0 for a logarithm"),
    ],
)
def test_a_line_that_says_something_else_is_named(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_sites(written(tmp_path, row), ["open", "signal"], ["width"], ["component"])


def test_what_is_no_table_of_sites_is_refused(tmp_path: Path) -> None:
    row = "chr1\tACGT\t1\t2\t3\ta"
    path = written(tmp_path, row)
    with pytest.raises(DataError, match="has no column breadth; found chr, sequence"):
        read_sites(path, ["breadth"], [], [])
    with pytest.raises(DataError, match="no column to learn from was named"):
        read_sites(path, [], [], [])
    with pytest.raises(DataError, match="has no column chromosome or chrom or chr"):
        read_sites(written(tmp_path, row, header=HEADER.replace("chr\t", "where\t")), ["open"], [], [])
    with pytest.raises(DataError, match="not a readable table of sites"):
        read_sites(tmp_path / "none.tsv", ["open"], [], [])
    many = [f"chr1\tACGT\t1\t2\t3\tk{number}" for number in range(MOST_KINDS + 1)]
    with pytest.raises(DataError, match="column component has 65 different values, expected at most 64"):
        read_sites(written(tmp_path, *many), [], [], ["component"])
