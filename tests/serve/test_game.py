"""GAME's convention, asked by a small evaluator as its documents describe one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cli_helpers import CELL_TYPES, SCORE
from serve_helpers import JSON, StandInService, client_of
from starlette.testclient import TestClient

from cistrace.serve.limits import Limits

DNA = "ACGTTGCAAGTCCGATAGCTTGCACCGTATTAGC"
TASK = {"name": "one", "type": "expression", "cell_type": "K562", "species": "homo_sapiens"}


@pytest.fixture(scope="module")
def client() -> TestClient:
    return client_of(limits=Limits(sequences=8))


class Evaluator:
    """Agrees on formats, asks, and takes the answer apart, by the convention's documents alone."""

    def __init__(self, client: TestClient) -> None:
        self._client = client
        formats = client.get("/formats").json()
        self.request = self._best(formats["predictor_supported_request_formats"])
        self.response = self._best(formats["predictor_supported_response_formats"])

    @staticmethod
    def _best(offered: list[str]) -> str:
        """MessagePack where a predictor has it; JSON, which all have, otherwise."""
        return "application/msgpack" if "application/msgpack" in offered else JSON

    def ask(self, question: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        headers = {"Content-Type": self.request, "Accept": self.response}
        found = self._client.post("/predict", content=json.dumps(question).encode(), headers=headers)
        return found.status_code, found.json()

    def points(self, question: dict[str, Any]) -> dict[str, dict[str, float]]:
        """Predictions by task and sequence; every field that the convention requires is there."""
        status, found = self.ask(question)
        assert status == 200 and found["request"] == "predict" and found["predictor_name"]
        tasks = {task["name"]: task for task in question["prediction_tasks"]}
        assert [task["name"] for task in found["prediction_tasks"]] == list(tasks)
        points = {}
        for task in found["prediction_tasks"]:
            asked = tasks[task["name"]]
            for field in ("type", "cell_type", "species"):
                assert task[f"{field}_requested"] == asked[field] and f"{field}_actual" in task
            assert isinstance(task["type_actual"], list) and isinstance(task["cell_type_actual"], str)
            assert set(task["predictions"]) == set(question["sequences"])
            points[task["name"]] = {name: value for name, (value,) in task["predictions"].items()}
        return points


def question(**changed: Any) -> dict[str, Any]:
    plain = {"readout": "point", "prediction_tasks": [TASK], "sequences": {"seq1": DNA, "chr1:5-9(+)|A>G": DNA}}
    return {**plain, **changed}


def test_an_evaluator_gets_a_number_a_sequence_and_task(client: TestClient) -> None:
    tasks = [
        {**TASK, "name": "plain"},
        {**TASK, "name": "log", "cell_type": "HEPG2", "scale": "log"},
        {**TASK, "name": "linear", "cell_type": "k562", "scale": "linear", "type": "expression_mRNA"},
    ]
    asked = question(prediction_tasks=tasks, request="predict", a_field_of_a_later_version=[1])
    points = Evaluator(client).points(asked)
    for name in asked["sequences"]:
        assert points["plain"][name] == points["log"][name] == pytest.approx(SCORE, rel=1e-8)
        assert points["linear"][name] == pytest.approx(2**SCORE, rel=1e-8)
    answered = Evaluator(client).ask(asked)[1]["prediction_tasks"]
    assert [task["scale_prediction_actual"] for task in answered] == ["log", "log", "linear"]
    assert [task.get("scale_prediction_requested") for task in answered] == [None, "log", "linear"]
    assert [task["cell_type_actual"] for task in answered] == ["K562", "HepG2", "K562"]
    assert {tuple(task["type_actual"]) for task in answered} == {("expression",)}


def test_formats_and_help(client: TestClient) -> None:
    formats, about = client.get("/formats").json(), client.get("/help").json()
    assert formats["predictor_supported_request_formats"] == [JSON]
    assert about["game_schema_version"] == "1.0" and about["cell_types"] == list(CELL_TYPES)
    assert len(about["features"]) == len(about["cell_types"]) and about["input_size"] == 200
    assert (
        formats["predictor_name"] == about["predictor_name"] == Evaluator(client).ask(question())[1]["predictor_name"]
    )


def test_the_type_of_a_request_may_be_unsaid(client: TestClient) -> None:
    assert client.post("/predict", content=json.dumps(question()).encode()).status_code == 200


class Seen(StandInService):
    """Keeps the sequences that it is asked about."""

    bases: dict[str, str]

    def predictions(self, records: Any, *rest: Any, **more: Any) -> Any:
        self.bases = {record.id: record.bases for record in records}
        return super().predictions(records, *rest, **more)


def test_flanks_and_ranges() -> None:
    service = Seen()
    evaluator = Evaluator(client_of(service))
    flanked = f"AAAA{DNA}CC"
    evaluator.points(question(upstream_seq="aaaa", downstream_seq="CC"))
    assert set(service.bases.values()) == {flanked}
    ranges = {"seq1": [2, 30], "chr1:5-9(+)|A>G": []}
    evaluator.points(question(upstream_seq="AAAA", downstream_seq="CC", prediction_ranges=ranges))
    assert service.bases == {"seq1": flanked[2:31], "chr1:5-9(+)|A>G": flanked}


BAD: list[tuple[Any, str]] = [
    (b"", "request: found no usable JSON"),
    (b"{", "request: found no usable JSON"),
    (b"\xff", "request: found no usable JSON"),
    (b"[" * 100_000, "request: found no usable JSON"),
    (b'{"a": 1, "a": 2}', "'a' stands 2 times in one object"),
    (b"[]", "request: found [], expected"),
    ({}, "readout: found nothing, expected this field"),
    (question(readout="points"), "readout: found \"points\", expected 'point', 'track' or 'interaction_matrix'"),
    (question(readout=["point"]), "readout: found"),
    (question(sequences={}), "sequences: found {}, expected"),
    (question(sequences={"a": 7}), "sequences.a: found 7, expected a string; write"),
    (question(sequences={"": DNA}), "sequence '': the id is empty"),
    (question(prediction_tasks=[]), "prediction_tasks: found []"),
    (question(prediction_tasks=[{"name": "a"}]), "prediction_tasks.0.type: found nothing"),
    (question(prediction_tasks=[{**TASK, "scale": "log10"}]), 'prediction_tasks.0.scale: found "log10"'),
    (question(prediction_tasks=[TASK, TASK]), "prediction_tasks: 'one' names 2 tasks, expected one"),
    (question(upstream_seq=["A"]), "upstream_seq: found"),
    (question(prediction_ranges={"other": []}), "prediction_ranges: found other ids"),
    (question(prediction_ranges={"seq1": [3, 2], "chr1:5-9(+)|A>G": []}), "prediction_ranges: found [3, 2] for 'seq1'"),
    (question(prediction_ranges={"seq1": [-1, 2], "chr1:5-9(+)|A>G": []}), "prediction_ranges: found [-1, 2]"),
    (question(prediction_ranges={"seq1": [0], "chr1:5-9(+)|A>G": []}), "prediction_ranges: found [0]"),
    (question(prediction_ranges={"seq1": [0, 1.5], "chr1:5-9(+)|A>G": []}), "prediction_ranges.seq1.1: found 1.5"),
]
DECLINED: list[tuple[dict[str, Any], str]] = [
    (question(readout="track"), "readout: found 'track', expected 'point'"),
    (question(prediction_tasks=[{**TASK, "type": "accessibility"}]), "type 'accessibility', expected one of"),
    (question(prediction_tasks=[{**TASK, "species": "mus_musculus"}]), "species 'mus_musculus', expected homo_sapiens"),
    (question(prediction_tasks=[{**TASK, "cell_type": "HeLa"}]), "cell type 'HeLa', expected one of HepG2"),
    (question(prediction_tasks=[{**TASK, "cell_type": "all"}]), "cell type 'all', expected one of"),
    (question(sequences={"a": "ACGT"}), "sequence 'a': 4 bp long, expected at least 20"),
    (question(sequences={"a": DNA + "J"}), "sequence 'a': position 35 is 'J'"),
    (question(sequences={"a": ""}), "sequence 'a': the sequence is empty"),
    (question(sequences={"a": DNA}, prediction_ranges={"a": [0, 34]}), "its range ends at 34, expected at most 33"),
    (question(sequences={"a": DNA}, prediction_ranges={"a": [0, 5]}), "sequence 'a': 6 bp long"),
    (question(sequences={str(n): DNA for n in range(9)}), "sequences: found 9, expected at most 8"),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "told"), BAD)
