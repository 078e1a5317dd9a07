"""The command line: what it takes, what it refuses and how, and what it leaves behind."""

from __future__ import annotations

import csv
import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from cli_helpers import BAD_INPUTS, CELL_TYPES, DNA, FASTA, StandIn, invoke, obey_interrupts, stand_in, subprocess_run

import cistrace
from cistrace.cards.text import parse_card
from cistrace.motifs.fimo import COLUMNS as FIMO_COLUMNS

__all__ = ["stand_in"]

EXAMPLE = Path(__file__).parents[2] / "examples" / "enhancers.fa"
CHECKPOINT = Path(cistrace.__file__).parent / "data" / "checkpoint" / "cistrace" / "checkpoint.json"
with_model = pytest.mark.skipif(not CHECKPOINT.exists(), reason=f"no checkpoint at {CHECKPOINT}")

COMMANDS = {
    "scan": ("scan", "-o", "out.tsv"),
    "card": ("card", "--cell-type", "K562", "--evidence", "none", "--model", "model", "-o", "out.txt"),
    "predict": ("predict", "-o", "out.tsv"),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.fa").write_text(FASTA)
    # All that a card without evidence needs of a checkpoint.
    (tmp_path / "model" / "cistrace").mkdir(parents=True)
    shutil.copy(CHECKPOINT, tmp_path / "model" / "cistrace")
    return tmp_path


def assert_refused(folder: Path, exit_code: int, stdout: str, stderr: str) -> None:
    """One short message on stderr, no word on stdout, nothing written."""
    before = {"in.fa", "bad", "bad.fa", "model"}
    assert exit_code == 2, stderr
    assert stdout == ""
    assert 1 <= len(stderr.splitlines()) <= 4 and "Traceback" not in stderr
    assert set(os.listdir(folder)) <= before | {name for name, _ in BAD_INPUTS.values()}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("case", BAD_INPUTS)
def test_bad_input_is_refused(folder: Path, stand_in: type[StandIn], command: str, case: str) -> None:
    name, content = BAD_INPUTS[case]
    (folder / name).write_bytes(content)
    result = invoke(*COMMANDS[command], name)
    assert_refused(folder, result.exit_code, result.stdout, result.stderr)
    said = [line for line in result.stderr.splitlines() if not line.startswith("cistrace: computing on")]
    assert said[0].startswith(f"cistrace: {name}")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("path", ["missing.fa", "bad"])
def test_bad_paths_are_refused(folder: Path, stand_in: type[StandIn], command: str, path: str) -> None:
    (folder / "bad").mkdir()
    result = invoke(*COMMANDS[command], path)
    assert_refused(folder, result.exit_code, result.stdout, result.stderr)


@pytest.mark.parametrize("command", ["card", "predict"])
def test_unknown_cell_type_is_refused(folder: Path, stand_in: type[StandIn], command: str) -> None:
    result = invoke(*COMMANDS[command], "in.fa", "--cell-type", "HeLa")
    assert_refused(folder, result.exit_code, result.stdout, result.stderr)
    assert "HeLa" in result.stderr and "WTC11" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("predict", "in.fa", "-o", "out.xlsx"),
        ("predict", "in.fa", "-o", "none/out.tsv"),
        ("predict", "in.fa", "-o", "."),
        ("predict", "in.fa", "--rejects", "r.tsv"),
        ("predict", "in.fa", "-o", "r.tsv", "--on-error", "skip", "--rejects", "r.tsv"),
        ("predict", "in.fa", "--threads", "0"),
        ("predict", EXAMPLE, "-o", "in.fa", "--expression", "in.fa"),
        ("predict", "in.fa", "-o", "out.tsv", "--expression", "none.tsv"),
        ("predict", "in.fa", "-o", "out.tsv", "--expression", "in.fa"),
        ("card", EXAMPLE, "--cell-type", "K562", "-o", "in.fa", "--expression", "in.fa"),
        ("scan", "in.fa", "-o", "in.fa"),
        ("scan", "in.fa", "-o", "in.fa.fai", "--genome", "in.fa"),
        ("scan", EXAMPLE, "-o", "in.fa", "--motifs", "in.fa"),
        ("scan", EXAMPLE, "-o", "in.fa", "--background", "in.fa"),
        ("scan", "in.fa", "-o", "out.tsv", "--motifs", "none.meme"),
        ("scan", "in.fa", "-o", "out.tsv", "--motifs", "JASPAR1999"),
        ("scan", "in.fa", "-o", "out.tsv", "--background", "none.txt"),
        ("scan", "in.fa", "-o", "out.tsv", "--background", "motif-file"),
        ("scan", "in.fa", "-o", "out.tsv", "--p-threshold", "0"),
        ("scan", "in.fa", "-o", "out.tsv", "--id-column", "name"),
        ("scan", "in.fa", "-o", "out.tsv", "--genome", "none.fa"),
    ],
)
def test_bad_options_are_refused(folder: Path, stand_in: type[StandIn], arguments: tuple[str, ...]) -> None:
    result = invoke(*arguments)
    assert_refused(folder, result.exit_code, result.stdout, result.stderr)
    assert (folder / "in.fa").read_text() == FASTA


