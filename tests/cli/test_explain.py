from __future__ import annotations

import csv
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from cli_helpers import invoke
from tower_helpers import random_legnet, random_residual

from cistrace.explain import explainer
from cistrace.towers.evidence import Towers

FASTA = ">one\nACGTTGCATGACTCATAGCTAGCTANNGATCG\n>two\nTTGACTCAGGGCGGGGCCATACGATCATTTTGC\n"


@pytest.fixture(autouse=True)
def small_model(monkeypatch: pytest.MonkeyPatch) -> None:
    towers = Towers(random_legnet(), random_residual())
    checkpoint = SimpleNamespace(towers=towers, cell_types=towers.cell_types, window=towers.window)
    monkeypatch.setattr(explainer, "load_checkpoint", lambda model: checkpoint)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines(), delimiter="\t"))


def test_several_sequences_and_cell_types_are_as_one_at_a_time(tmp_path: Path) -> None:
    fasta = tmp_path / "in.fa"
    fasta.write_text(FASTA)
    whole = rows(invoke("explain", fasta).stdout)
    assert {(row["id"], row["cell_type"]) for row in whole} == {(i, c) for i in ("one", "two") for c in "AB"}
    for record in FASTA.split(">")[1:]:
        fasta.write_text(f">{record}")
        for cell in "ab":
            alone = rows(invoke("explain", fasta, "--cell-type", cell).stdout)
            own = (record[:3], cell.upper())
            assert alone == [row for row in whole if (row["id"], row["cell_type"]) == own]
            assert len(alone) == (3 * 30 + 2 if own[0] == "one" else 3 * 33)


def test_the_convergence_check_is_printed(tmp_path: Path) -> None:
    fasta = tmp_path / "in.fa"
    fasta.write_text(FASTA)
    lines = invoke("explain", fasta, "-o", tmp_path / "out.npz", "--cell-type", "A").stderr.splitlines()
    found = np.load(tmp_path / "out.npz")
    lost = (found["window_activity"] - found["blank"] - found["window_contributed"])[:, 0]
    for line, name, end, one in zip(lines, ("one", "two"), (32, 33), lost):
        assert line.startswith(f"cistrace: {name} 1-{end} in A: no base ") and line.endswith(f"lost {one:+.3f}")
    assert lines[-1].endswith(f"the activity within {np.abs(lost).max():.3f} in all of 2 windows and cell types")


def test_many_windows_are_checked_in_one_line(tmp_path: Path) -> None:
    fasta = tmp_path / "in.fa"
    fasta.write_text(f">long\n{'ACGTTGCATGACTCATAGCT' * 13}\n")
    lines = invoke("explain", fasta, "-o", tmp_path / "out.tsv").stderr.splitlines()
    assert len(lines) == 1 and lines[0].endswith("in all of 16 windows and cell types")


def test_bad_input_leaves_nothing(tmp_path: Path) -> None:
    fasta = tmp_path / "in.fa"
    fasta.write_text(">one\nACGTTGCATGACTCATAGCTAG!\n")
    for name, cell, word in (("out.txt", "A", "ending"), ("out.tsv", "A", "!"), ("out.npz", "C", "!")):
        found = invoke("explain", fasta, "-o", tmp_path / name, "--cell-type", cell)
        assert found.exit_code == 2 and word in found.stderr and len(found.stderr.splitlines()) == 1
    fasta.write_text(FASTA)
    found = invoke("explain", fasta, "-o", tmp_path / "out.npz", "--cell-type", "C")
    assert found.exit_code == 2 and "C" in found.stderr
    assert list(tmp_path.iterdir()) == [fasta]


def test_pictures_stand_in_their_folder_when_all_are_drawn(tmp_path: Path) -> None:
    fasta, folder = tmp_path / "in.fa", tmp_path / "pictures"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    fasta.write_text(FASTA)
    found = invoke("explain", fasta, "--plot", folder, "--cell-type", "A", "--plot-format", "svg")
    assert found.exit_code == 0 and len(rows(found.stdout)) == 3 * 30 + 2 + 3 * 33
    assert sorted(path.name for path in folder.iterdir()) == ["0001-one-A.svg", "0002-two-A.svg", "notes.txt"]
    fasta.write_text(FASTA + ">three\n!\n")
    assert invoke("explain", fasta, "--plot", tmp_path / "new", "-o", tmp_path / "out.tsv").exit_code == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.fa", "pictures"]
