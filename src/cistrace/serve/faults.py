"""Faults of a request as the one line that an answer says of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from cistrace.io.terminal import printable

FAILED = "server: failed over this request; its terminal says why"
SHOWN = 40  # letters of a wrong value in a message
EXPECTED = {
    "too_short": "at least {min_length}; give more",
    "too_long": "at most {max_length}; ask in parts",
    "list_type": "a list; write [...] around what is one",
    "tuple_type": "a list; write [...] around what is one",
    "dict_type": "an object, {{...}}",
    "string_type": 'a string; write "..." around it',
    "bool_type": "true or false; write one of these",
    "bool_parsing": "true or false; write one of these",
    "float_type": "a number; write one",
    "float_parsing": "a number; write one",
    "greater_than": "more than {gt:g}; give more",
    "less_than_equal": "at most {le:g}; give less",
    "model_type": "an object, {{...}}",
    "model_attributes_type": "an object, {{...}}",
}
"""Our words for pydantic's kinds of faults whose own are of Python."""


def told(error: Exception) -> str:
    """An error's message on one line, without anything that could steer a terminal or break an encoding."""
    return printable(" ".join(str(error).split()))


def fault_text(fault: Mapping[str, Any]) -> str:
    """One of pydantic's faults: where, what was found, what was expected."""
    where = ".".join(str(part) for part in fault["loc"] if part != "body") or "request"
    if fault["type"] == "missing":
        return printable(f"{where}: found nothing, expected this field; add it")
    if fault["type"] == "extra_forbidden":
        return printable(f"{where}: found a field of this name, expected none; take it out")
    own = fault["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
    words = EXPECTED[fault["type"]].format_map(fault.get("ctx", {})) if fault["type"] in EXPECTED else own
    found = f"{fault['ctx']['actual_length']:,}" if fault["type"] == "too_long" else _shown(fault.get("input"))
    return printable(f"{where}: found {found}, expected {words}")


def faults_text(faults: Sequence[Mapping[str, Any]]) -> str:
    """The first of some faults, and how many more there are."""
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return fault_text(faults[0]) + more


def _shown(value: object) -> str:
    try:
        text = json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        text = type(value).__name__
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
