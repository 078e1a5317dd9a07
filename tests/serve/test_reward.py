"""`/api/reward`, with the shipped model behind it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from checkpoint_helpers import dna
from serve_helpers import StandInService, client_of
from starlette.testclient import TestClient

from cistrace.reward.reward import Reward
from cistrace.serve.answers import Rewards
from cistrace.serve.limits import Limits

BASES = [dna(200, 1), dna(120, 2), "no DNA", ""]


@pytest.fixture(scope="module")
def client() -> TestClient:
    service = StandInService()
    service._threads = 1
    return client_of(service)


@pytest.mark.parametrize(
    "settings",
    [
        {"target": "HepG2", "against": ["K562", "WTC11"]},
        {"target": "k562"},
        {"objective": "HepG2 - 0.5 * mean(K562, WTC11)", "uncertainty": 0, "floor": -20},
        {"target": "HepG2", "against": ["K562"], "objective": "weighted", "scales": {"HepG2": [0, 5], "K562": [-1, 4]}},
    ],
)
def test_answers_what_the_library_says(client: TestClient, settings: dict[str, Any]) -> None:
    reward = Reward(**settings, threads=1)
    found = client.post("/api/reward", json={"sequences": BASES, **settings})
    assert found.status_code == 200, found.text
    assert found.json() == {"rewards": pytest.approx(list(reward.explain(BASES)[at].reward for at in range(4))),
                            "explanations": None}  # fmt: skip
    explained = client.post("/api/reward", json={"sequences": BASES, "explain": True, **settings}).json()
    Rewards.model_validate(explained, strict=True)
    assert explained["explanations"] == json.loads(json.dumps([one.plain() for one in reward.explain(BASES)]))


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ({"target": "HepG2", "against": ["HepG2"]}, "target HepG2: is an off-target too"),
        ({"target": "A549"}, "cell type 'A549': not known"),
        ({"objective": "HepG2 ** 2"}, "objective: found 'HepG2 ** 2'"),
        ({"objective": "HepG2/1e-320"}, "objective 'HepG2/1e-320': found"),
        ({"target": "HepG2", "objective": ""}, "objective: found empty text"),
        ({"target": "HepG2", "scales": {"HepG2": [0, 1e-320]}}, "scales: found (0.0, 1e-320) for HepG2"),
        ({}, "objective 'activity': found no target"),
        ({"target": "HepG2", "floor": 1}, "floor: found 1"),
        ({"target": "HepG2", "model": "/etc"}, "model: found"),
        ({"target": "HepG2", "sequences": "ACGT"}, "sequences: found"),
        ({"target": "HepG2", "sequences": []}, "sequences: found"),
        ({"target": "HepG2", "sequences": [None]}, "sequences.0: found null"),
    ],
)
def test_what_cannot_be_used_is_told(client: TestClient, question: dict[str, Any], told: str) -> None:
    found = client.post("/api/reward", json={"sequences": BASES[:1], **question})
    assert found.status_code == 422 and found.json()["error"].startswith(told), found.text


@pytest.mark.parametrize("explain", [False, True])
def test_half_a_surrogate_pair_is_text_that_has_a_reward(client: TestClient, explain: bool) -> None:
    sent = json.dumps({"sequences": ["ACGT\ud800", BASES[0]], "target": "HepG2", "explain": explain})
    found = client.post("/api/reward", content=sent, headers={"Content-Type": "application/json"})
    assert found.status_code == 200, found.text
    assert found.json()["rewards"][0] < -10 < found.json()["rewards"][1]
    if explain:
        assert found.json()["explanations"][0]["bases"] == "ACGT\\ud800"


@pytest.mark.parametrize("field", ["target", "objective", "against", "scales"])
def test_half_a_surrogate_pair_elsewhere_is_told(client: TestClient, field: str) -> None:
    given = {"against": ["\ud800"], "scales": {"\ud800": [0, 1]}}.get(field, "\ud800")
    sent = json.dumps({"sequences": BASES[:1], "target": "HepG2", field: given})
    found = client.post("/api/reward", content=sent, headers={"Content-Type": "application/json"})
    assert found.status_code == 422 and "\n" not in found.json()["error"], found.text


def test_more_kinds_of_reward_than_are_kept_are_all_answered(client: TestClient) -> None:
    for at in range(10):
        settings = {"target": "K562", "uncertainty": at / 10}
        (found,) = client.post("/api/reward", json={"sequences": BASES[:1], **settings}).json()["rewards"]
        if at in (0, 9):
            assert found == pytest.approx(Reward("K562", uncertainty=at / 10, threads=1)(BASES[:1])[0])


def test_a_place_is_needed() -> None:
    client = client_of(limits=Limits(requests=0))
    assert client.post("/api/reward", json={"sequences": BASES, "target": "K562"}).status_code == 503
