"""YAML: plain values, and nothing that a text was made to do."""

from __future__ import annotations

import re
import time

import pytest

from cistrace.io.yaml_text import MOST_CHARACTERS, parse_yaml


def test_plain_values_are_read() -> None:
    assert parse_yaml("a: [1, 0x10, 2.5, yes, ~]\nb: {c: '1'}") == {"a": [1, 16, 2.5, True, None], "b": {"c": "1"}}
    assert parse_yaml('{"gc": [0, 1]}') == {"gc": [0, 1]} and parse_yaml("") is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\nb: 2\na: 3", "found the key 'a' twice; leave one out at line 3, column 1"),
        ("a: {b: 1, b: 2}", "found the key 'b' twice"),
        ("a: &x [1]\nb: *x", "found the alias *x; write it out at line 2"),
        ("a: 0x" + "f" * 5000, "a whole number beyond 64 bits"),
        ("[" * 100, "nested too deeply"),
        ("a: !!bool maybe", "not of the type it is said to be (KeyError)"),
        ("a: !!int ''", "not of the type it is said to be (IndexError)"),
        ("a: !!timestamp x", "not of the type it is said to be (AttributeError)"),
        ("a: 2024-13-45", "month must be in 1..12"),
        ("!!python/object/apply:os.system [true]", "could not determine a constructor"),
        ("? [1]\n: 2", "unhashable key"),
        ("a" * (MOST_CHARACTERS + 1), "over 262,144 characters long"),
        ("\0", "special characters are not allowed"),
    ],
)
def test_what_is_refused(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)):
        parse_yaml(text)


def test_a_billion_laughs_and_deep_nesting_take_no_time() -> None:
    lines = (f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi"))
    laughs = "a: &a [x, x]\n" + "".join(lines)
    start = time.process_time()
    for text in (laughs, "[" * 100_000, "{a: " * 50_000, "- " * 100_000):
        with pytest.raises(ValueError):
            parse_yaml(text)
    assert time.process_time() - start < 5
