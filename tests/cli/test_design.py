"""`cistrace design`: what it refuses before it begins, what it writes, and that it goes on."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cistrace.cli.main import cli
from cistrace.cli.search_view import curve
from cistrace.constraints.checker import ConstraintChecker
from cistrace.constraints.file import read_constraints
from cistrace.io.sequences import read_sequences

START = "ACGTTGCATGCCATTGACGGATCTTGACCAGTTACAGGCA" * 5
BASIC = ["design", "--target", "HepG2", "--against", "K562,WTC11", "--threads", "1"]


def run(tmp_path: Path, *options: str) -> Result:
    return CliRunner().invoke(cli, [*BASIC, "-o", str(tmp_path / "out"), *options])


def written(tmp_path: Path, name: str, text: str) -> str:
    (tmp_path / name).write_text(text)
    return str(tmp_path / name)


def test_several_faults_are_told_a_line_each(tmp_path: Path) -> None:
    path = written(tmp_path, "c.yaml", "gc: [0.6, 0.4]\nlongest_run: 0\nforbidden_sites: [EcoR1]\n")
    result = run(tmp_path, "--constraints", path)
    assert result.exit_code == 2
    lines = result.stderr.splitlines()
    assert len(lines) == 3 and all(line.startswith(f"cistrace: constraints {path}: ") for line in lines)
    assert sorted(os.listdir(tmp_path)) == ["c.yaml"]


@pytest.mark.pipeline
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--against", "K562,HepG2"], "target HepG2: is an off-target too"),
        (["--length", "201"], "length: found 201, expected 20 to 200 bp"),
        (["--keep", "1-20"], "keep_regions: found no start"),
        (["--edits", "5"], "maximum_edits: found no start"),
        (["--start", "START", "--keep", "1-200"], "keep_regions: hold all 200 bp"),
        (["--start", "START", "--length", "100"], "found 200 bp, expected the designs' 100"),
        (["--start", "START", "--constraints", "RICH"], "start 'mine': breaks its own constraints: GC 0.5"),
        (["--constraints", "TORN"], "keep_motifs: GATA1 cannot be kept"),
        (["--target", "Liver"], "cell type 'Liver': not known to the model"),
        (["--objective", "HepG2 - Liver"], "Liver"),
    ],
)
def test_what_cannot_be_is_one_line_and_leaves_nothing(tmp_path: Path, options: list[str], words: str) -> None:
    files = {
        "START": written(tmp_path, "start.fa", f">mine\n{START}\n"),
        "RICH": written(tmp_path, "rich.yaml", "gc: [0.7, 0.9]\n"),
        "TORN": written(tmp_path, "torn.yaml", "keep_motifs: [GATA1]\navoid_motifs: [GATA1]\n"),
    }
    before = sorted(os.listdir(tmp_path))
    result = run(tmp_path, *[files.get(option, option) for option in options])
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert words in line
    assert sorted(os.listdir(tmp_path)) == before


@pytest.mark.parametrize("options", [(), ("--resume",)])
def test_a_folder_that_holds_something_is_refused(tmp_path: Path, options: tuple[str, ...]) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    result = run(tmp_path, *options)
    assert result.exit_code == 2 and "holds something already" in result.stderr
    assert os.listdir(tmp_path / "out") == ["mine.txt"]


def command(output: Path, *options: str) -> list[str]:
    return [
        sys.executable,
        "-m",
        "cistrace",
        *BASIC,
        "--n",
        "4",
        "--calls",
        "260",
        "--no-trace",
        "-o",
        str(output),
        *options,
    ]


@pytest.mark.pipeline
def test_a_search_that_was_killed_goes_on_to_the_same_designs(tmp_path: Path) -> None:
    path = written(tmp_path, "c.yaml", "gc: [0.4, 0.6]\nforbidden_sites: [EcoRI, BsaI]\nlongest_run: 5\n")
    whole = subprocess.run(
        command(tmp_path / "whole", "--constraints", path), capture_output=True, text=True, check=True
    )
    assert "calls 260 of 260" in whole.stderr and "judge" in whole.stderr

    journal = tmp_path / "cut.partial"
    with subprocess.Popen(command(tmp_path / "cut", "--constraints", path), stderr=subprocess.DEVNULL) as process:
        until = time.monotonic() + 300
        while time.monotonic() < until and (not journal.exists() or journal.read_bytes().count(b"\n") < 3):
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    assert journal.exists() and not (tmp_path / "cut").exists()
    refused = subprocess.run(command(tmp_path / "cut", "--constraints", path), capture_output=True, text=True)
    assert refused.returncode == 2 and "add --resume" in refused.stderr
    subprocess.run(command(tmp_path / "cut", "--constraints", path, "--resume"), capture_output=True, check=True)
    assert not journal.exists()
    for name in ("designs.fasta", "designs.tsv"):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()

    designs = [one.bases for one in read_sequences(tmp_path / "whole" / "designs.fasta")]
    assert len(designs) == 4 and ConstraintChecker(read_constraints(path)).met(designs).all()
    with (tmp_path / "whole" / "designs.tsv").open() as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert [row["sequence"] for row in rows] == designs
    for row in rows:
        total = float(row["objective"]) - float(row["uncertainty"]) - float(row.get("out_of_domain") or 0)
        assert total == pytest.approx(float(row["reward"]), abs=2e-4)
        others = max(float(row["activity_K562"]), float(row["activity_WTC11"]))
        assert float(row["activity_HepG2"]) - others == pytest.approx(float(row["objective"]), abs=2e-4)


@pytest.mark.pipeline
def test_a_start_is_kept_to(tmp_path: Path) -> None:
    start = written(tmp_path, "start.fa", f">mine\n{START}\n")
    result = run(
        tmp_path, "--start", start, "--keep", "1-30,150-200", "--edits", "6", "--n", "3", "--calls", "120", "--no-trace"
    )
    assert result.exit_code == 0, result.output
    for one in read_sequences(tmp_path / "out" / "designs.fasta"):
        assert one.bases[:30] == START[:30] and one.bases[149:] == START[149:]
        assert sum(a != b for a, b in zip(one.bases, START)) <= 6


def test_a_curve_has_its_ends_at_its_lowest_and_highest() -> None:
    assert curve([0.0, 0.5, 1.0]) == "▁▅█"
    assert curve([]) == ""
    assert curve([2.0]) == "▁"
