"""`predict --bigwig`: what the tracks hold is what the table says, run through or interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_helpers import CELL_TYPES, SCORE, StandIn, invoke, stand_in

from cistrace.errors import OutputError
from cistrace.io.bigwig import write_bigwig
from cistrace.io.sequences import read_sequences
from cistrace.predictions.tracks import covered, means

pybigtools = pytest.importorskip("pybigtools")
__all__ = ["stand_in"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    letters = np.random.default_rng(0).choice(list("ACGT"), 3000)
    Path("g.fa").write_text(">chrB\n" + "".join(letters[:2000]) + "\n>chrA\n" + "".join(letters[2000:]) + "\n")
    Path("in.bed").write_text("chrA\t100\t300\ta\nchrB\t50\t250\tb\t0\t-\nchrA\t0\t200\tc\nchrB\t1000\t1450\td\t0\t-\n")
    return tmp_path


def test_tracks_stand_in_place_of_the_table_or_beside_it(folder: Path, stand_in: type[StandIn]) -> None:
    alone = invoke("predict", "in.bed", "--genome", "g.fa", "--no-trace", "--bigwig", "t")
    assert (alone.exit_code, alone.stdout) == (0, ""), alone.stderr
    assert sorted(Path().glob("t.*")) == [Path(f"t.{cell}.bw") for cell in CELL_TYPES]
    first = [Path(f"t.{cell}.bw").read_bytes() for cell in CELL_TYPES]
    track = pybigtools.open("t.K562.bw")
    value = float(np.float32(f"{SCORE:.9g}"))
    assert {value} == {one[2] for one in track.records("chrA")} == {one[2] for one in track.records("chrB")}
    os.mkdir("in a folder")
    beside = invoke(
        "predict", "in.bed", "--genome", "g.fa", "--no-trace", "--bigwig", "in a folder", "-o", "t.tsv",
        "--cell-type", "K562",
    )  # fmt: skip
    assert beside.exit_code == 0 and os.listdir("in a folder") == ["K562.bw"]
    assert len(Path("t.tsv").read_text().splitlines()) == 5
    assert Path("in a folder/K562.bw").read_bytes() == first[1]


def test_that_there_was_nothing_to_draw_is_said(folder: Path, stand_in: type[StandIn]) -> None:
    Path("in.bed").write_text("chrZ\t0\t200\tz\n")
    done = invoke("predict", "in.bed", "--genome", "g.fa", "--no-trace", "--bigwig", "t", "--on-error", "skip")
    assert done.exit_code == 0 and "no track was written: there was no region to predict" in done.stderr
    assert not list(Path().glob("*.bw"))


def test_what_cannot_be_drawn_is_refused_before_any_work(folder: Path, stand_in: type[StandIn]) -> None:
    Path("in.fa").write_text(f">a\n{'ACGT' * 50}\n")
    refused = invoke("predict", "in.fa", "--bigwig", "t")
    assert refused.exit_code == 2 and "--bigwig needs --genome" in refused.stderr
    parted = invoke("predict", "in.bed", "--genome", "g.fa", "--no-trace", "--bigwig", "t", "--shard", "1/2")
    assert parted.exit_code == 2 and "in one run" in parted.stderr
    refused = invoke("predict", "in.bed", "--genome", "g.fa", "--bigwig", "none/t")
    assert refused.exit_code == 2 and "its folder none does not exist" in refused.stderr
    refused = invoke("predict", "in.bed", "--genome", "g.fa", "--bigwig", "none/")
    assert refused.exit_code == 2 and "none/: no such folder; make it" in refused.stderr
    assert invoke("predict", "in.bed", "--genome", "g.fa", "--bigwig", "").exit_code == 2
    refused = invoke("predict", "in.bed", "--genome", "g.fa", "--bigwig", "t", "-o", "t.K562.bw")
    assert refused.exit_code == 2 and "names no format" in refused.stderr
    Path("t.HepG2.bw").symlink_to("g.fa")
    refused = invoke("predict", "in.bed", "--genome", "g.fa", "--bigwig", "t", "-o", "t.tsv")
    assert refused.exit_code == 2 and "t.HepG2.bw: is also the input" in refused.stderr
    assert Path("g.fa").read_text().startswith(">chrB")


def test_a_track_that_fails_last_of_all_leaves_no_output(
    folder: Path, stand_in: type[StandIn], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither table nor rejects nor another cell type's track; what is finished is kept for --resume."""
    with Path("in.bed").open("a") as handle:
        handle.write("chrZ\t0\t200\tz\n")
    before = sorted(os.listdir())
    last = f"t.{CELL_TYPES[-1]}.bw"

    def failing(path: Path, *given: Any) -> None:
        if path.name == last:
            raise OutputError(f"{path}: cannot be written (No space left on device)")
        write_bigwig(path, *given)

    command = ("predict", "in.bed", "--genome", "g.fa", "--no-trace", "--bigwig", "t", "-o", "t.tsv")
    with monkeypatch.context() as patch:
        patch.setattr("cistrace.predictions.tracks.write_bigwig", failing)
        failed = invoke(*command, "--on-error", "skip")
    assert failed.exit_code == 2 and last in failed.stderr
    assert sorted(name for name in os.listdir() if name not in ("t.tsv.partial", "g.fa.fai")) == before
    again = invoke(*command, "--on-error", "skip", "--resume")
    assert again.exit_code == 0, again.stderr
    assert {"t.tsv", *(f"t.{cell}.bw" for cell in CELL_TYPES)} <= set(os.listdir())
    assert not os.path.exists("t.tsv.partial") and len(list(Path().glob("*rejects*"))) == 1


@pytest.mark.pipeline
def test_a_killed_run_draws_the_same_tracks_and_they_are_the_tables_numbers(folder: Path) -> None:
    """The shipped model on 250 windows that overlap, unsorted and on both strands."""
    random = np.random.default_rng(1)
    lines = []
    for number in range(250):
        start = int(random.integers(0, 1700))
        lines.append(f"chrB\t{start}\t{start + int(random.integers(30, 300))}\tw{number}\t0\t{'+-'[number % 2]}\n")
    Path("in.bed").write_text("".join(lines))
    command = [sys.executable, "-m", "cistrace", "predict", "in.bed", "--genome", "g.fa", "--no-trace", "--bigwig"]
    subprocess.run([*command, "whole", "-o", "whole.tsv", "--threads", "1"], check=True, capture_output=True)
    killed = subprocess.Popen([*command, "t", "-o", "t.tsv", "--threads", "1"], stderr=subprocess.DEVNULL)
    while not os.path.exists("t.tsv.partial") and killed.poll() is None:
        pass
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    assert not os.path.exists("t.tsv") and not list(Path().glob("t.*.bw"))
    subprocess.run([*command, "t", "-o", "t.tsv", "--resume"], check=True, capture_output=True)
    for ending in (".tsv", *(f".{cell}.bw" for cell in CELL_TYPES)):
        assert Path(f"t{ending}").read_bytes() == Path(f"whole{ending}").read_bytes()
    assert not [name for name in os.listdir() if "partial" in name]
    places = {one.id: one for one in read_sequences("in.bed", genome=Path("g.fa"))}
    rows = [line.split("\t") for line in Path("t.tsv").read_text().splitlines()[1:]]
    windows = []
    for row in rows:
        if row[1] == "K562":
            found = {"start": int(row[8]), "end": int(row[9])}
            windows.append((*covered(found, places[row[0]])[1:], float(row[2])))
    expected = [(start, end, float(np.float32(mean))) for start, end, mean in means(sorted(windows))]
    assert list(pybigtools.open("t.K562.bw").records("chrB")) == expected
