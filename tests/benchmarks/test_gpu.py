"""An ensemble and its student from one file of arrays, in slices: tried whole, at tiny size, on a CPU."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from script_helpers import ROOT, load_script
from training_helpers import paper_bench

from cistrace.reasonbench.dataset import read_data_set

GPU = ROOT / "benchmarks" / "gpu"
arrays = load_script("benchmarks/gpu/arrays.py")


def run(script: str, *arguments: str | Path | int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, GPU / script, *map(str, arguments)], capture_output=True, text=True, check=False
    )


@pytest.mark.pipeline
def test_slices_go_on_from_one_another(tmp_path: Path) -> None:
    data, file = paper_bench(tmp_path / "bench"), tmp_path / "arrays.npz"
    made = run("arrays.py", data, file)
    assert made.returncode == 0, made.stderr
    opened = read_data_set(data)
    read = arrays.read_arrays(file)
    training, val = opened.training, opened.table.split("val")
    assert read.training.sequences == training.sequences and read.val.sequences == val.sequences
    np.testing.assert_allclose(read.training.activity, training.activity, atol=1e-6)
    assert read.training.cell_types == opened.cell_types and read.window == opened.window

    stopped = run("ensemble.py", file, tmp_path / "a", "--tiny", "--members", 2, "--minutes", 0)
    assert stopped.returncode == 3 and "goes on" in stopped.stderr, stopped.stderr
    assert not list((tmp_path / "a").glob("*.safetensors"))
    done = run("ensemble.py", file, tmp_path / "a", "--tiny", "--members", 1)
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "a" / "figures.json").read_text())
    assert figures["member0.safetensors"] == figures["mean of teachers"] and set(figures["student"]) == {
        "K562", "MyCell",
    }  # fmt: skip
    beside = run("ensemble.py", file, tmp_path / "b", "--tiny", "--members", 2, "--have", tmp_path / "a")
    assert beside.returncode == 0, beside.stderr
    assert sorted(one.name for one in (tmp_path / "b").glob("*.safetensors")) == [
        "member1.safetensors", "student.safetensors",
    ]  # fmt: skip
    assert max(one.stat().st_size for one in tmp_path.rglob("*.safetensors")) < 16 * 2**20


def test_no_unmeasured_sequences_are_none(tmp_path: Path) -> None:
    table = arrays._table(("ACGT", "GGCC"), np.zeros((2, 1), dtype=np.float32), ("A",), "train")
    for unmeasured in ((), ("ACGTN",), ("AC", "GT")):
        arrays.write_arrays(arrays.Arrays(table, table, unmeasured, 8), tmp_path / "f.npz")
        assert arrays.read_arrays(tmp_path / "f.npz").unmeasured == unmeasured


def test_the_gpu_needs_little_of_what_cistrace_needs() -> None:
    code = "import sys, arrays, ensemble; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    found = subprocess.run([sys.executable, "-c", code], cwd=GPU, capture_output=True, text=True, check=True)
    third = {"torch", "numpy", "pydantic", "safetensors"}
    assert third <= set(found.stdout.split())
    heavy = {"pyarrow", "pysam", "lightmotif", "pyjaspar", "transformers", "tokenizers", "click", "rich", "yaml", "Bio"}
    assert not heavy & set(found.stdout.split())
