"""The core alone, from the wheel, outside of the checkout: what it can, what it loads, what it says is missing.

CISTRACE_CORE_PYTHON names a Python in whose environment the wheel lies with the core's dependencies and nothing else.
`.ci/run` makes one.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from script_helpers import ROOT

CORE_PYTHON = os.environ.get("CISTRACE_CORE_PYTHON", "")
pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not CORE_PYTHON, reason="CISTRACE_CORE_PYTHON is not set: no environment of the core alone"),
]
EXAMPLES = ROOT / "examples" / "enhancers.fa"
# Packages that `import cistrace` must not load, and what `scan` must not.
HEAVY = ("torch", "transformers", "sklearn", "scipy", "matplotlib", "pandas", "Bio", "sympy", "huggingface_hub")
BUILD = ("--cell-type", "K562", "--val", "chr19", "--test", "chr5", "--all")
# Command lines to the extra that each needs. Files named here need not be there: extras are asked for first.
NEEDS = {
    "design": (["design", "--target", "HepG2", "--n", "1", "-o", "out"], "design"),
    "judge": (["judge", "two.fa", "--target", "HepG2", "-o", "out"], "design"),
    "serve": (["serve"], "serve"),
    "mcp": (["mcp"], "serve"),
    "evaluate": (["evaluate", "--data", "data", "-o", "out"], "evaluate"),
    "explain --plot": (["explain", "two.fa", "--plot", "figures", "-o", "bases.tsv"], "plot"),
    "train": (["train", "all", "--recipe", "compact", "--data", "data", "-o", "run"], "train"),
    "generate": (["generate", "data", "--model", "run"], "train"),
    "export": (["export", "run", "-o", "model"], "train"),
    "scan --engine ray": (["scan", "two.fa", "--engine", "ray"], "ray"),
    "predict --bigwig": (["predict", "two.fa", "--genome", "two.fa", "--no-trace", "--bigwig", "t"], "tracks"),
    "a spreadsheet": (["reasonbench", "build", "measured.xlsx", *BUILD, "-o", "bench"], "reasonbench"),
}


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What the core's own Python makes of arguments, in a folder, with nothing of this environment's paths."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL", "COV"))}
    return subprocess.run([CORE_PYTHON, *arguments], cwd=folder, env=bare, capture_output=True, text=True, timeout=300)


def cistrace(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return run("-m", "cistrace", *arguments, folder=folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that is no checkout, with two sequences."""
    records = EXAMPLES.read_text(encoding="utf-8").split(">")[1:3]
    (tmp_path / "two.fa").write_text("".join(f">{record}" for record in records), encoding="utf-8")
    (tmp_path / "measured.xlsx").write_bytes(b"PK\x03\x04")
    (tmp_path / "data").mkdir()
    return tmp_path


def test_the_environment_is_the_core_alone(folder: Path) -> None:
    code = (
        "import json, cistrace; from importlib.metadata import distributions; from importlib.util import find_spec;"
        "print(json.dumps([cistrace.__file__, [name for name in "
        "('matplotlib', 'sklearn', 'rapidfuzz', 'fastapi', 'mcp', 'uvicorn', 'accelerate', 'peft', 'tensorboardX',"
        " 'transformers', 'xlsxwriter', 'python_calamine', 'pytest', 'ray') if find_spec(name)],"
        " len(list(distributions()))]))"
    )
    place, of_extras, count = json.loads(run("-c", code, folder=folder).stdout)
    assert Path(place).is_relative_to(Path(CORE_PYTHON).parents[1]), "cistrace is not the environment's own"
    assert of_extras == []
    assert count < 60


def test_importing_loads_nothing_heavy_and_scanning_no_torch(folder: Path) -> None:
    loaded = run(
        "-c",
        "import sys, cistrace; before = set(sys.modules); from cistrace.cli.main import main\n"
        "sys.argv = ['cistrace', 'scan', 'two.fa', '-o', 'hits.tsv']\ntry: main()\n"
        f"except SystemExit: pass\nprint(*[name for name in {HEAVY} if name in before], sep=','); "
        f"print(*[name for name in {HEAVY} if name in sys.modules], sep=',')",
        folder=folder,
    )
    assert loaded.stdout.splitlines() == ["", ""], loaded.stderr
    assert len((folder / "hits.tsv").read_text(encoding="utf-8").splitlines()) > 2


def test_the_core_scans_cards_predicts_reports_explains_and_scores_variants(folder: Path) -> None:
    (folder / "pairs.tsv").write_text(
        "id\tref\talt\none\t" + "ACGTTGCATG" * 20 + "\t" + "ACGTTGCATG" * 19 + "ACGTTGCATC\n", encoding="utf-8"
    )
    for arguments in (
        ["card", "two.fa", "--cell-type", "K562", "-o", "cards.txt"],
        ["predict", "two.fa", "--cell-type", "K562", "-o", "rows.jsonl", "--report", "page.html"],
        ["predict", "two.fa", "--no-trace", "-o", "rows.parquet"],
        ["report", "rows.jsonl", "-o", "again.html"],
        ["explain", "two.fa", "--cell-type", "K562", "-o", "bases.tsv"],
        ["variants", "pairs.tsv", "--no-trace", "--cell-type", "K562", "-o", "scored.tsv"],
    ):
        made = cistrace(*arguments, folder=folder)
        assert made.returncode == 0, (arguments, made.stderr)
        assert (folder / arguments[arguments.index("-o") + 1]).stat().st_size > 0


@pytest.mark.parametrize("name", NEEDS)
def test_a_missing_extra_is_told_in_one_line(name: str, folder: Path) -> None:
    arguments, extra = NEEDS[name]
    before = sorted(folder.rglob("*"))
    made = cistrace(*arguments, folder=folder)
    assert made.returncode == 2, made.stderr
    (line,) = made.stderr.splitlines()
    assert line.startswith("cistrace: ")
    assert f"pip install 'cistrace[{extra}]'" in line
    assert made.stdout == "" and sorted(folder.rglob("*")) == before
