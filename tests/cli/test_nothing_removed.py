"""No command removes or changes what it was not asked to: folders are listed before and after every command."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from bench_helpers import a_table, write_table
from cli_helpers import FASTA, StandIn, invoke, stand_in
from training_helpers import paper_bench, tiny_qwen
from training_helpers import run as train

__all__ = ["stand_in"]

MINE = ("notes.txt", "out.tsv.bak", ".hidden", "deep/mine.csv", ".out.tsv.1.partial")


def contents(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@contextmanager
def nothing_lost(folder: Path, may_change: Callable[[str], bool] = lambda name: False) -> Iterator[set[str]]:
    """Gives the set that receives the new files. What was there stays, unchanged but for what may."""
    before = contents(folder)
    new: set[str] = set()
    yield new
    after = contents(folder)
    assert before.keys() - after.keys() == set()
    assert [name for name in before if after[name] != before[name] and not may_change(name)] == []
    new |= after.keys() - before.keys()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of somebody's files beside the input."""
    for name in MINE:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("mine")
    (tmp_path / "in.fa").write_text(FASTA)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set, a table beside it, and somebody's files in both folders."""
    folder = tmp_path_factory.mktemp("built")
    table = write_table(a_table(240, ("K562", "MyCell")), folder / "mpra.tsv")
    for at in (folder, folder / "bench"):
        at.mkdir(exist_ok=True)
        (at / "notes.txt").write_text("mine")
    result = invoke(
        "reasonbench", "build", table, "--cell-type", "K562", "--cell-type", "MyCell=log2fc MyCell", "--val", "chr5",
        "--test", "chr6", "--all", "--threads", 1, "-o", folder / "bench",
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    return folder


@pytest.fixture
def bench(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "copy")) / "bench"


@pytest.mark.parametrize("interrupted", [False, True])
@pytest.mark.parametrize(
    "command",
    [
        ("scan", "in.fa", "--threads", "1", "-o", "out.tsv"),
        ("predict", "in.fa", "-o", "out.tsv"),
        ("predict", "in.fa", "-o", "out.csv"),
        ("predict", "in.fa", "-o", "out.parquet"),
    ],
)
def test_sequences_to_tables(
    folder: Path, stand_in: type[StandIn], command: tuple[str, ...], interrupted: bool
) -> None:
    if interrupted:
        (folder / "in.fa").write_text(FASTA + ">bad\nACGU\n")
    with nothing_lost(folder) as new:
        assert invoke(*command).exit_code == (2 if interrupted else 0)
    assert new == (set() if interrupted else {command[-1]})


def test_cards(folder: Path) -> None:
    with nothing_lost(folder) as new:
        result = invoke("card", "in.fa", "--cell-type", "K562", "--evidence", "none", "--threads", 1, "-o", "out.txt")
        assert result.exit_code == 0, result.stderr
    assert new == {"out.txt"}


def test_a_build_beside_and_over_an_older_one(bench: Path) -> None:
    assert (bench / "notes.txt").read_text() == (bench.parent / "notes.txt").read_text() == "mine"
    older = contents(bench).keys() - {"notes.txt"}
    arguments = (
        "reasonbench", "build", bench.parent / "mpra.tsv", "--cell-type", "K562", "--val", "chr5", "--test", "chr6",
        "--all", "--threads", 1, "-o", bench,
    )  # fmt: skip
    with nothing_lost(bench, may_change=lambda name: name in older):
        assert invoke(*arguments).exit_code == 0


def test_a_review_there_and_back(bench: Path) -> None:
    with nothing_lost(bench) as new:
        exported = invoke("reasonbench", "review", "export", bench, "-o", bench / "sheet.csv", "--n", 5)
        assert exported.exit_code == 0, exported.stderr
    assert new == {"sheet.csv"}
    rewritten = contents(bench).keys() - {"notes.txt", "sheet.csv", "elements.parquet", "excluded.tsv"}
    with nothing_lost(bench, may_change=lambda name: name in rewritten):
        assert invoke("reasonbench", "review", "import", bench, bench / "sheet.csv").exit_code == 0


def test_what_only_reads(bench: Path, tmp_path: Path) -> None:
    with nothing_lost(tmp_path) as new:
        leakage = invoke("reasonbench", "leakage", bench, "--most", 50)
        assert leakage.exit_code == 0, leakage.stderr
        dry = invoke("train", "all", "--recipe", "compact", "--data", bench, "-o", tmp_path / "run", "--dry-run")
        assert dry.exit_code == 0, dry.stderr
    assert new == set()


@pytest.mark.pipeline
def test_training_generation_and_export(tmp_path: Path) -> None:
    bench = paper_bench(tmp_path / "bench")
    (bench / "notes.txt").write_text("mine")
    folder, exported = tmp_path / "run", tmp_path / "model"
    with nothing_lost(bench):
        made = train(
            "train", "all", "--recipe", "r3lm-qwen3-4b", "--data", bench, "-o", folder,
            f"model.base={tiny_qwen(tmp_path / 'qwen')}", "model.download=false", "rationale.most_steps=1",
            "regression.most_steps=1", "generation.most_tokens=8", "calibration_rows=20",
        )  # fmt: skip
        assert made.returncode == 0, made.stderr
    (folder / "notes.txt").write_text("mine")
    with nothing_lost(tmp_path, may_change=lambda name: name in ("run/run.json", "run/README.md")):
        done = invoke("generate", bench, "--model", folder, "--limit", 2, "-o", tmp_path / "traces")
        assert done.exit_code == 0, done.output
    assert invoke("export", folder, "-o", exported, "--anyway").exit_code == 0
    (exported / "notes.txt").write_text("mine")
    (exported / ".git").mkdir()
    (exported / ".git" / "HEAD").write_text("mine")
    older = {f"model/{name}" for name in contents(exported)} - {"model/notes.txt", "model/.git/HEAD"}
    with nothing_lost(tmp_path, may_change=lambda name: name in older):
        assert invoke("export", folder, "-o", exported, "--anyway").exit_code == 0