def test_a_late_fault_leaves_no_file(folder: Path, stand_in: type[StandIn]) -> None:
    (folder / "bad.fa").write_text(FASTA + "".join(f">r{i}\n{DNA}\n" for i in range(200)) + ">last\nACGU\n")
    for command in COMMANDS.values():
        result = invoke(*command, "bad.fa")
        (folder / f"{command[-1]}.partial").unlink(missing_ok=True)  # what was finished: tests/cli/test_resume.py
        assert_refused(folder, result.exit_code, result.stdout, result.stderr)


@pytest.mark.parametrize("command", COMMANDS)
def test_skip_goes_on_and_keeps_the_reasons(folder: Path, stand_in: type[StandIn], command: str) -> None:
    (folder / "mixed.fa").write_text(f"{FASTA}>rna\n{DNA}U\n>short\nACGT\n>three\n{DNA}\n")
    result = invoke(*COMMANDS[command], "mixed.fa", "--on-error", "skip")
    assert result.exit_code == 0, result.stderr
    assert "2 records skipped" in result.stderr
    output = COMMANDS[command][-1]
    with open(f"{output}.rejects.tsv", newline="") as handle:
        rows = list(csv.reader(handle, delimiter="\t"))
    assert [row[0] for row in rows] == ["record", "rna", "short"]
    assert "write T for U" in rows[1][2]
    assert (folder / output).stat().st_size > 0


def test_skip_with_nothing_skipped_leaves_no_file_and_says_nothing(folder: Path, stand_in: type[StandIn]) -> None:
    result = invoke("predict", "in.fa", "-o", "out.tsv", "--on-error", "skip")
    assert result.exit_code == 0 and "skipped" not in result.stderr
    assert not (folder / "out.tsv.rejects.tsv").exists()
    assert "skipped" not in invoke("predict", "in.fa", "--on-error", "skip").stderr


@pytest.mark.parametrize("options", [(), ("--rejects", "out.tsv.rejects.tsv")])
def test_an_earlier_runs_rejects_do_not_stay_beside_a_new_output(
    folder: Path, stand_in: type[StandIn], options: tuple[str, ...]
) -> None:
    """Nor is a file missing that was asked for by name."""
    header = "record\tnumber\treason\n"
    (folder / "other.rejects.tsv").write_text("mine")
    if not options:
        (folder / "out.tsv.rejects.tsv").write_text(f"{header}rna\t5\twrite T for U\n")
    result = invoke("predict", "in.fa", "-o", "out.tsv", "--on-error", "skip", *options)
    assert "0 records skipped; see out.tsv.rejects.tsv" in result.stderr
    assert (folder / "out.tsv.rejects.tsv").read_text() == header
    assert (folder / "other.rejects.tsv").read_text() == "mine"


