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
    return printable(f"{where}: found {_shown(fault.get('input'))}, expected {words}")


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
