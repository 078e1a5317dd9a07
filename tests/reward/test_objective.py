from __future__ import annotations

import numpy as np
import pytest
import torch

from cistrace.errors import CellTypeError, InputError
from cistrace.reward.objective import objective_of

KNOWN = ("HepG2", "K562", "WTC11")
ACTIVITIES = np.array([[2.0, 1.0, -1.0], [0.5, 1.0, 3.0]], dtype=np.float32)


@pytest.mark.parametrize(
    ("name", "against", "expected"),
    [
        (None, (), [2.0, 0.5]),
        (None, ("K562", "WTC11"), [1.0, -2.5]),
        ("activity", ("K562",), [2.0, 0.5]),
        ("specificity", ("WTC11",), [3.0, -2.5]),
        ("weighted", ("K562", "WTC11"), [1.6, 0.0]),
        ("mean(K562, WTC11)", (), [0.0, 2.0]),
    ],
)
def test_named_objectives_and_expressions(name: str | None, against: tuple[str, ...], expected: list[float]) -> None:
    objective = objective_of(name, "HepG2", against, None, KNOWN)
    np.testing.assert_allclose(objective.values(ACTIVITIES), expected, atol=1e-12)
    np.testing.assert_allclose(objective.of(torch.from_numpy(ACTIVITIES)), expected, atol=1e-6)


def test_activities_are_scaled_first() -> None:
    scales = {"hepg2": (0, 4), "K562": (1, 2), "WTC11": (-1.0, 3.0)}
    objective = objective_of("weighted", "HepG2", ("K562", "WTC11"), scales, KNOWN)
    np.testing.assert_allclose(objective.values(ACTIVITIES), [0.8 * 0.5, 0.8 * 0.125 - 0.1], atol=1e-12)


@pytest.mark.parametrize(
    ("name", "target", "against", "scales", "said"),
    [
        (None, None, (), None, "found no target"),
        ("specificity", "HepG2", (), None, "found no off-target"),
        ("weighted", "HepG2", (), None, "found no off-target"),
        ("specifity", "HepG2", ("K562",), None, "not known to the model"),
        (None, "HepG2", ("K562",), {"HepG2": (0, 1)}, "found none of K562"),
        (None, "HepG2", (), {"HepG2": (1, 1)}, "the lower first"),
        (None, "HepG2", (), {"HepG2": (0, float("inf"))}, "the lower first"),
        (None, "HepG2", (), {"HepG2": 3.0}, "expected two activities"),
        (None, "HepG2", (), {"HepG2": (0, 10**400)}, "the lower first"),
        (None, "HepG2", (), {"HepG2": (0, 1e-320)}, "expected at least 1e-06 between"),
        (None, "HepG2", (), {"HepG2": (3, 3 + 9e-7)}, "expected at least 1e-06 between"),
        (None, "HepG2", (), {"A549": (0, 1)}, "not known to the model"),
        ("", "HepG2", (), None, "found empty text"),
        (" \n", "HepG2", (), None, "found empty text"),
    ],
)
def test_what_cannot_be_used_is_told(name, target, against, scales, said) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises((InputError, CellTypeError), match=said):
        objective_of(name, target, against, scales, KNOWN)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1e299*1e299*HepG2", r"(nan|-?inf) for activities within \+-10 \(float64\), expected a finite number"),
        ("HepG2/1e-320", "expected a finite number"),
        ("HepG2/1e-300/1e-300", "expected a finite number"),
        ("K562 + 1e299*1e299*max(0, HepG2 - 9)", "expected a finite number"),
        ("1e200*HepG2/1e200", r"\(float32\), expected a finite number"),
        ("HepG2/(1e200*1e200)", "found -?0 whatever"),
        ("0*HepG2", "found -?0 whatever"),
        ("HepG2 - HepG2", "found 0 whatever"),
        ("0.5*HepG2 + K562 - 0.5*HepG2 - K562 + 0*WTC11", "whatever the activities are"),
        ("HepG2 + 1e20", r"found 1e\+20 whatever"),
        ("max(HepG2, 11)", "found 11 whatever"),
        ("1e-300*HepG2", r"found -?0 whatever the activities are \(float32\)"),
    ],
)
def test_objectives_that_overflow_or_never_change_are_refused(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        objective_of(text, None, (), None, KNOWN)


@pytest.mark.parametrize("text", ["1e30*HepG2", "HepG2/1e-20", "1e-30*HepG2", "abs(HepG2 - K562)", "max(HepG2, 9)"])
def test_large_and_small_numbers_that_can_be_computed_with_are_taken(text: str) -> None:
    assert objective_of(text, None, (), None, KNOWN).text == text


def test_scales_in_which_nothing_is_told_apart_are_refused() -> None:
    with pytest.raises(InputError, match="whatever the activities are"):
        objective_of(None, "HepG2", (), {"HepG2": (-1e308, 1e308)}, KNOWN)
