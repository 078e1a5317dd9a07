from __future__ import annotations

import copy
import json
import pickle
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from checkpoint_helpers import altered_checkpoint, dna
from hypothesis import given, settings
from hypothesis import strategies as st

from cistrace.checkpoints.load import load_checkpoint
from cistrace.constraints.checker import ConstraintChecker
from cistrace.constraints.constraints import Constraints, Region
from cistrace.errors import CellTypeError, InputError, ModelError
from cistrace.reward.reward import Reward
from cistrace.towers.domain import Domain

SEQUENCES = [dna(length, length) for length in (20, 60, 150, 199, 200)] + [dna(200, seed) for seed in range(40)]


class Gc:
    """How many bases beside a share of C and G a sequence is."""

    kinds = ("gc", "length")

    def shortfalls(self, sequences: Sequence[str]) -> Any:
        gc = [abs(one.count("C") + one.count("G") - 0.5 * len(one)) for one in sequences]
        return np.array([gc, [200 - len(one) for one in sequences]], dtype=np.float32).T


def specificity(activities: Any) -> Any:
    return activities[..., 0] - activities[..., 1:].max(axis=-1)


def test_a_reward_is_its_objective_minus_penalties(reward: Reward) -> None:
    towers = load_checkpoint().towers
    assert towers is not None
    given, other = towers.strands(SEQUENCES)
    activities = towers.estimate(SEQUENCES)
    found = reward.components(SEQUENCES)
    np.testing.assert_array_equal(found.activities, activities)
    np.testing.assert_allclose(found.objective, specificity(activities), atol=1e-6)
    strands = np.abs(specificity(given) - specificity(other)) / 2
    towers_apart = np.abs(specificity(towers.light(SEQUENCES)) - specificity(activities))
    np.testing.assert_allclose(found.uncertainty, 0.5 * (strands + towers_apart), atol=1e-6)
    np.testing.assert_allclose(found.rewards, found.objective - found.uncertainty - found.out_of_domain)
    assert found.rewards.dtype == np.float64 and found.rewards.shape == (45,) and found.valid.all()
    np.testing.assert_array_equal(reward(SEQUENCES), found.rewards)


def test_dna_unlike_any_that_was_learnt_from_costs_by_its_distance(tmp_path: Path) -> None:
    reward = Reward("HepG2", domain=1.5, threads=1)
    towers = reward.checkpoint.towers
    assert towers is not None
    features = towers.reading(SEQUENCES[-20:]).features
    mean, count = features.mean(axis=0), features.shape[1]
    whitening, nowhere = np.eye(count, dtype=np.float32), np.zeros(count, dtype=np.float32)
    domain = Domain(mean, whitening, nowhere, np.arange(9, dtype=np.float32), 0.2)
    towers.domain = domain
    with patch.object(type(reward.checkpoint), "domain", domain):
        found = reward.components([*SEQUENCES, "A" * 200])
        (one,) = reward.explain(["A" * 200])
    distances = domain.distances(towers.reading([*SEQUENCES, "A" * 200]).features)
    np.testing.assert_allclose(found.distances, distances, rtol=1e-6)
    np.testing.assert_allclose(found.out_of_domain, 1.5 * np.maximum(distances / 0.2 - 1, 0), rtol=1e-5, atol=1e-6)
    assert 0 < (found.out_of_domain > 0).sum() < len(distances)
    assert one.distance == found.distances[-1] and one.out_of_domain == found.out_of_domain[-1] > 0


def test_neither_batch_nor_order_nor_memory_matter(reward: Reward) -> None:
    expected = reward(SEQUENCES)
    for other in (Reward("HepG2", ["K562", "WTC11"], threads=2), Reward("hepg2", ("wtc11", "k562"), kept=0)):
        np.testing.assert_array_equal(other(SEQUENCES[::-1])[::-1], expected)
        np.testing.assert_array_equal([other([one])[0] for one in SEQUENCES[:3]], expected[:3])
        np.testing.assert_array_equal(other([f" {one.lower()}\n" for one in SEQUENCES]), expected)


def test_threads_and_copies_agree(reward: Reward) -> None:
    expected = reward(SEQUENCES)
    fresh = pickle.loads(pickle.dumps(reward))
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(fresh, [SEQUENCES] * 4):
            np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(copy.deepcopy(reward)(SEQUENCES), expected)


