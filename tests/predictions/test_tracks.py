"""Activities along a genome: the mean over every base, on both strands, and the file says what the table says."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cistrace.errors import InputError, OutputError
from cistrace.io.bigwig import write_bigwig
from cistrace.io.dna_sequence import DnaSequence, Place
from cistrace.predictions.tracks import covered, means, track_output, track_path

pybigtools = pytest.importorskip("pybigtools")
LENGTHS = {"chr2": 300, "chr1": 200, "empty": 50}


def row(cell: str, start: int, end: int, activity: float) -> dict[str, Any]:
    return {"cell_type": cell, "start": start, "end": end, "activity": activity}


def on(contig: str, start: int, end: int, strand: str = "+") -> DnaSequence:
    return DnaSequence("id", "A" * (end - start), "", Place(contig, start, end, strand))


def by_base(path: Path, contig: str) -> list[float]:
    return list(pybigtools.open(str(path)).values(contig, 0, LENGTHS[contig]))


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30), st.floats(-9, 9)), max_size=12))
def test_means_are_those_of_every_base(drawn: list[tuple[int, int, float]]) -> None:
    windows = sorted((start, start + length, value) for start, length, value in drawn)
    found: dict[int, float] = {}
    last = 0
    for start, end, mean in means(windows):
        assert last <= start < end
        last = end
        found |= dict.fromkeys(range(start, end), mean)
    for base in range(100):
        values = [value for start, end, value in windows if start <= base < end]
        assert (base in found) == bool(values)
        assert not values or found[base] == pytest.approx(sum(values) / len(values), abs=1e-12)


def test_a_reverse_strand_is_turned_back() -> None:
    assert covered(row("A", 1, 30, 0.0), on("chr1", 100, 150)) == ("chr1", 100, 130)
    assert covered(row("A", 1, 30, 0.0), on("chr1", 100, 150, "-")) == ("chr1", 120, 150)
    with pytest.raises(InputError, match="'free': has no place on a genome"):
        covered(row("A", 1, 30, 0.0), DnaSequence("free", "ACGT"))


def test_tracks_hold_the_mean_of_their_windows_in_any_order(tmp_path: Path) -> None:
    with track_output(tmp_path / "t", LENGTHS, ("A", "B/c")) as draw:
        draw(row("A", 1, 40, 3.0), on("chr1", 100, 140))
        draw(row("A", 1, 40, 1.0), on("chr2", 20, 60))
        draw(row("A", 1, 40, 2.0), on("chr2", 0, 40))
        draw(row("B/c", 1, 40, 0.1), on("chr2", 0, 40))
    assert sorted(os.listdir(tmp_path)) == ["t.A.bw", "t.B_c.bw"]
    file = pybigtools.open(str(tmp_path / "t.A.bw"))
    assert dict(file.chroms()) == {name: LENGTHS[name] for name in ("chr1", "chr2")}
    assert list(file.records("chr2")) == [(0, 20, 2.0), (20, 40, 1.5), (40, 60, 1.0)]
    assert list(file.records("chr1")) == [(100, 140, 3.0)]
    (only,) = pybigtools.open(str(tmp_path / "t.B_c.bw")).records("chr2")
    assert only == (0, 40, float(np.float32(0.1)))


def test_where_one_track_cannot_be_placed_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "t.B_c.bw").mkdir()
    with (
        pytest.raises(OutputError, match=r"t\.B_c\.bw: cannot be written"),
        track_output(tmp_path / "t", LENGTHS, ("A", "B/c")) as draw,
    ):
        draw(row("A", 1, 40, 3.0), on("chr1", 100, 140))
        draw(row("B/c", 1, 40, 0.1), on("chr2", 0, 40))
    assert os.listdir(tmp_path) == ["t.B_c.bw"]


def test_names_in_a_folder_are_the_cell_types(tmp_path: Path) -> None:
    assert track_path(tmp_path, "K562") == tmp_path / "K562.bw"
    assert track_path(tmp_path / "a", "../x") == tmp_path / "a._x.bw"
    assert track_path(tmp_path / "a", "..") == tmp_path / "a._.bw"


def test_what_fails_on_the_way_leaves_no_track(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    def failing() -> Any:
        yield ("chr1", 0, 5, 1.0)
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        write_bigwig(tmp_path / "a.bw", LENGTHS, failing())
    with pytest.raises(OutputError, match=r"a\.bw: cannot be written as bigWig"):
        write_bigwig(tmp_path / "a.bw", LENGTHS, [("chr1", 10, 20, 1.0), ("chr1", 5, 15, 1.0)])
    with pytest.raises(OutputError, match=r"none/a\.bw: cannot be written"):
        write_bigwig(tmp_path / "none" / "a.bw", LENGTHS, [("chr1", 10, 20, 1.0)])
    assert os.listdir(tmp_path) == [] and capfd.readouterr() == ("", "")


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    """pyBigWig, the field's older library, ends the process here with a segmentation fault."""
    code = f"""
import resource, sys
from pathlib import Path
from cistrace.errors import OutputError
from cistrace.io.bigwig import write_bigwig
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, {resource.RLIM_INFINITY}))
try:
    write_bigwig(Path(sys.argv[1]), {{"chr1": 10**9}}, (("chr1", 9 * at, 9 * at + 9, at / 7) for at in range(300_000)))
except OutputError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "a.bw")], capture_output=True, text=True, check=False
    )
    assert "a.bw: cannot be written" in done.stdout and done.stderr == "" and done.returncode == 0
    assert os.listdir(tmp_path) == []
