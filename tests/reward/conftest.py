"""A reward of the shipped model."""

from __future__ import annotations

import pytest

from cistrace.reward.reward import Reward


@pytest.fixture(scope="session")
def reward() -> Reward:
    return Reward("HepG2", ["K562", "WTC11"], threads=1)
