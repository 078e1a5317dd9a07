"""docs/training.md names every key of a recipe with its default."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from cistrace.training.recipe import Recipe
from cistrace.training.recipe_file import recipe_object

PAGE = Path(__file__).parents[2] / "docs" / "training.md"


def keys(plain: dict[str, Any], path: str = "") -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in plain.items():
        found |= keys(value, f"{path}{name}.") if isinstance(value, dict) else {path + name: value}
    return found


def told() -> dict[str, str]:
    """Keys and defaults in the table; several in one row are told together."""
    table = PAGE.read_text(encoding="utf-8").partition("<!-- keys -->")[2].partition("\n\n")[0]
    found = {}
    for row in re.findall(r"^\| ([a-z_.*, ]+) \| ([^|]*) \|", table, flags=re.MULTILINE):
        names, defaults = row[0].split(", "), row[1].split(", ")
        section = names[0].rpartition(".")[0]
        for name, default in zip(names, defaults, strict=False):
            found[section + name if name.startswith(".") else name] = default
    return found


def test_every_key_is_told_with_its_default() -> None:
    found = told()
    for name, value in keys(recipe_object(Recipe())).items():
        if name.startswith("tower.legnet."):
            assert "tower.legnet.*" in found
            continue
        assert found[name] == (value if isinstance(value, str) else json.dumps(value)), name


def test_no_other_key_is_told() -> None:
    known = keys(recipe_object(Recipe()))
    assert {name for name in told() if name not in known} == {"tower.legnet.*", "key"}
