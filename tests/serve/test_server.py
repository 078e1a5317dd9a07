"""`cistrace serve` as a person starts it, with the shipped model, on a port of its own."""

from __future__ import annotations

import json
import re
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from cli_helpers import invoke, subprocess_run
from motif_helpers import random_sequences

from cistrace.reward.reward import Reward
from cistrace.serve.answers import Effects, Rewards

pytestmark = pytest.mark.integration


def ask(port: int, path: str, question: object) -> Any:
    connection = HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("POST", path, json.dumps(question), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    found = json.loads(answer.read())
    assert answer.status == 200, found
    return found


def test_the_same_as_the_commands(port: int, tmp_path: Path) -> None:
    sequences = dict(zip("abc", random_sequences(3, 200)))
    fasta = tmp_path / "in.fa"
    fasta.write_text("".join(f">{name}\n{bases}\n" for name, bases in sequences.items()))
    rows = tmp_path / "out.jsonl"
    assert invoke("predict", fasta, "--cell-type", "K562", "-o", rows).exit_code == 0
    found = ask(port, "/api/predict", {"sequences": fasta.read_text(), "cell_types": ["K562"]})
    assert found["predictions"] == [json.loads(line) for line in rows.read_text().splitlines()]
    cards = invoke("card", fasta, "--cell-type", "all", "--format", "json").stdout.splitlines()
    assert ask(port, "/api/card", {"sequences": sequences})["cards"] == [json.loads(line) for line in cards]
    (explained,) = ask(port, "/api/explain", {"sequences": {"a": sequences["a"]}, "cell_types": ["K562"]})[
        "explanations"
    ]
    (ledger,) = explained["ledgers"]
    assert ledger["backdrop"] + sum(site["amount"] for site in ledger["sites"]) == pytest.approx(ledger["total"])
    task = {"name": "t", "type": "expression", "cell_type": "K562", "species": "homo_sapiens"}
    (answered,) = ask(port, "/predict", {"readout": "point", "prediction_tasks": [task], "sequences": sequences})[
        "prediction_tasks"
    ]
    quick = ask(port, "/api/predict", {"sequences": sequences, "cell_types": ["K562"], "trace": False})["predictions"]
    assert answered["predictions"] == {row["id"]: [row["activity"]] for row in quick}


def test_variants_are_those_of_the_command(port: int, tmp_path: Path) -> None:
    (ref,) = random_sequences(1, 200)
    alt = ref[:99] + ("A" if ref[99] != "A" else "C") + ref[100:]
    table, rows = tmp_path / "in.tsv", tmp_path / "out.jsonl"
    table.write_text(f"id\tref\talt\nv\t{ref}\t{alt}\n")
    assert invoke("variants", table, "-o", rows).exit_code == 0
    found = ask(port, "/api/variants", {"variants": [{"id": "v", "ref": ref, "alt": alt}]})
    assert found["effects"] == [json.loads(line) for line in rows.read_text().splitlines()]
    Effects.model_validate(found, strict=True)


def test_rewards_are_those_of_the_library(port: int) -> None:
    sequences = [*random_sequences(3, 200), "no DNA"]
    question = {"sequences": sequences, "target": "hepg2", "against": ["K562", "WTC11"]}
    reward = Reward("HepG2", ["K562", "WTC11"])
    assert ask(port, "/api/reward", question) == {"rewards": reward(sequences).tolist(), "explanations": None}
    found = ask(port, "/api/reward", {**question, "explain": True, "traces": True})
    Rewards.model_validate(found, strict=True)
    assert found["rewards"] == reward(sequences).tolist()
    for row in found["explanations"][:3]:
        assert [one["cell_type"] for one in row["predictions"]] == ["HepG2", "K562", "WTC11"]
        assert all(one["verification"]["verified"] for one in row["predictions"])
    assert found["explanations"][3]["valid"] is False and found["explanations"][3]["predictions"] == []


def test_two_at_once_get_their_own_answers(port: int) -> None:
    first, second = random_sequences(2, 200)
    with_stream = HTTPConnection("127.0.0.1", port, timeout=120)
    body = json.dumps({"sequences": [first] * 20, "cell_types": ["K562"]})
    with_stream.request("POST", "/api/predict/stream", body, {"Content-Type": "application/json"})
    stream = with_stream.getresponse()
    assert stream.readline() == b"event: progress\n"
    between = ask(port, "/api/predict", {"sequences": [second], "cell_types": ["K562"]})["predictions"]
    text = stream.read().decode()
    rows = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ") and '"id"' in line]
    assert len(rows) == 20 and len({row["activity"] for row in rows}) == 1
    assert text.endswith("event: end\ndata: {}\n\n")
    assert between == ask(port, "/api/predict", {"sequences": [second], "cell_types": ["K562"]})["predictions"]


def test_who_leaves_in_the_middle_stops_nobody(port: int) -> None:
    leaving = HTTPConnection("127.0.0.1", port, timeout=120)
    body = json.dumps({"sequences": random_sequences(900, 200)})
    leaving.request("POST", "/api/predict/stream", body, {"Content-Type": "application/json"})
    leaving.getresponse().readline()
    leaving.close()
    assert ask(port, "/api/predict", {"sequences": random_sequences(1, 200), "trace": False})["predictions"]
    connection = HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("GET", "/api/health")
    assert json.loads(connection.getresponse().read())["requests"] == 0


def test_a_port_that_is_taken_and_a_model_that_is_none(port: int, tmp_path: Path) -> None:
    for arguments, told in (
        (("--port", str(port)), rf"cistrace: 127\.0\.0\.1:{port}: cannot be listened on .*; name another --port\n"),
        (("--port", "0", "--model", str(tmp_path)), r"cistrace: .*\n"),
    ):
        done = subprocess_run("serve", *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert re.fullmatch(told, done.stderr)