@pytest.mark.parametrize("command", ["card", "predict"])
def test_blanks_alone_give_no_prediction(folder: Path, stand_in: type[StandIn], command: str) -> None:
    (folder / "bad.fa").write_text(f">gap\n{'N' * 100}ACGT\n")
    result = invoke(command, "bad.fa", "--cell-type", "K562")
    assert_refused(folder, result.exit_code, result.stdout, result.stderr)
    assert "holds 4 letters A, C, G, T" in result.stderr
    assert invoke("scan", "bad.fa").exit_code == 0


def test_rejects_to_a_dash_go_to_stderr(folder: Path, stand_in: type[StandIn]) -> None:
    (folder / "mixed.fa").write_text(f"{FASTA}>short\nACGT\n")
    result = invoke("predict", "mixed.fa", "-o", "out.tsv", "--on-error", "skip", "--rejects", "-")
    assert result.exit_code == 0 and "expected at least 20" in result.stderr
    assert not (folder / "-").exists()


def test_skip_without_a_file_tells_on_stderr(folder: Path, stand_in: type[StandIn]) -> None:
    (folder / "mixed.fa").write_text(f"{FASTA}>rna\x1b[31m\n{DNA}U\n")
    result = invoke("predict", "mixed.fa", "--on-error", "skip")
    assert result.exit_code == 0
    assert "write T for U" in result.stderr and "\x1b" not in result.stderr
    assert result.stdout.count("\n") == 1 + 2 * len(CELL_TYPES)


def test_scan_writes_fimos_table(folder: Path) -> None:
    result = invoke("scan", EXAMPLE, "--threads", 1)
    rows = list(csv.reader(result.stdout.splitlines(), delimiter="\t"))
    assert tuple(rows[0]) == FIMO_COLUMNS
    assert len(rows) > 100
    assert all(float(row[7]) <= 5e-5 for row in rows[1:])
    assert invoke("scan", EXAMPLE, "-o", "hits.tsv").exit_code == 0
    assert (folder / "hits.tsv").read_text() == result.stdout


@pytest.mark.parametrize("name", ["hits.csv", "hits.CSV.gz"])
def test_scan_writes_csv_where_the_name_says_so(folder: Path, name: str) -> None:
    table = invoke("scan", EXAMPLE, "--threads", 1).stdout.splitlines()
    assert invoke("scan", EXAMPLE, "-o", name).exit_code == 0
    text = gzip.decompress(Path(name).read_bytes()) if name.endswith(".gz") else Path(name).read_bytes()
    assert list(csv.reader(text.decode().splitlines())) == [line.split("\t") for line in table]


def test_scan_reads_standard_input() -> None:
    piped = invoke("scan", "-", "--threads", 1, stdin=EXAMPLE.read_text())
    assert piped.stdout == invoke("scan", EXAMPLE, "--threads", 1).stdout


def test_cards_parse_back(folder: Path) -> None:
    result = invoke(
        "card", "--evidence", "none", "--model", "model", EXAMPLE, "--cell-type", "k562", "--cell-type", "hepg2"
    )
    assert result.exit_code == 0, result.stderr
    cards = [parse_card(block.partition("\n")[2]) for block in result.stdout.split("=== ")[1:]]
    assert [card.cell_type for card in cards[:4]] == ["K562", "HepG2", "K562", "HepG2"]
    assert len(cards) == 32


def test_predict_writes_every_format(folder: Path, stand_in: type[StandIn]) -> None:
    import pyarrow.parquet as pq

    for name in ("out.tsv", "out.jsonl", "out.parquet"):
        assert invoke("predict", "in.fa", "--cell-type", "all", "-o", name).exit_code == 0
    expected = [(sequence, cell) for sequence in ("one", "two") for cell in CELL_TYPES]
    with open("out.tsv", newline="") as handle:
        rows = list(csv.DictReader(handle, delimiter="\t"))
    lines = [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]
    table = pq.read_table("out.parquet").to_pylist()
    for found in (rows, lines, table):
        assert [(row["id"], row["cell_type"]) for row in found] == expected
    assert {float(row["activity"]) for row in (*rows, *lines, *table)} == {0.42}
    assert sorted(os.listdir(folder)) == ["in.fa", "model", "out.jsonl", "out.parquet", "out.tsv"]


