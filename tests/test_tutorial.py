"""docs/own-data.md, run as it stands on a small made-up table of a cell type that no package has seen."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from bench_helpers import a_table
from docs_helpers import examples
from docs_runner import PageRunner

PAGE = Path(__file__).parent.parent / "docs" / "own-data.md"


def write_inputs(folder: Path) -> None:
    """mpra.tsv in four columns, and two sequences to predict."""
    table = a_table(240, ("Liver",), length=120)
    lines = ["sequence\tactivity\tcell_type\tchromosome"]
    chromosomes = ("chr1", "chr2", "chr3", "chr5", "chr19", "chr7")
    for row in range(len(table)):
        lines.append(f"{table.sequences[row]}\t{table.activity[row, 0]:.3f}\tLiver\t{chromosomes[row % 6]}")
    (folder / "mpra.tsv").write_text("\n".join(lines) + "\n")
    (folder / "new.fa").write_text(f">a\n{table.sequences[0]}\n>b\n{table.sequences[1]}\n")


@pytest.mark.integration
def test_the_tutorial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_inputs(tmp_path)
    blocks = [example.code for example in examples(PAGE) if example.language == "sh" and example.why is None]
    assert len(blocks) == 6
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for code in blocks:
        line = code.replace("cistrace ", f"{sys.executable} -m cistrace ", 1)
        done = subprocess.run(["bash", "-c", line], cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    first, second = (json.loads(line) for line in (tmp_path / "trial.jsonl").read_text().splitlines())
    assert (first["id"], second["id"], first["cell_type"]) == ("a", "b", "Liver")
    assert first["ledger"]["total"] == pytest.approx(first["activity"], abs=0.01)
    assert first["trace"]["steps"] and "Liver" in (tmp_path / "trial" / "README.md").read_text()
    assert (tmp_path / "liver-model" / "cistrace").is_dir()
    assert [path.name for path in (tmp_path / "trial").glob("curve-*.png")] == ["curve-rationale.png"]
    report = (tmp_path / "evaluation" / "results.md").read_text()
    assert [
        line.split(" | ")[:3] for line in report.splitlines() if re.match(r"\| (gc|tower|model) \| Liver", line)
    ] == [[f"| {name}", "Liver", "40"] for name in ("gc", "tower", "model")]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "trial").rename(tmp_path / "run")
    assert PageRunner(tmp_path).run(PAGE.with_name("generate.md")) == 1
    assert sum(1 for _ in (tmp_path / "sampled" / "traces-val.jsonl").open()) > 0
