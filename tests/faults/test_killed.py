"""Commands under signals at random moments come to the same bytes as undisturbed ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from script_helpers import load_script

pytestmark = pytest.mark.integration

faults = load_script("benchmarks/faults.py")


@pytest.mark.parametrize("name", ["scan", "predict"])
def test_signals_lose_nothing_and_leave_nothing(name: str) -> None:
    def make(folder: Path) -> None:
        faults.make_inputs(folder, 600, 20)

    found = faults.disturb(faults.JOBS[name], make, runs=1, kills=3, seed=1)
    assert found.runs == 1 and sum(found.signals.values()) > 0
    assert found.faults == 0, found
