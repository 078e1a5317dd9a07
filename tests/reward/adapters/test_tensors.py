from __future__ import annotations

import numpy as np
import pytest
import torch
from checkpoint_helpers import dna

from cistrace.reward.adapters.tensors import SequenceTransform, TensorReward
from cistrace.reward.reward import Reward

BASES = [dna(200, 1), dna(150, 2)]


def test_a_tensor_a_list(reward: Reward) -> None:
    found = TensorReward(reward)(BASES)
    assert found.dtype == torch.float32 and found.shape == (2,)
    np.testing.assert_allclose(found.numpy(), reward(BASES), rtol=1e-6)
    assert TensorReward(reward)(BASES[:1]).shape == (1,)


def test_a_sequence_transform_has_grelus_form(reward: Reward) -> None:
    transform = SequenceTransform(reward, 0.5)
    np.testing.assert_allclose(transform.forward(BASES), 0.5 * reward(BASES))
    np.testing.assert_array_equal(transform(BASES), transform.forward(BASES))


@pytest.mark.integration
def test_grelus_own_transforms_have_the_same_form(reward: Reward) -> None:
    transforms = pytest.importorskip("grelu.transforms.seq_transforms", exc_type=ImportError)
    theirs = transforms.PatternScore(["TGACTCA"], [1.0])
    for transform in (theirs, SequenceTransform(reward)):
        assert np.shape(transform.forward(BASES)) == np.shape(transform(BASES)) == (2,)