def test_a_pickle_is_not_opened_on_another_checkpoint(tmp_path: Path) -> None:
    model = altered_checkpoint(tmp_path / "model", lambda config: config)
    kept = pickle.dumps(Reward("K562", model=model))
    (model / "cistrace" / "checkpoint.json").write_text(
        (model / "cistrace" / "checkpoint.json").read_text().replace("\n", "\n\n", 1)
    )
    (model / "cistrace" / "checkpoint.sha256").unlink()  # which would know it for altered
    with pytest.raises(ModelError, match="pickled reward: found checkpoint"):
        pickle.loads(kept)


@given(st.text(max_size=300))
@settings(deadline=None, max_examples=25)
def test_any_text_has_a_reward(reward: Reward, text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = reward.components([text])
    assert np.isfinite(found.rewards).all()
    assert found.valid[0] == (found.rewards[0] > reward.floor)


def test_what_cannot_be_scored_is_worth_less_than_what_can() -> None:
    reward = Reward("HepG2", constraints=Gc(), constraint_weight=10.0, threads=1)
    worst = reward(["A" * 20])[0]
    found = reward(["ACGT" * 60, "ACGT" * 4, "hello", "", SEQUENCES[-1]])
    assert reward.floor < worst < reward.floor / 2
    assert (found[:4] < reward.floor).all() and len(set(found)) == 5
    assert np.isnan(reward.components(["", SEQUENCES[0]]).objective).tolist() == [True, False]


def test_constraints_cost_by_how_far_they_are_missed() -> None:
    free = Reward("HepG2", threads=1)
    reward = Reward("HepG2", constraints=Gc(), constraint_weight=0.05, threads=1)
    assert reward.constraint_kinds == ("gc", "length")
    found = reward.components(SEQUENCES)
    np.testing.assert_allclose(found.constraints, 0.05 * Gc().shortfalls(SEQUENCES).astype(np.float64))
    plain = found.objective - found.uncertainty - found.out_of_domain - found.constraints.sum(axis=1)
    above = plain >= reward.floor / 2
    assert 3 < above.sum() < len(above)
    np.testing.assert_allclose(found.rewards[above], plain[above])
    np.testing.assert_allclose(free(SEQUENCES), found.objective - found.uncertainty - found.out_of_domain)


def test_constraints_may_be_a_file(tmp_path: Path) -> None:
    file = tmp_path / "constraints.yaml"
    file.write_text("gc: [0.45, 0.55]\nforbidden_sites: [EcoRI]\n")
    reward = Reward("HepG2", constraints=file, threads=1)
    bases = "ACGT" * 40 + "GAATTC" + "ACGT" * 8
    assert reward.constraint_kinds == ("gc", "forbidden_sites")
    assert reward.components([bases, "AATT" * 50]).constraints.tolist() == [[0.0, 1.0], [90.0, 0.0]]
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(reward))([bases]), reward([bases]))


def test_constraints_that_a_sequence_alone_does_not_tell_are_warned_of() -> None:
    asked = Constraints(longest_run=5, keep_regions=(Region(0, 4),), maximum_edits=3, distance_between=20)
    with pytest.warns(UserWarning, match="reward: keep_regions, maximum_edits, distance_between cost nothing here"):
        assert Reward("HepG2", constraints=asked, threads=1).constraint_kinds == ("longest_run",)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Reward("HepG2", constraints=Constraints(longest_run=5), threads=1)
        Reward("HepG2", constraints=ConstraintChecker(asked, ["ACGT" * 50]), threads=1)


def test_half_a_surrogate_pair_is_explained_in_text_that_can_be_written(reward: Reward) -> None:
    (one, _) = reward.explain(["ACGT\ud800", "ACGT" * 50])
    assert not one.valid and one.reward < reward.floor
    assert json.dumps(one.plain(), ensure_ascii=False).encode() and one.plain()["bases"] == "ACGT\\ud800"


