"""Builds with a chat teacher: a real endpoint on loopback that answers by the card it is shown, and misbehaves."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bench_helpers import a_table, write_table
from chat_server import Act, ChatServer, chat_server, completion, error_body
from click.testing import CliRunner, Result

from cistrace.cards.card import Card
from cistrace.cards.text import parse_card
from cistrace.cli.main import cli
from cistrace.reasonbench.entries import read_entries
from cistrace.reasonbench.revise import entries_of
from cistrace.traces.grounded import write
from cistrace.traces.text import render_trace

KEY = "sk-this-must-not-be-written-anywhere"
ROWS = 36

pytestmark = pytest.mark.pipeline


def grounded_reply(plain: dict[str, Any]) -> bytes:
    """What a model might answer: a true trace, a true one in other words, one with an invented motif, or chatter."""
    asked = plain["messages"][1]["content"]
    card = parse_card(asked.split("\n\nObserved Level")[0])
    text = render_trace(write(card))
    kind = hashlib.sha256(card.bases.encode()).digest()[0] % 4
    if kind == 1:
        text = in_other_words(card)
    elif kind == 2:
        text = text.replace("1. ", "1. XYZ9 binds beside this: ", 1)
    elif kind == 3:
        text = f"Certainly! Here is the reasoning.\n{text}"
    return completion(text)


def in_other_words(card: Card) -> str:
    """True steps that follow no template."""
    lines = [
        f"The promoter-like GC content of {card.composition.gc:.3f} frames the element",
        *(f"m{number} {site.tf} binds at {site.start + 1}-{site.end}" for number, site in enumerate(card.sites[:2], 1)),
        "The CpG content plays its part",
        "Low complexity plays hardly any",
        "The estimate rests on all of these",
        "No cluster of them is needed",
    ]
    steps = "".join(f"{number}. {line}\n" for number, line in enumerate(lines, 1))
    return f"{steps}</think>Level: 1"


def good(number: int, plain: dict[str, Any]) -> Act:
    return Act(body=grounded_reply(plain))


def troubled(number: int, plain: dict[str, Any]) -> Act:
    """Every other request goes wrong, each time in another way."""
    wrong = [
        Act(status=500, body=error_body("oops")),
        Act("half", body=grounded_reply(plain)),
        Act(status=429, headers={"retry-after": "0.05"}, body=error_body("slow down")),
        Act("drop"),
        Act(body=b"{not json"),
        Act("stall"),
    ]
    return wrong[number // 2 % len(wrong)] if number % 2 and number < 40 else good(number, plain)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_table(a_table(ROWS, ("K562", "liver")), tmp_path_factory.mktemp("table") / "mpra.tsv")


def arguments(table: Path, server: ChatServer, folder: Path, *more: object) -> list[str]:
    asked = (
        "--cell-type",
        "K562",
        "--val",
        "chr5",
        "--test",
        "chr6",
        "--teacher",
        "chat",
        "--evidence",
        "associations",
    )
    chat = ("--base-url", server.base_url, "--model", "m", "--timeout", 0.6, "--concurrency", 4, "--threads", 1)
    return list(map(str, ("reasonbench", "build", table, *asked, *chat, "-o", folder, *(more or ("--all",)))))


def run(table: Path, server: ChatServer, folder: Path, *more: object) -> Result:
    return CliRunner(env={"OPENAI_API_KEY": KEY}).invoke(cli, arguments(table, server, folder, *more))


def files_of(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file() and "sqlite" not in path.name)
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(paths)}


@pytest.fixture(scope="module")
def undisturbed(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("chat") / "set"
    with chat_server(good) as server:
        result = run(table, server, folder)
        assert result.exit_code == 0, result.stderr
        assert server.answered == ROWS
        assert f"chat: {ROWS} asked, 0 from the cache" in result.stderr
    yield folder


def test_gates_judge_what_came(undisturbed: Path) -> None:
    rejected = list(read_entries(undisturbed / "rejects.jsonl"))
    kept = list(entries_of(undisturbed, "train"))
    assert len(kept) + len(rejected) == ROWS - 12
    gates = {fault.gate for entry in rejected for fault in entry.faults} - {"level"}
    assert gates == {"schema", "claims"}
    reasons = " ".join(fault.reason for entry in rejected for fault in entry.faults)
    assert "tf XYZ9, the card has none of that name" in reasons and "Certainly!" in reasons
    assert {"backdrop", "prose"} <= {entry.kinds[0] for entry in kept}
    assert all(fault.gate == "level" for entry in kept for fault in entry.faults)
    for split in ("val", "test"):
        assert sum(1 for _ in entries_of(undisturbed, split)) == 6


def test_tokens_are_counted_and_the_key_is_nowhere(undisturbed: Path) -> None:
    statistics = json.loads((undisturbed / "manifest.json").read_text())["statistics"]
    assert (statistics["prompt_tokens"], statistics["completion_tokens"]) == (100 * ROWS, 50 * ROWS)
    for path in undisturbed.rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes()


def test_a_troubled_server_changes_nothing(undisturbed: Path, table: Path, tmp_path: Path) -> None:
    with chat_server(troubled) as server:
        result = run(table, server, tmp_path / "set")
        assert result.exit_code == 0, result.stderr
        assert len(server.seen) > ROWS  # some had to be repeated
        assert all(seen.headers.get("authorization") == f"Bearer {KEY}" for seen in server.seen)
    assert KEY not in result.stderr + result.stdout
    assert files_of(tmp_path / "set") == files_of(undisturbed)


def test_a_dead_server_costs_nothing_already_paid_for(undisturbed: Path, table: Path, tmp_path: Path) -> None:
    def dying(number: int, plain: dict[str, Any]) -> Act:
        return good(number, plain) if number < 15 else Act("drop")

    with chat_server(dying) as server:
        result = run(table, server, tmp_path / "set", "--all", "--attempts", 2)
        assert result.exit_code == 2
        assert "15 answers are kept" in result.stderr and "a second run goes on" in result.stderr
        assert not (tmp_path / "set" / "train.jsonl").exists()
    with chat_server(good) as server:
        assert run(table, server, tmp_path / "set").exit_code == 0
        assert server.answered == ROWS - 15
    assert files_of(tmp_path / "set") == files_of(undisturbed)


def test_a_kill_and_a_second_run_give_the_files_of_one(undisturbed: Path, table: Path, tmp_path: Path) -> None:
    def slow(number: int, plain: dict[str, Any]) -> Act:
        return Act(body=grounded_reply(plain), delay=0.05)

    with chat_server(slow) as server:
        command = [sys.executable, "-m", "cistrace", *arguments(table, server, tmp_path / "set")]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while server.answered < 10 and process.poll() is None:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        result = run(table, server, tmp_path / "set")
        assert result.exit_code == 0, result.stderr
        assert server.answered <= ROWS + 4  # the requests that were under way
    assert files_of(tmp_path / "set") == files_of(undisturbed)


def test_a_budget_stops_and_a_larger_one_goes_on(undisturbed: Path, table: Path, tmp_path: Path) -> None:
    with chat_server(good) as server:
        limited = ("--all", "--max-tokens", 100, "--concurrency", 1, "--token-budget", 3_000)
        result = run(table, server, tmp_path / "set", *limited)
        assert result.exit_code == 2 and "larger budget" in result.stderr
        assert 0 < server.answered < ROWS
        assert run(table, server, tmp_path / "set", "--all", "--max-tokens", 100).exit_code == 0
        assert server.answered == ROWS


def test_told_the_level_the_prompt_states_it(table: Path, tmp_path: Path) -> None:
    with chat_server(good) as server:
        assert run(table, server, tmp_path / "set", "--per-level", 1, "--condition", "level").exit_code == 0
        asked = [seen.plain["messages"][1]["content"] for seen in server.seen]
    assert all("Observed Level: " in text for text in asked)
    entries = list(entries_of(tmp_path / "set", "train"))
    assert sorted(entry.level for entry in entries) == [0, 1, 2, 3]
    assert all("Observed Level" not in entry.card for entry in entries)  # what the data set's reader is shown


def test_the_papers_cards_can_be_asked_about(table: Path, tmp_path: Path) -> None:
    with chat_server() as server:
        asked = arguments(table, server, tmp_path / "set", "--all", "--gates", "format")
        asked[asked.index("associations")] = "none"
        result = CliRunner().invoke(cli, asked)
        assert result.exit_code == 0, result.stderr
        assert "Contribution" not in server.seen[0].plain["messages"][1]["content"]
        assert "authorization" not in server.seen[0].headers
    assert sum(1 for _ in entries_of(tmp_path / "set", "train")) == ROWS - 12  # form alone is in force
    faults = [fault.gate for entry in entries_of(tmp_path / "set", "train") for fault in entry.faults]
    assert "claims" in faults  # and what it says is counted all the same
