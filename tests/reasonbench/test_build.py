"""The command from a table to files, and back from the files."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from bench_helpers import a_table, write_table
from click.testing import CliRunner, Result

from cistrace.cli.main import cli
from cistrace.cli.reasonbench.options import evidence_kind
from cistrace.motifs.hit import MotifHit
from cistrace.motifs.scanner import Scanner
from cistrace.reasonbench.entries import read_entries
from cistrace.reasonbench.gates import judge
from cistrace.reasonbench.revise import entries_of
from cistrace.traces.text import parse_trace
from cistrace.traces.verify import verify

CELLS = ("K562", "liver cells")

pytestmark = pytest.mark.pipeline


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_table(a_table(240, CELLS), tmp_path_factory.mktemp("table") / "mpra.tsv")


ASKED = ("--cell-type", "K562", "--cell-type", "liver cells=log2fc liver cells", "--val", "chr5", "--test", "chr6")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["reasonbench", *map(str, arguments)])


def built(table: Path, folder: Path, *more: object) -> dict[str, object]:
    result = run("build", table, *ASKED, "--threads", 1, "-o", folder, *(more or ("--all",)))
    assert result.exit_code == 0, result.stderr
    return json.loads((folder / "manifest.json").read_text())


@pytest.fixture(scope="module")
def bench(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bench") / "set"
    built(table, folder)
    return folder


def files_of(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".sqlite"
    }


def test_every_measurement_has_its_entry_in_the_tables_order(bench: Path) -> None:
    found = [(entry.row, entry.cell_type) for split in ("train", "val", "test") for entry in entries_of(bench, split)]
    wanted = [(row, cell) for row in range(240) for cell in CELLS if (row, cell) != (7, "liver cells")]
    assert sorted(found) == sorted(wanted)
    for split in ("train", "val", "test"):
        rows = [(entry.row, CELLS.index(entry.cell_type)) for entry in entries_of(bench, split)]
        assert rows == sorted(rows)


def test_entries_are_what_was_measured_and_every_claim_holds(bench: Path) -> None:
    made = a_table(240, CELLS)
    cuts = json.loads((bench / "manifest.json").read_text())["cuts"]
    for entry in list(entries_of(bench, "val"))[:30]:
        card = entry.parsed_card()
        cell = CELLS.index(entry.cell_type)
        assert card.bases == made.sequences[entry.row]
        assert entry.activity == pytest.approx(made.activity[entry.row, cell], abs=1e-4)
        assert entry.level == sum(entry.activity >= cut for cut in cuts[entry.cell_type])
        assert entry.faults == judge(entry.trace, card).faults == () or entry.faults[0].gate == "level"
        assert verify(parse_trace(entry.trace), card).verified


def test_levels_are_quartiles_of_training_rows(bench: Path) -> None:
    levels = np.array([entry.level for entry in entries_of(bench, "train") if entry.cell_type == "K562"])
    assert np.bincount(levels).tolist() == [40, 40, 40, 40]


def test_the_manifest_tells_what_made_it_and_every_files_hash(bench: Path, table: Path) -> None:
    manifest = json.loads((bench / "manifest.json").read_text())
    assert manifest["sources"] == [{"name": "mpra.tsv", "sha256": hashlib.sha256(table.read_bytes()).hexdigest()}]
    hashes = files_of(bench)
    assert {name: about["sha256"] for name, about in manifest["files"].items()} == {
        name: digest for name, digest in hashes.items() if name != "manifest.json"
    }
    assert manifest["files"]["train.jsonl"]["rows"] == sum(1 for _ in entries_of(bench, "train"))
    assert manifest["statistics"]["steps_supported"] == manifest["statistics"]["steps"]
    assert manifest["split"]["leaks"]["k"] == 40
    assert str(bench) not in json.dumps(manifest)


def test_two_builds_are_equal_to_the_byte_on_any_number_of_processes(bench: Path, table: Path, tmp_path: Path) -> None:
    result = run("build", table, *ASKED, "--threads", 2, "-o", tmp_path / "set", "--all")
    assert result.exit_code == 0
    assert files_of(tmp_path / "set") == files_of(bench)


def test_huggingface_datasets_opens_the_folder(bench: Path, tmp_path: Path) -> None:
    from datasets import load_dataset

    loaded = load_dataset(str(bench), cache_dir=str(tmp_path))
    assert {name: len(split) for name, split in loaded.items()} == {"train": 319, "validation": 80, "test": 80}
    first = next(read_entries(bench / "train.jsonl"))
    row = loaded["train"][0]
    assert [message["content"] for message in row["messages"]] == [first.system, first.card, first.trace]
    assert (row["label"], row["id"], row["kinds"]) == (first.level, first.id, list(first.kinds))


def test_llama_factory_finds_files_and_tags(bench: Path) -> None:
    info = json.loads((bench / "dataset_info.json").read_text())
    assert set(info) == {"set_train", "set_val", "set_test"}
    assert all((bench / about["file_name"]).is_file() for about in info.values())
    assert info["set_train"]["formatting"] == "sharegpt"


def test_so_many_of_every_level_and_official_names(table: Path, tmp_path: Path) -> None:
    manifest = built(table, tmp_path / "set", "--per-level", 5, "--official-names")
    entries = list(entries_of(tmp_path / "set", "train"))
    counts = {(cell, level): 0 for cell in CELLS for level in range(4)}
    for entry in entries:
        counts[entry.cell_type, entry.level] += 1
    assert set(counts.values()) == {5}
    official = tmp_path / "set" / "liver_cells" / "20-reason-sharegpt-short-conclu.jsonl"
    lines = [json.loads(line) for line in official.read_text().splitlines()]
    assert [list(line) for line in lines] == [["messages", "expression_score", "label"]] * 20
    back = list(read_entries(official))
    assert [entry.trace for entry in back] == [entry.trace for entry in entries if entry.cell_type == "liver cells"]
    assert manifest["draw"] == {"per_level": 5, "short_of": {}}


def test_what_could_not_be_had_is_told(table: Path, tmp_path: Path) -> None:
    result = run("build", table, *ASKED, "--threads", 1, "-o", tmp_path / "set", "--per-level", 45)
    assert result.exit_code == 0
    assert "K562: fewer accepted traces than asked: 5 of level 0" in result.stderr


def test_a_told_writer_agrees_and_a_blind_one_does_not_always(bench: Path, table: Path, tmp_path: Path) -> None:
    told = built(table, tmp_path / "told", "--all", "--condition", "level")
    blind = json.loads((bench / "manifest.json").read_text())
    agreement = "agreement_with_observed_level"
    assert set(told["statistics"][agreement]["train"].values()) == {1.0}  # type: ignore[index]
    assert max(blind["statistics"][agreement]["train"].values()) < 0.95
    assert "The traces carry the label" in (tmp_path / "told" / "README.md").read_text()
    assert "The traces carry the label" not in (bench / "README.md").read_text()


def test_agreement_filters_train_alone_and_only_where_asked(bench: Path, table: Path, tmp_path: Path) -> None:
    built(table, tmp_path / "set", "--all", "--require-level")
    assert all(entry.stated_level == entry.level for entry in entries_of(tmp_path / "set", "train"))
    rejects = list(read_entries(tmp_path / "set" / "rejects.jsonl"))
    assert rejects and all(entry.split == "train" and entry.faults[-1].gate == "level" for entry in rejects)
    kept = sum(1 for _ in entries_of(tmp_path / "set", "train"))
    assert kept + len(rejects) == sum(1 for _ in entries_of(bench, "train"))
    for split in ("val", "test"):
        kept_there, kept_here = (
            [entry.trace for entry in entries_of(folder, split)] for folder in (bench, tmp_path / "set")
        )
        assert kept_there == kept_here


def test_a_kill_in_the_middle_and_a_second_run_give_the_files_of_one(bench: Path, table: Path, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    command = [sys.executable, "-m", "cistrace", "reasonbench", "build", str(table), *ASKED, "--all", "-o", str(folder)]
    process = subprocess.Popen([*command, "--threads", "1"], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    while not list(folder.glob(".building/*.jsonl")) and process.poll() is None:
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert process.returncode == -signal.SIGKILL  # it was at work
    assert [path.name for path in folder.iterdir()] == [".building"]  # nothing under a final name
    built(table, folder)
    assert files_of(folder) == files_of(bench)


def test_a_rebuild_over_a_data_set_takes_what_no_longer_belongs_away(table: Path, tmp_path: Path) -> None:
    built(table, tmp_path / "set", "--per-level", 3, "--official-names")
    built(table, tmp_path / "set", "--per-level", 2)
    assert not list((tmp_path / "set").glob("*/*-conclu.jsonl"))
    assert sum(1 for _ in entries_of(tmp_path / "set", "train")) == 16


def test_other_peoples_files_are_left_alone(table: Path, tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text("mine")
    result = run("build", table, *ASKED, "--all", "-o", tmp_path)
    assert result.exit_code == 2
    assert "no build made it" in result.stderr
    assert (tmp_path / "train.jsonl").read_text() == "mine"


def test_reviews_are_taken_recorded_and_survive_a_rebuild(table: Path, tmp_path: Path) -> None:
    folder, sheet = tmp_path / "set", tmp_path / "sheet.csv"
    built(table, folder)
    one = run("review", "export", folder, "-o", sheet, "--n", 1)
    assert one.stderr == f"cistrace: 1 trace written to {sheet}\n"
    assert run("review", "export", folder, "-o", sheet, "--n", 3).exit_code == 0
    with sheet.open(encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.DictReader(handle))
    steps = rows[1]["trace"].rsplit("Level: ", 1)[0]
    for row, decision in zip(rows, ("reject", "correct", "accept")):
        row.update(decision=decision, reviewer="Ana", reason="as read")
    level = "0" if rows[1]["trace"].endswith("3") else "3"
    rows[1]["corrected_trace"] = f"{steps}Level: {level}"
    with sheet.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    result = run("review", "import", folder, sheet)
    assert result.exit_code == 0 and "1 accept, 1 correct, 1 reject" in result.stderr
    reviewed = files_of(folder)
    again = run("review", "import", folder, sheet)
    assert again.stderr == "cistrace: decisions taken: none that is new\n" and files_of(folder) == reviewed
    statistics = json.loads((folder / "manifest.json").read_text())["statistics"]

    def state() -> None:
        train = {(entry.id, entry.cell_type): entry for entry in entries_of(folder, "train")}
        assert (rows[0]["id"], rows[0]["cell_type"]) not in train
        corrected = train[rows[1]["id"], rows[1]["cell_type"]]
        assert (corrected.written_by, str(corrected.stated_level)) == ("review", level)
        assert corrected.review == "correct by Ana: as read"
        assert train[rows[2]["id"], rows[2]["cell_type"]].review == "accept by Ana: as read"
        decisions = json.loads((folder / "manifest.json").read_text())["reviews"]["decisions"]
        assert sorted(one["decision"] for one in decisions) == ["accept", "correct", "reject"]

    state()
    built(table, folder)
    state()
    rebuilt = files_of(folder)
    assert json.loads((folder / "manifest.json").read_text())["statistics"] == statistics
    for name in ("train.jsonl", "val.jsonl", "test.jsonl", "rejects.jsonl", "README.md"):
        assert rebuilt[name] == reviewed[name], name


def test_leakage_shows_a_told_writer_for_what_it_is(tmp_path: Path) -> None:
    noisy = write_table(a_table(960, CELLS, noise=6.0), tmp_path / "noisy.tsv")  # nothing to be read out of bases

    def scores(condition: str) -> dict[str, float]:
        built(noisy, tmp_path / condition, "--all", "--condition", condition)
        result = run("leakage", tmp_path / condition)
        assert result.exit_code == 0, result.stderr
        rows = list(csv.DictReader(result.stdout.splitlines(), delimiter="\t"))
        assert [row["text"] for row in rows[:3]] == ["trace", "trace without conclusion", "card"]
        return {row["text"]: float(row["accuracy"]) for row in rows if row["cell_type"] == "K562"}

    told, blind = scores("level"), scores("none")
    assert told["trace"] > 0.9
    assert told["trace without conclusion"] > 0.35  # which motifs are cited tells strong from weak
    assert max(*blind.values(), told["card"]) < 0.35


BAD = {
    "missing column": ("name,sequence,chrom\na,{dna},chr1\n", "no activity column for cell type 'K562'"),
    "text in all of a column": ("name,sequence,chrom,K562\na,{dna},chr1,high\nb,{dna}A,chr2,low\n", "K562"),
    "empty": ("", "empty|no columns|no rows"),
    "header alone": ("name,sequence,chrom,K562\n", "no rows|no records"),
    "no DNA at all": ("name,sequence,chrom,K562\na,XYZXYZXYZXYZXYZXYZXYZXYZ,chr1,0.5\n", "no row is usable"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_tables_get_one_line_and_no_files(kind: str, tmp_path: Path) -> None:
    text, expected = BAD[kind]
    path = tmp_path / "mpra.csv"
    path.write_text(text.format(dna="ACGTTGCAAGTCCGATAGCTTGCACC"))
    result = run(
        "build", path, "--cell-type", "K562", "--val", "chr1", "--test", "chr2", "--all", "-o", tmp_path / "set"
    )
    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    assert re.search(expected, result.stderr), result.stderr
    assert not (tmp_path / "set").exists()


def test_bad_rows_are_listed_with_their_lines(table: Path, tmp_path: Path) -> None:
    lines = table.read_text().splitlines()
    lines[3] = lines[3].replace("\tchr", "X\tchr", 1)
    lines[5] = "\t".join([*lines[5].split("\t")[:3], "inf", "0.5"])
    lines[6] = "\t".join([*lines[6].split("\t")[:3], "high", "0.5"])
    path = tmp_path / "mpra.tsv.gz"
    with gzip.open(path, "wt") as handle:
        handle.write("\n".join(lines) + "\n")
    built(path, tmp_path / "set")
    with (tmp_path / "set" / "excluded.tsv").open(newline="") as handle:
        listed = {(int(row["line"]), row["cell_type"]): row["reason"] for row in csv.DictReader(handle, delimiter="\t")}
    assert {(4, ""), (6, "K562"), (7, "K562")} <= set(listed)
    assert "'X'" in listed[4, ""] and "inf" in listed[6, "K562"] and "high" in listed[7, "K562"]
    entries = sum(1 for split in ("train", "val", "test") for _ in entries_of(tmp_path / "set", split))
    rejected = json.loads((tmp_path / "set" / "manifest.json").read_text())["statistics"]["entries"]["train"]
    entries += sum(counts.get("rejected", 0) for counts in rejected.values())
    assert entries == 240 * 2 - 1 - 2 - 1 - 1


def test_a_split_column_needs_no_option_and_is_said(table: Path, tmp_path: Path) -> None:
    header, *lines = table.read_text().splitlines()
    named = [("train", "train", "train", "train", "val", "test")[row % 6] for row in range(len(lines))]
    path = tmp_path / "mpra.tsv"
    path.write_text("\n".join([f"{header}\tsplit", *(f"{line}\t{name}" for line, name in zip(lines, named))]) + "\n")
    result = run("build", path, *ASKED[:4], "--all", "--threads", 1, "-o", tmp_path / "set")
    assert result.exit_code == 0, result.stderr
    assert "splits: taken from the table's split column: train 160, val 40, test 40" in result.stderr
    assert json.loads((tmp_path / "set" / "manifest.json").read_text())["split"]["rows"]["val"] == 40


def test_the_shipped_towers_can_be_adapted_to_any_cell_type(table: Path, bench: Path, tmp_path: Path) -> None:
    """To one that they do not know, without a training; how many of the rows they were fitted on is told."""
    result = run(
        "build", table, *ASKED, "--per-level", 4, "--towers", "adapted", "--threads", 1, "-o", tmp_path / "set"
    )
    assert result.exit_code == 0, result.stderr
    told = "towers, adapted from the shipped ones, cross-fitted; 0 of 240 rows are elements that they were fitted on"
    assert f"evidence: {told}" in result.stderr
    evidence = json.loads((tmp_path / "set" / "manifest.json").read_text())["evidence"]
    assert (evidence["kind"], evidence["origin"], evidence["folds"]["count"]) == ("towers", told, 3)
    assert evidence["sha256"] != json.loads((bench / "manifest.json").read_text())["evidence"]["sha256"]
    entries = list(entries_of(tmp_path / "set", "train"))
    assert {entry.cell_type for entry in entries} == set(CELLS)
    assert all(verify(entry.trace, entry.parsed_card()).verified for entry in entries)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--all", "--per-level", 3), "either --all or --per-level"),
        ((), "either --all or --per-level"),
        (("--all", "--teacher", "chat"), "needs --base-url and --model"),
        (("--all", "--evidence", "none"), "reasons from evidence"),
        (("--all", "--levels", "1,2,x"), "cut points"),
        (("--all", "--levels", "3,2,1"), "cut points"),
        (("--all", "--towers", "shipped"), "do not know liver cells"),
        (("--all", "--towers", "shipped", "--evidence", "towers"), "do not know liver cells"),
        (("--all", "--evidence", "towers"), "--evidence towers: whose? give --towers RUN"),
        (("--all", "--towers", "run", "--evidence", "none"), "found none; leave one of the two out"),
        (("--all", "--towers", "run", "--evidence", "associations"), "found associations; leave one of the two out"),
        (("--all", "--towers", "run", "--evidence", "evidence.npz"), "found evidence.npz; leave one of the two out"),
        (("--all", "--evidence", "tower"), "found tower, expected associations, towers, none, or a file evidence.npz"),
        (("--all", "--evidence", "nowhere.npz"), "found nowhere.npz, expected associations, towers, none, or a file"),
        (("--all", "--evidence", __file__), "not a readable evidence file"),
    ],
)
def test_options_that_cannot_be(arguments: tuple[object, ...], message: str, table: Path, tmp_path: Path) -> None:
    result = run("build", table, *ASKED, "--threads", 1, "-o", tmp_path / "set", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert not (tmp_path / "set" / "manifest.json").exists()


@pytest.mark.parametrize(
    ("evidence", "towers", "kind"),
    [
        (None, None, "associations"),
        (None, "run", "towers"),
        ("towers", "run", "towers"),
        ("associations", None, "associations"),
        ("none", None, "none"),
        (__file__, None, __file__),
    ],
)
def test_naming_towers_means_their_evidence(evidence: str | None, towers: str | None, kind: str) -> None:
    assert evidence_kind(evidence, towers) == kind


@pytest.mark.parametrize("how", [("--all",), ("--per-level", 2)])
def test_a_build_scans_for_associations_for_their_sites_and_for_cards(
    how: tuple[object, ...], table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scanned: list[str] = []
    scan = Scanner.scan

    def noted(self: Scanner, sequences: list[str]) -> list[tuple[MotifHit, ...]]:
        scanned.extend(sequences)
        return scan(self, sequences)

    monkeypatch.setattr(Scanner, "scan", noted)
    built(table, tmp_path / "set", *how, "--threads", 1)
    assert len(set(scanned)) == 240
    assert max(Counter(scanned).values()) <= 3
