from __future__ import annotations

import numpy as np
import pytest
from checkpoint_helpers import dna

from cistrace.reward.reward import Reward

pytestmark = pytest.mark.integration
BASES = [dna(200, 1), dna(60, 2), dna(200, 3)]


def test_polis_black_box(reward: Reward) -> None:
    pytest.importorskip("poli", exc_type=ImportError)
    from poli.core.exceptions import BudgetExhaustedException

    from cistrace.reward.adapters.poli import RewardBlackBox

    box = RewardBlackBox(reward, batch_size=2, evaluation_budget=5)
    expected = reward(BASES)[:, None]
    np.testing.assert_array_equal(box(np.array(BASES)), expected)
    np.testing.assert_array_equal((-box)(np.array(BASES[:2])), -expected[:2])
    letters = np.array([list(BASES[0]), list(BASES[2])])
    np.testing.assert_array_equal(RewardBlackBox(reward)(letters), expected[[0, 2]])
    assert box.info.alphabet == list("ACGT") and box.info.get_max_sequence_length() == 200
    assert box.num_evaluations >= 3
    with pytest.raises(BudgetExhaustedException):
        box(np.array(BASES * 3))
