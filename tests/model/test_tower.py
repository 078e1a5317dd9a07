from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cistrace.errors import ModelError
from cistrace.model.evidence import ROWS, Towers
from cistrace.model.tower import (
    Tower,
    TowerConfig,
    base_codes,
    fused,
    load_tower,
    one_hot,
    reverse_complement,
    save_tower,
)
from cistrace.records import MotifHit
from cistrace.regions import reverse_complement as opposite

CONFIG = TowerConfig(cell_types=("A", "B"), window=60, channels=16, stages=2)


def random_tower(seed: int = 0) -> Tower:
    """A tower whose normalisations have seen data, so that evaluation mode is not trivial."""
    torch.manual_seed(seed)
    tower = Tower(CONFIG)
    tower.train()
    with torch.no_grad():
        for _ in range(20):
            tower(one_hot(torch.randint(0, 4, (32, 60))))
    tower.location.copy_(torch.tensor([0.5, -0.5]))
    tower.scale.copy_(torch.tensor([1.5, 0.7]))
    return tower.eval()


@given(st.text("ACGTNRYK", min_size=1, max_size=60))
def test_one_hot_by_hand(bases: str) -> None:
    x = one_hot(base_codes([bases], 60))[0]
    left = (60 - len(bases)) // 2
    for place, base in enumerate(bases, left):
        assert x[:, place].tolist() == [float(base == letter) for letter in "ACGT"]
    assert x.sum() == sum(base in "ACGT" for base in bases)


@given(st.text("ACGT", min_size=60, max_size=60))
def test_reverse_complement_of_the_encoding_encodes_the_reverse_complement(bases: str) -> None:
    x = one_hot(base_codes([bases], 60))
    assert torch.equal(reverse_complement(x), one_hot(base_codes([opposite(bases)], 60)))


def test_too_long_is_refused() -> None:
    with pytest.raises(ModelError, match="61 bp"):
        base_codes(["A" * 61], 60)


def test_fusing_changes_nothing_but_time() -> None:
    tower = random_tower()
    x = one_hot(torch.randint(0, 5, (7, 60)))
    with torch.inference_mode():
        torch.testing.assert_close(fused(tower)(x), tower(x), rtol=1e-4, atol=1e-5)


def test_saved_towers_come_back(tmp_path: Path) -> None:
    tower = random_tower()
    save_tower(tower, tmp_path / "t.safetensors", {"fold": "0"})
    x = one_hot(torch.randint(0, 4, (4, 60)))
    with torch.inference_mode():
        torch.testing.assert_close(load_tower(tmp_path / "t.safetensors")(x), tower(x), rtol=0, atol=0.02)


@pytest.mark.parametrize("content", [b"", b"not a tensor file", b"\x08\x00\x00\x00\x00\x00\x00\x00{}      "])
def test_torn_files_are_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "torn.safetensors"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"torn\.safetensors"):
        load_tower(path)


def sequences(count: int, length: int = 60) -> list[str]:
    random = np.random.default_rng(1)
    return ["".join(random.choice(list("ACGT"), length)) for _ in range(count)]


def test_estimates_do_not_depend_on_batch_or_order() -> None:
    towers = Towers([random_tower(0), random_tower(1)])
    many = sequences(ROWS + 9)
    whole = towers.estimate(many)
    assert np.array_equal(whole[::-1], towers.estimate(many[::-1]))
    assert np.array_equal(whole[:1], towers.estimate(many[:1]))


def test_estimates_are_those_of_both_strands() -> None:
    towers = Towers([random_tower()])
    many = sequences(3)
    np.testing.assert_allclose(
        towers.estimate(many), towers.estimate([opposite(bases) for bases in many]), rtol=0, atol=1e-5
    )


def test_a_contribution_is_what_blanking_the_hit_costs() -> None:
    tower = random_tower()
    bases = sequences(1, 50)[0]  # padded by five on each side
    hit = MotifHit("M", "TF", frozenset(), 10, 18, "+", 9.0, 1e-6)
    blanked = bases[:10] + "N" * 8 + bases[18:]
    with torch.inference_mode():
        before, after = (tower(one_hot(base_codes([text], 60)))[0] for text in (bases, blanked))
    evidence = Towers([tower]).evidence([bases, bases], [[hit], []])
    np.testing.assert_allclose(evidence.contributions[0][0], (before - after).numpy(), rtol=0, atol=1e-4)
    assert evidence.contributions[1].shape == (0, 2)


def test_contributions_are_those_of_the_last_tower_alone() -> None:
    bases, hit = sequences(1)[0], MotifHit("M", "TF", frozenset(), 10, 18, "+", 9.0, 1e-6)
    both = Towers([random_tower(0), random_tower(1)]).evidence([bases], [[hit]])
    last = Towers([random_tower(1)]).evidence([bases], [[hit]])
    assert np.array_equal(both.contributions[0], last.contributions[0])
    assert not np.array_equal(both.estimates, last.estimates)