def test_a_request_that_is_none(client: TestClient, asked: Any, told: str) -> None:
    content = asked if isinstance(asked, bytes) else json.dumps(asked).encode()
    found = client.post("/predict", content=content, headers={"Content-Type": JSON})
    assert found.status_code == 400 and found.json()["predictor_name"]
    errors = found.json()["error"]
    assert all(list(error) == ["bad_prediction_request"] for error in errors)
    assert told in errors[0]["bad_prediction_request"]


@pytest.mark.parametrize(("asked", "told"), DECLINED)
def test_what_the_model_does_not_predict_is_declined(client: TestClient, asked: dict[str, Any], told: str) -> None:
    status, found = Evaluator(client).ask(asked)
    assert status == 422
    (error,) = found["error"]
    assert told in error["prediction_request_failed"]


def test_every_fault_is_told_but_not_thousands(client: TestClient) -> None:
    status, found = Evaluator(client).ask(question(sequences={str(n): "ACGT" for n in range(1000)}))
    assert status == 422 and len(found["error"]) == 20


def test_another_format_and_a_fault_of_the_codes_own(client: TestClient) -> None:
    packed = client.post("/predict", content=b"\x80", headers={"Content-Type": "application/msgpack"})
    assert packed.status_code == 400 and "application/msgpack" in packed.json()["error"][0]["bad_prediction_request"]
    status, found = Evaluator(client).ask(question(sequences={"a": "GATTACA" * 3}))
    assert status == 500 and list(found["error"][0]) == ["server_error"]
