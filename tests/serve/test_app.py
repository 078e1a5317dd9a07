"""The JSON API: answers as files hold them, faults as one line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from cli_helpers import AWKWARD, CELL_TYPES, a_prediction
from motif_helpers import random_sequences
from openapi_spec_validator import validate
from serve_helpers import JSON, StandInService, client_of
from starlette.testclient import TestClient

from cistrace.predictions.table import prediction_object
from cistrace.serve.answers import Cards, Explanations, Hits, Predictions
from cistrace.serve.limits import Limits

DNA = "ACGTTGCAAGTCCGATAGCTTGCACCGTATTAGC"
AP1 = "".join(("ACGT" * 10, "ATGACTCATC", "ACGT" * 10))
HOSTILE = ["<script>alert(1)</script>", "';drop table", "\u202eabc", "a\x00b", "\x1b[31m", "ä😀", *AWKWARD]


@pytest.fixture(scope="module")
def client() -> TestClient:
    return client_of()


def events(text: str) -> Iterator[tuple[str, Any]]:
    for block in text.split("\n\n")[:-1]:
        name, data = block.split("\n")
        yield name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def test_the_answer_is_what_a_file_of_predictions_holds(client: TestClient) -> None:
    question = {"sequences": {"one": DNA, "two": DNA}, "cell_types": ["k562", "HEPG2"]}
    found = client.post("/api/predict", json=question)
    assert found.status_code == 200
    expected = [prediction_object(a_prediction(name, cell)) for name in ("one", "two") for cell in ("K562", "HepG2")]
    assert found.json() == {"predictions": expected}
    Predictions.model_validate(found.json(), strict=True)
    plain = client.post("/api/predict", json={**question, "trace": False}).json()
    Predictions.model_validate(plain, strict=True)
    assert {row["trace"] for row in plain["predictions"]} == {None}


def test_any_id_comes_back_as_it_was(client: TestClient) -> None:
    items = [{"id": name, "bases": DNA} for name in HOSTILE]
    found = client.post("/api/predict", json={"sequences": items, "cell_types": ["K562"]})
    assert [row["id"] for row in found.json()["predictions"]] == HOSTILE
    assert found.headers["Content-Type"] == JSON and found.headers["X-Content-Type-Options"] == "nosniff"
    streamed = client.post("/api/predict/stream", json={"sequences": items, "cell_types": ["K562"]})
    assert [row["id"] for name, row in events(streamed.text) if name == "prediction"] == HOSTILE


def test_a_long_request_goes_in_pieces_and_tells_how_far_it_is() -> None:
    service = StandInService()
    client = client_of(service)
    question = {"sequences": [DNA] * 20, "cell_types": ["K562", "HepG2"]}
    whole = client.post("/api/predict", json=question).json()["predictions"]
    assert [len(piece) for piece in service.asked] == [8, 8, 4]
    told = list(events(client.post("/api/predict/stream", json=question).text))
    assert [row for name, row in told if name == "prediction"] == whole
    progress = [entry["done"] for name, entry in told if name == "progress"]
    assert progress == sorted(progress) and progress[0] == 0 and progress[-1] == 40
    assert {entry["total"] for name, entry in told if name == "progress"} == {40}
    assert told[-1] == ("end", {})


def test_a_stream_counts_every_window_that_is_asked_for(client: TestClient) -> None:
    question = {"sequences": [DNA * 20, DNA], "windows": "all", "cell_types": ["all"]}
    told = list(events(client.post("/api/predict/stream", json=question).text))
    assert told[0] == ("progress", {"done": 0, "total": 7 * 3})  # 680 bp are six windows of 200


def test_a_stream_that_fails_says_so(client: TestClient) -> None:
    question = {"sequences": [DNA] * 8 + ["GATTACA" * 3]}
    told = list(events(client.post("/api/predict/stream", json=question).text))
    assert sum(name == "prediction" for name, _ in told) == 24
    assert told[-1] == ("error", {"error": "server: failed over this request; its terminal says why"})


def test_hits_are_those_of_the_scan_command(client: TestClient) -> None:
    found = client.post("/api/scan", json={"sequences": {"a": AP1, "tab\there": AP1}}).json()
    hits = Hits.model_validate(found, strict=True).hits
    assert {hit.sequence_name for hit in hits} == {"a", "tab here"}  # as in FIMO's table
    assert any("FOS" in hit.motif_alt_id.upper() and hit.matched_sequence in AP1 for hit in hits)
    few = client.post("/api/scan", json={"sequences": {"a": AP1}, "p_threshold": 2e-5}).json()["hits"]
    every = client.post("/api/scan", json={"sequences": {"a": AP1}}).json()["hits"]
    assert 0 < len(few) < len(every) and few == [hit for hit in every if hit["p_value"] <= 2e-5]


def test_an_explanation_adds_up(client: TestClient) -> None:
    found = client.post("/api/explain", json={"sequences": [AP1], "cell_types": ["K562", "hepg2"]}).json()
    (row,) = Explanations.model_validate(found, strict=True).explanations
    assert [one.cell_type for one in row.ledgers] == ["K562", "HepG2"]
    for one in row.ledgers:
        assert one.backdrop + sum(site.amount for site in one.sites) == pytest.approx(one.total)
    best = row.ledgers[0].sites[0]
    assert (best.archetype, best.amount) == ("AP-1", 2.0) and "TGACTCA" in AP1[best.start - 1 : best.end]


def test_cards_are_those_of_the_card_command(client: TestClient) -> None:
    question = {"sequences": {"a": AP1}, "cell_types": ["all"], "evidence": "none"}
    rows = Cards.model_validate(client.post("/api/card", json=question).json(), strict=True).cards
    assert [row.card["cell_type"] for row in rows] == list(CELL_TYPES)
    assert rows[0].window == [0, 90] and rows[0].card["bases"] == AP1 and "padded" in rows[0].flags


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (b"", 422, "request: found nothing, expected this field"),
        (b"{", 400, "request: found what is no JSON"),
        (b"\xff\xfe", 400, "JSON|parsing"),
        (b"[" * 100_000, 400, "JSON|parsing"),
        (b'{"sequences": ' + b"[" * 100_000, 400, "JSON|parsing"),
        (b"[]", 422, r"request: found \[\], expected an object"),
        (b"7", 422, "request: found 7, expected an object"),
        (b'{"sequences": "x", "cell_types": []}', 422, r"cell_types: found \[\], expected at least 1"),
        (b"{}", 422, "sequences: found nothing, expected this field; add it"),
        (b'{"sequences": 7}', 422, "sequences: found a number"),
        (b'{"sequences": []}', 422, "sequences: found none"),
        (b'{"sequences": "ACGT"}', 422, "4 bp long, expected at least 20"),
        (b'{"sequences": ["' + b"N" * 30 + b'"]}', 422, "holds 0 letters A, C, G, T, expected at least 20"),
        (b'{"sequences": "x", "genome": "/etc/passwd"}', 422, "genome: found a field of this name, expected none"),
        (b'{"sequences": "x", "trace": "maybe"}', 422, 'trace: found "maybe", expected true or false; write'),
        (f'{{"sequences": {{"a": "{DNA}", "b": "", "a": "{DNA}"}}}}'.encode(), 422, "'a' stands 2 times in one object"),
        (b'{"sequences": "x", "trace": true, "trace": false}', 422, "'trace' stands 2 times in one object"),
        (b'{"sequences": "x", "cell_types": []}', 422, "cell_types"),
        (b'{"sequences": "x", "cell_types": "K562"}', 422, 'cell_types: found "K562", expected a list; write'),
        (b'{"sequences": "x", "cell_types": ["\\u001b[2J"]}', 422, r"cell type '\\x1b\[2J': not known to the model"),
        (b'{"sequences": "x", "windows": "some"}', 422, 'windows: found "some", expected \'best\' or \'all\''),
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/api/predict", "/api/predict/stream"])
def test_faults_of_a_request(client: TestClient, path: str, body: bytes, status: int, told: str) -> None:
    found = client.post(path, content=body, headers={"Content-Type": JSON})
    assert found.status_code == status
    (message,) = found.json().values()
    assert re.search(told, message) and "\n" not in message and message.isprintable()


def test_other_words_for_json_are_no_json(client: TestClient) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        found = client.post("/api/predict", content=b'{"sequences": "A"}', headers={"Content-Type": kind})
        assert (found.status_code, found.json()["error"]) == (
            415, f"Content-Type: found {kind!r}, expected application/json; send JSON",
        )  # fmt: skip


def test_paths_and_methods_that_are_not_there(client: TestClient) -> None:
    for found, status in ((client.get("/docs"), 404), (client.get("/api/predict"), 405), (client.put("/"), 405)):
        assert found.status_code == status and "/openapi.json lists what is" in found.json()["error"]


@pytest.mark.parametrize(
    ("variants", "told"),
    [
        ([{"id": "v", "ref": DNA, "alt": DNA}], "record 'v': both sequences are the same"),
        ([{"ref": DNA, "alt": "ACGT"}], "record 'variant': alt: 4 bp long"),
        ([{"ref": DNA}], "variants.0.pair.alt: found nothing, expected this field; add it"),
        ([{"ref": DNA * 4, "alt": DNA}], "136 bp long, expected at most 100; .* --max-length"),
        (["chr1:1:A:C"] * 3, "variants: found 3, expected at most 2; .* --max-sequences"),
        ([7], "variants.0.pair: found 7, expected "),
        ([], "variants: found \\[\\], expected "),
    ],
)  # fmt: skip
def test_variants_that_are_none(variants: list[Any], told: str) -> None:
    found = client_of(limits=Limits(sequences=2, length=100)).post("/api/variants", json={"variants": variants})
    assert found.status_code == 422 and re.match(told, found.json()["error"].removeprefix("sequence 'variant': "))


def test_a_fault_of_the_codes_own_tells_nothing(client: TestClient) -> None:
    found = client.post("/api/predict", json={"sequences": ["GATTACA" * 3]})
    assert found.status_code == 500
    assert found.json() == {"error": "server: failed over this request; its terminal says why"}


def test_what_is_beyond_the_limits() -> None:
    client = client_of(limits=Limits(sequences=2, length=100, requests=0))
    assert client.post("/api/predict", json={"sequences": [DNA]}).status_code == 503
    assert client.post("/predict", json={}).status_code == 400
    client = client_of(limits=Limits(sequences=2, length=100))
    for path in ("/api/predict", "/api/predict/stream", "/api/card", "/api/explain", "/api/scan", "/api/reward"):
        assert "--max-sequences" in client.post(path, json={"sequences": [DNA] * 3}).json()["error"]
        assert "--max-length" in client.post(path, json={"sequences": [DNA * 3]}).json()["error"]


def test_a_place_is_given_back_whatever_happens() -> None:
    client = client_of(limits=Limits(requests=1))
    for body in ({"sequences": [DNA]}, {}, {"sequences": ["GATTACA" * 3]}):
        for path in ("/api/predict", "/api/predict/stream"):
            client.post(path, json=body)
            assert client.get("/api/health").json()["requests"] == 0


def test_what_answers(client: TestClient) -> None:
    about = client.get("/api/about").json()
    assert about["cell_types"] == list(CELL_TYPES) and about["window"] == 200 and about["traces"] is True
    assert about["limits"] == {"mebibytes": 8.0, "sequences": 1000, "length": 10_000}


def test_openapi_is_valid_and_names_every_answer(client: TestClient) -> None:
    found = client.get("/openapi.json").json()
    validate(found)
    assert set(found["paths"]) == {
        "/api/health", "/api/about", "/api/predict", "/api/predict/stream", "/api/card", "/api/explain", "/api/scan",
        "/api/variants", "/api/reward", "/formats", "/help", "/predict",
    }  # fmt: skip
    predict = found["paths"]["/api/predict"]["post"]["responses"]
    assert set(predict) == {"200", "400", "403", "413", "415", "421", "422", "503"}
    assert predict["422"]["content"][JSON]["schema"] == {"$ref": "#/components/schemas/Problem"}
    assert "HTTPValidationError" not in json.dumps(found)


def test_random_bytes_are_never_the_servers_fault(client: TestClient) -> None:
    generator = np.random.default_rng(0)
    for path in ("/api/predict", "/api/card", "/api/explain", "/api/scan", "/api/reward", "/predict"):
        for size in (1, 10, 1000):
            found = client.post(path, content=generator.bytes(size), headers={"Content-Type": JSON})
            assert 400 <= found.status_code < 500 and "error" in found.json()


def test_sequences_that_are_drawn_are_all_answered(client: TestClient) -> None:
    drawn = random_sequences(30, 200)
    rows = client.post("/api/predict", json={"sequences": drawn, "cell_types": ["K562"]}).json()["predictions"]
    assert [row["id"] for row in rows] == [f"seq{number}" for number in range(1, 31)]
