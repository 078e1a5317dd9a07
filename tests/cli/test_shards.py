"""`--shard`: what the shards write, one behind the other, is what one run writes."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

import pytest
from cli_helpers import DNA, StandIn, invoke, stand_in

__all__ = ["stand_in"]

RECORDS = "".join(f">s{at}\n{DNA}{'ACGT'[at % 4] * at}\n" for at in range(11))


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.fa").write_text(RECORDS + ">bad\nACGU\n")
    return tmp_path / "in.fa"


def shards(count: int, *command: str) -> list[str]:
    """What each of the shards prints."""
    found = [invoke(*command, "--on-error", "skip", "--shard", f"{at}/{count}") for at in range(1, count + 1)]
    for one in found:
        assert one.exit_code == 0, one.stderr
    assert sum("1 record skipped" in one.stderr for one in found) == 1
    return [one.stdout for one in found]


@pytest.mark.parametrize("count", [1, 3, 20])
def test_shards_of_predict_are_the_whole(source: Path, stand_in: type[StandIn], count: int) -> None:
    whole = invoke("predict", "in.fa", "--on-error", "skip").stdout
    header = whole.partition("\n")[0] + "\n"
    parts = shards(count, "predict", "in.fa")
    assert all(part.startswith(header) for part in parts)
    assert header + "".join(part.removeprefix(header) for part in parts) == whole


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("nothere.fa", None), ("empty.fa", b""), ("junk.fa", b"hello\n"), ("header.csv", b"id,sequence\n"),
        ("column.csv", f"id,letters\none,{DNA}\n".encode()),
        ("torn.fa.gz", gzip.compress(RECORDS.encode() * 400)[:-90]),
    ],
)  # fmt: skip
def test_every_shard_of_a_broken_file_stops(
    tmp_path: Path, stand_in: type[StandIn], name: str, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    for shard in ("1/2", "2/2", "3/7"):
        made = invoke("predict", tmp_path / name, "--shard", shard, "-o", tmp_path / "out.tsv", "--on-error", "skip")
        assert made.exit_code == 2 and name in made.stderr, made.stderr
        assert not (tmp_path / "out.tsv").exists()


def test_shards_of_cards_are_the_whole(source: Path) -> None:
    command = ("card", "in.fa", "--cell-type", "K562", "--evidence", "none", "--format", "json")
    assert "".join(shards(3, *command)) == invoke(*command, "--on-error", "skip").stdout


def test_shards_of_a_scan_differ_from_the_whole_in_q_values_alone(source: Path) -> None:
    def rows(text: str) -> list[list[str]]:
        return [line.split("\t")[:8] + line.split("\t")[9:] for line in text.splitlines()[1:]]

    command = ("scan", "in.fa", "--p-threshold", "1e-3", "--threads", "1")
    whole = invoke(*command, "--on-error", "skip").stdout
    assert [row for part in shards(3, *command) for row in rows(part)] == rows(whole) != []


def test_a_shard_is_resumed_as_that_shard(
    source: Path, stand_in: type[StandIn], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["cistrace.cli.predict"], "BLOCK", 2)
    asked = ("predict", "in.fa", "-o", "out.jsonl", "--cell-type", "K562")
    torn = invoke(*asked, "--shard", "3/3")  # its last record cannot be used
    assert torn.exit_code == 2 and Path("out.jsonl.partial").exists()
    other = invoke(*asked, "--shard", "2/3", "--resume", "--on-error", "skip")
    assert other.exit_code == 2 and "is of a run with another shard (3/3, not 2/3)" in other.stderr
    done = invoke(*asked, "--shard", "3/3", "--resume", "--on-error", "skip")
    assert done.exit_code == 0, done.stderr
    assert [json.loads(line)["id"] for line in Path("out.jsonl").read_text().splitlines()] == ["s8", "s9", "s10"]


def test_a_shard_of_none_is_a_table_without_rows(source: Path, stand_in: type[StandIn]) -> None:
    for name in ("out.tsv", "out.jsonl", "out.parquet"):
        done = invoke("predict", "in.fa", "--shard", "1/1000", "-o", name)
        assert done.exit_code == 0 and Path(name).exists()
    assert Path("out.tsv").read_text().count("\n") == 1 and Path("out.jsonl").read_text() == ""


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("in.fa", "--shard", "4/3"), "expected I/N with I from 1 to N"),
        (("-", "--shard", "1/3"), "standard input: cannot be parted into shards"),
    ],
)
def test_what_is_no_shard_is_refused(source: Path, options: tuple[str, ...], said: str) -> None:
    for command in (("scan",), ("card", "--cell-type", "K562"), ("predict",), ("variants",)):
        result = invoke(command[0], *options, *command[1:], "-o", "out.tsv", stdin=RECORDS)
        assert result.exit_code == 2 and said in " ".join(result.stderr.split()), result.stderr
        assert not Path("out.tsv").exists()
