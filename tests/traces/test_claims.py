from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cistrace.traces.claims import tenths


@given(st.floats(-50, 50))
def test_tenths_are_near_and_always_of_one_form(value: float) -> None:
    text = tenths(value)
    assert re.fullmatch(r"[+-]\d\.\d", text)
    assert text != "-0.0"
    assert abs(float(text) - min(9.9, max(-9.9, value))) <= 0.0501


@pytest.mark.parametrize(("value", "text"), [(0.0, "+0.0"), (-0.04, "+0.0"), (-0.06, "-0.1"), (9.99, "+9.9")])
def test_tenths_by_hand(value: float, text: str) -> None:
    assert tenths(value) == text