def test_an_explanation_names_every_part(reward: Reward) -> None:
    one, bad = reward.explain([SEQUENCES[-1].lower(), "ACGTN"])
    found = reward.components([SEQUENCES[-1]])
    assert one.valid and one.bases == SEQUENCES[-1] and one.reward == found.rewards[0]
    assert one.activities == dict(zip(("HepG2", "K562", "WTC11"), found.activities[0].tolist()))
    assert one.target == one.activities["HepG2"] and set(one.off_targets) == {"K562", "WTC11"}
    assert one.specificity == pytest.approx(one.objective) and one.uncertainty == found.uncertainty[0]
    assert one.predictions == ()
    assert not bad.valid and bad.fault is not None and bad.reward < reward.floor and bad.objective is None
    assert json.loads(json.dumps([one.plain(), bad.plain()]))[0]["specificity"] == one.specificity


@pytest.mark.pipeline
def test_traces_are_verified_and_tell_the_activities(reward: Reward) -> None:
    texts = [SEQUENCES[5], "no DNA", SEQUENCES[6], SEQUENCES[5]]
    found = reward.explain(texts, traces=True)
    assert [len(one.predictions) for one in found] == [3, 0, 3, 3]
    assert found[0] == found[3]
    for one in (found[0], found[2]):
        assert [row.cell_type for row in one.predictions] == ["HepG2", "K562", "WTC11"]
        for row in one.predictions:
            assert row.verification is not None and row.verification.verified
            assert row.activity == pytest.approx(one.activities[row.cell_type], abs=0.02)
            assert row.card is not None and row.card.bases == one.bases


def test_a_warning_tells_that_nothing_can_be_scored(reward: Reward) -> None:
    with pytest.warns(UserWarning, match="none of 2 sequences can be scored; the first: 9 of 12 letters"):
        reward(["enhancers.fa", "x"])


@pytest.mark.parametrize(
    ("sequences", "said"),
    [("ACGT" * 50, "found one text"), (["ACGT" * 50, None], "item 2 is NoneType"), ([b"ACGT"], "item 1 is bytes")],
)
def test_what_is_no_list_of_text_is_an_error(reward: Reward, sequences: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        reward(sequences)


def test_no_sequence_has_no_reward(reward: Reward) -> None:
    assert reward([]).shape == (0,) and reward.explain([]) == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "found no target"),
        ({"target": "HepG2", "against": ["K562", "hepg2"]}, "target HepG2: is an off-target too"),
        ({"target": "all"}, "expected a single cell type"),
        ({"target": "HepG2", "objective": "HepG2 ** 2"}, "objective"),
        ({"target": "HepG2", "uncertainty": -1}, "uncertainty: found -1"),
        ({"target": "HepG2", "domain": float("inf")}, "domain: found inf"),
        ({"target": "HepG2", "constraint_weight": float("nan")}, "constraint_weight: found nan"),
        ({"target": "HepG2", "floor": 0.0}, "floor: found 0.0"),
        ({"target": "HepG2", "kept": -1}, "kept: found -1"),
        ({"target": "HepG2", "threads": 0}, "threads: found 0"),
        ({"target": "HepG2", "threads": 10**9}, "threads: found 1000000000, expected at most 1,024"),
        ({"target": "HepG2", "objective": ""}, "objective: found empty text"),
        ({"objective": "1e299*1e299*HepG2"}, "found -?inf for activities"),
        ({"target": "HepG2", "device": "abacus"}, "device 'abacus'"),
    ],
)
def test_what_cannot_be_used_is_told_at_once(given: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        Reward(**given)


def test_cell_types_must_be_known() -> None:
    with pytest.raises(CellTypeError, match="'A549'"):
        Reward("A549")
    with pytest.raises(CellTypeError, match="'A549'"):
        Reward("HepG2", ["A549"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"target": 3}, {"against": 3}, {"against": [3]}, {"objective": 3}, {"scales": [1]}, {"constraints": 3},
        {"expressed": "SP1"}, {"uncertainty": "1"}, {"domain": None}, {"floor": "x"}, {"kept": 2.5},
    ],
)  # fmt: skip
def test_an_argument_of_another_type_is_told_in_one_line(wrong: dict[str, object]) -> None:
    (name,) = wrong
    with pytest.raises(InputError, match=f"^{name}: found .*, expected .*; give "):
        Reward(**{"target": "HepG2", **wrong})  # type: ignore[arg-type]
