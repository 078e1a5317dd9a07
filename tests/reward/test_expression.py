from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from cistrace.errors import CellTypeError, CistraceError, InputError
from cistrace.reward.expression import activities_in, parse_expression, value_of

KNOWN = ("HepG2", "K562", "SK-N-SH")
VALUES = {"HepG2": 3.0, "K562": -1.0, "SK-N-SH": 0.5}


def value(text: str) -> float:
    tensors = {name: torch.tensor([one], dtype=torch.float64) for name, one in VALUES.items()}
    (found,) = value_of(parse_expression(text, KNOWN), tensors, tensors["K562"]).expand(1).tolist()
    return float(found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("HepG2", 3.0),
        ("hepg2 - K562", 4.0),
        ("HepG2 - max(K562, sknsh)", 2.5),
        ("'SK-N-SH' * 2", 1.0),
        ("0.8 * HepG2 - 0.1 * K562 - 0.1 * 'SK-N-SH'", 2.45),
        ("mean(HepG2, K562, 'SK-N-SH', 1.5)", 1.0),
        ("abs(K562) + min(HepG2, 2)", 3.0),
        ("-K562 / (4 - 2)", 0.5),
        ("+HepG2 - -1", 4.0),
        ("  max(HepG2)", 3.0),
    ],
)
def test_what_expressions_come_to(text: str, expected: float) -> None:
    assert value(text) == pytest.approx(expected, abs=1e-12)


_leaves = st.sampled_from(["HepG2", "K562", "sknsh"]) | st.floats(-9, 9).map(lambda x: f"{x:.3f}")
_expressions = st.recursive(
    _leaves,
    lambda inner: (
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda x: f"({x[0]} {x[1]} {x[2]})")
        | st.tuples(st.sampled_from(["min", "max", "mean"]), inner, inner).map(lambda x: f"{x[0]}({x[1]}, {x[2]})")
        | inner.map(lambda x: f"abs({x})")
    ),
    max_leaves=8,
)


@given(_expressions)
def test_agrees_with_python(text: str) -> None:
    text = f"HepG2 * 1 + {text}"
    named = {"HepG2": 3.0, "K562": -1.0, "sknsh": 0.5, "mean": lambda *values: sum(values) / len(values)}
    assert value(text) == pytest.approx(eval(text, named), rel=1e-9, abs=1e-9)


def test_names_are_those_of_the_model() -> None:
    assert list(activities_in(parse_expression("hepg2 - max(sk_n_sh, k562, HEPG2)", KNOWN))) == [
        "HepG2", "SK-N-SH", "K562", "HepG2"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "found empty text"),
        ("HepG2 -", "cannot be read"),
        ("3 + 4", "names no cell type"),
        ("HepG2 ** 2", "found 'HepG2 ** 2'"),
        ("HepG2 if K562 else 1", "expected cell types and numbers"),
        ("__import__('os').system('true')", "found"),
        ("HepG2.real", "found 'HepG2.real'"),
        ("sum(HepG2, K562)", "found 'sum(HepG2, K562)'"),
        ("max()", "max of 0 values"),
        ("abs(HepG2, K562)", "abs of 2 values"),
        ("max(*HepG2)", "found"),
        ("max(HepG2, key=K562)", "found"),
        ("HepG2 / K562", "divides by an activity"),
        ("HepG2 / (1 - 1)", "divides by 0"),
        ("HepG2 + 1e999", "found"),
        ("HepG2 + True", "found 'True'"),
        ("HepG2 + 2j", "found '2j'"),
        ("lambda: HepG2", "found"),
        ("HepG2 < K562", "found"),
        ("(" * 300 + "HepG2" + ")" * 300, "cannot be read"),
        ("-" * 900 + "HepG2", "over 200 operations"),
        ("HepG2 + " * 200 + "1", "1,601 characters"),
        ("HepG2\x00", "cannot be read"),
    ],
)
def test_anything_else_is_refused_in_one_line(text: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_expression(text, KNOWN)
    assert said in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["HepG2 - A549", "all", "max(HepG2, 'all')"])
def test_cell_types_must_be_known_and_single(text: str) -> None:
    with pytest.raises(CellTypeError):
        parse_expression(text, KNOWN)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        assert list(activities_in(parse_expression(text, KNOWN)))
    except CistraceError as error:
        assert "\n" not in str(error)


def test_gradients_pass() -> None:
    activities: dict[str, Tensor] = {
        name: torch.tensor([one], requires_grad=True) for name, one in VALUES.items()
    }  # fmt: skip
    node = parse_expression("2 * HepG2 - max(K562, sknsh) + abs(K562) / 4", KNOWN)
    value_of(node, activities, activities["K562"]).sum().backward()
    slopes = [tensor.grad for tensor in activities.values()]
    assert [None if slope is None else slope.item() for slope in slopes] == [2.0, -0.25, -1.0]
