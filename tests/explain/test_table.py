from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest

from cistrace.errors import OutputError
from cistrace.explain.base_effects import BaseEffects, WindowSum
from cistrace.explain.table import COLUMNS, effects_output
from cistrace.io.dna_sequence import DnaSequence


def effects(identifier: str = "one", bases: str = "ACN", attributed: bool = True) -> BaseEffects:
    """Two cell types; changes and contributions follow from the place alone."""
    changes = np.arange(len(bases) * 8, dtype=np.float32).reshape(len(bases), 4, 2) * np.float32(0.125)
    for place, letter in enumerate(bases):
        changes[place, "ACGT".find(letter)] = 0.0
        if letter == "N":
            changes[place] = np.nan
    contributions = np.array([[1.5, -0.25]] * len(bases), dtype=np.float32)
    sums = np.asarray(contributions.sum(axis=0), dtype=np.float32) if attributed else None
    window = WindowSum(0, len(bases), np.ones(2, np.float32), np.zeros(2, np.float32) if attributed else None, sums)
    return BaseEffects(
        DnaSequence(identifier, bases), ("A", "B"), changes, contributions if attributed else None, (window,),
        np.zeros(len(bases), dtype=np.intp),
    )  # fmt: skip


def written(path: Path, *several: BaseEffects) -> None:
    with effects_output(path) as write:
        for one in several:
            write(one)


def test_a_row_a_substitution_with_positions_from_one(tmp_path: Path) -> None:
    written(tmp_path / "bases.tsv", effects())
    head, *rows = [line.split("\t") for line in (tmp_path / "bases.tsv").read_text().splitlines()]
    assert tuple(head) == COLUMNS
    assert len(rows) == 2 * (3 + 3 + 1)
    assert rows[0] == ["one", "A", "1", "A", "C", "0.25000", "1.50000", "1", "3"]
    assert rows[6] == ["one", "A", "3", "N", "", "", "1.50000", "1", "3"]
    assert rows[10] == ["one", "B", "2", "C", "A", "1.12500", "-0.25000", "1", "3"]


def test_csv_and_tsv_say_the_same_and_ids_come_back(tmp_path: Path) -> None:
    odd = 'a,"b"\tc'
    written(tmp_path / "bases.csv.gz", effects(odd))
    written(tmp_path / "bases.tsv", effects(odd))
    with gzip.open(tmp_path / "bases.csv.gz", "rt", newline="") as handle:
        commas = list(csv.reader(handle))
    with (tmp_path / "bases.tsv").open(newline="") as handle:
        assert list(csv.reader(handle, delimiter="\t")) == commas
    assert commas[1][0] == odd


def test_on_standard_output_the_header_waits_for_the_first_row(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError), effects_output(None):
        raise ValueError
    assert capsys.readouterr().out == ""
    with effects_output(None):
        pass
    assert capsys.readouterr().out == "\t".join(COLUMNS) + "\n"


def test_nothing_attributed_is_left_empty(tmp_path: Path) -> None:
    written(tmp_path / "bases.tsv", effects(attributed=False))
    assert (tmp_path / "bases.tsv").read_text().splitlines()[1].split("\t")[6] == ""
    written(tmp_path / "bases.npz", effects(attributed=False))
    assert "contributions" not in np.load(tmp_path / "bases.npz")


def test_arrays_come_back_sequence_by_sequence(tmp_path: Path) -> None:
    several = [effects("one", "ACN"), effects("two", "GATTA")]
    written(tmp_path / "bases.npz", *several)
    found = np.load(tmp_path / "bases.npz")
    for number, one in enumerate(several):
        own = slice(*found["offsets"][number : number + 2])
        assert "".join(found["bases"][own]) == one.sequence.bases
        np.testing.assert_array_equal(found["changes"][own], one.changes)
        np.testing.assert_array_equal(found["contributions"][own], np.asarray(one.contributions))
        assert set(found["window_of"][own]) == {number}
    assert found["ids"].tolist() == ["one", "two"] and found["cell_types"].tolist() == ["A", "B"]
    assert found["window_places"].tolist() == [[0, 3], [0, 5]] and found["window_sequence"].tolist() == [0, 1]
    lost = found["window_activity"] - found["blank"] - found["window_contributed"]
    np.testing.assert_allclose(lost, [[1 - 4.5, 1.75], [1 - 7.5, 2.25]])


def test_no_sequence_leaves_empty_arrays(tmp_path: Path) -> None:
    written(tmp_path / "bases.npz")
    found = np.load(tmp_path / "bases.npz")
    assert found["offsets"].tolist() == [0] and found["changes"].shape == (0, 4, 0)


def test_an_ending_that_names_no_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"bases\.parquet: found no ending"):
        written(tmp_path / "bases.parquet", effects())
    assert not list(tmp_path.iterdir())