def test_no_trace_leaves_traces_out(folder: Path, stand_in: type[StandIn]) -> None:
    assert invoke("predict", "in.fa", "--no-trace", "-o", "out.jsonl").exit_code == 0
    assert all(json.loads(line)["trace"] is None for line in (folder / "out.jsonl").read_text().splitlines())


def test_predict_keeps_ids_exactly(folder: Path, stand_in: type[StandIn]) -> None:
    ids = ["[bold]x", "\x1b[2J", "tab\there", 'a"b', "ä€"]
    (folder / "in.jsonl").write_text("".join(json.dumps({"id": i, "sequence": DNA}) + "\n" for i in ids))
    assert invoke("predict", "in.jsonl", "--cell-type", "K562", "-o", "out.tsv").exit_code == 0
    with open("out.tsv", newline="", encoding="utf-8") as handle:
        assert [row["id"] for row in csv.DictReader(handle, delimiter="\t")] == ids


@pytest.mark.parametrize("command", ["scan", "card", "predict"])
def test_help_explains(command: str) -> None:
    result = invoke(command, "--help")
    assert result.exit_code == 0
    assert "Examples:" in result.output and "--on-error" in result.output


def test_scan_starts_without_torch(folder: Path) -> None:
    code = (
        "import sys; from cistrace.cli.main import cli; cli(['scan', 'in.fa', '-o', 'out.tsv'], standalone_mode=False);"
        "print([name for name in ('torch', 'transformers', 'pyarrow', 'rich', 'Bio') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_process_refuses_bad_input(folder: Path) -> None:
    (folder / "bad.fa").write_bytes(BAD_INPUTS["U"][1])
    done = subprocess_run("scan", "bad.fa", "-o", "out.tsv")
    assert_refused(folder, done.returncode, done.stdout, done.stderr)


def test_a_closed_pipe_is_quiet(folder: Path) -> None:
    command = f"{sys.executable} -m cistrace scan {EXAMPLE} --p-threshold 0.001 --threads 1 | head -n 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("motif_id\t") and done.stderr == ""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_scan_leaves_nothing(folder: Path, number: signal.Signals, code: int) -> None:
    command = [sys.executable, "-m", "cistrace", "scan", "-", "-o", "out.tsv", "--threads", "1"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stderr=pipe, text=True, preexec_fn=obey_interrupts) as process:
        assert process.stdin is not None and process.stderr is not None
        process.stdin.write(f">one\n{DNA * 10}\n" + "".join(f">r{i}\n{DNA * 10}\n" for i in range(100)))
        process.stdin.flush()
        deadline = time.monotonic() + 30
        while not list(folder.glob(".out.tsv.*.partial")) and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(number)
        said = process.stderr.read()
        assert process.wait(30) == code, said
    assert sorted(os.listdir(folder)) == ["in.fa", "model"]
    assert "Traceback" not in said


@with_model
@pytest.mark.pipeline
def test_the_shipped_model_predicts_the_example(folder: Path) -> None:
    result = invoke("predict", EXAMPLE, "-o", "out.jsonl")
    assert result.exit_code == 0, result.stderr
    rows = [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]
    assert len(rows) == 16 * 3
    assert all(row["lower"] < row["activity"] < row["upper"] for row in rows)
    for row in rows:
        assert row["verification"]["verified"] and row["verification"]["level_agrees"]
        assert row["activity"] == row["ledger"]["total"]
        assert (row["trace"]["written_by"] == "grounded writer") == ("grounded_trace" in row["flags"])
    counts = Counter(row["trace"]["written_by"] for row in rows)
    told = ", ".join(f"{count} by the {name}" for name, count in counts.most_common())
    assert result.stderr.splitlines()[-1] == f"cistrace: 48 traces: {told}"


@with_model
@pytest.mark.pipeline
def test_the_shipped_model_makes_cards(folder: Path) -> None:
    result = invoke("card", EXAMPLE, "--cell-type", "K562", "--format", "json")
    assert result.exit_code == 0, result.stderr
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(rows) == 16
    assert all(row["card"]["ledger"]["source"] == "towers" for row in rows)
