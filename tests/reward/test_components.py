from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cistrace.reward.components import squeezed


@given(st.lists(st.floats(-1e9, 1e3), min_size=2), st.floats(-20, -0.5))
def test_squeezed_keeps_order_and_stays_above_the_floor(rewards: list[float], floor: float) -> None:
    given_rewards = np.sort(np.array(rewards))
    found = squeezed(given_rewards, floor)
    assert (np.diff(found) >= 0).all() and (found >= floor).all()
    as_they_are = given_rewards >= floor / 2
    np.testing.assert_array_equal(found[as_they_are], given_rewards[as_they_are])


def test_squeezed_begins_as_steep_as_before_and_never_stops() -> None:
    found = squeezed(np.array([-4.9, -5.0, -5.001, -10.0, -1e6, -2e6]), -10)
    np.testing.assert_allclose(found[:3], [-4.9, -5.0, -5.001], atol=1e-6)
    assert found[3] == -7.5 and found[3] > found[4] > found[5] > -10
