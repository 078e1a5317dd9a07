"""Recipes as YAML: read, changed by `section.key=value`, checked whole before anything is loaded.

    load_recipe("compact", ["regression.epochs=2"])    a shipped recipe with a change
    load_recipe("mine.yaml")                           a file; what it leaves out has the defaults of `recipe`

All faults are reported at once; keys that no section has are refused. `cistrace/recipes/*.yaml` are those that ship.
"""

from __future__ import annotations

import math
import types
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, asdict, fields, is_dataclass
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import yaml

from cistrace.errors import RecipeError
from cistrace.io.streams import shown
from cistrace.training.recipe import Recipe

LISTED = 12  # faults of one recipe that a message lists


def recipe_names() -> tuple[str, ...]:
    """Names of the recipes that come with the package."""
    folder = files("cistrace") / "recipes"
    return tuple(sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml")))


def load_recipe(source: str | Path, changes: Iterable[str] = ()) -> Recipe:
    """Read a shipped recipe by its name, or a YAML file, apply `section.key=value` changes, check the whole.

    Raises
    ------
    RecipeError
        No such recipe, no YAML, or any number of faults, all told at once.
    """
    plain, where = _read(source)
    faults = [fault for change in changes for fault in _apply(plain, change)]
    recipe, found = _section(Recipe, plain, "")
    faults += found
    if not faults:
        faults = list(contradictions(recipe))
    if faults:
        raise RecipeError(_told(where, faults))
    return recipe


def recipe_object(recipe: Recipe) -> dict[str, Any]:
    """The whole recipe as plain values, for YAML and JSON."""
    return asdict(recipe)


def parse_recipe(plain: Mapping[str, Any], where: str) -> Recipe:
    """Read what `recipe_object` gave."""
    recipe, faults = _section(Recipe, dict(plain), "")
    if faults:
        raise RecipeError(_told(where, faults))
    return recipe


def contradictions(recipe: Recipe) -> Iterable[str]:
    """What no single key shows."""
    model, cards, regression = recipe.model, recipe.cards, recipe.regression
    if (model.base == "compact") != (model.layout == "domain"):
        yield f"model.layout: {model.layout} with base {model.base}; expected domain for compact, chat for all others"
    if model.layout == "domain" and cards.source == "data":
        yield "cards.source: data with the domain layout; expected towers: its prompts hold the towers' evidence"
    if model.layout == "domain" and regression.arm == "sequence":
        yield "regression.arm: sequence with the domain layout, whose tokens hold no bases; expected a chat layout"
    if regression.tower_inputs and cards.source == "data":
        yield "regression.tower_inputs: true with cards.source data; expected false: such a run has no towers"
    if regression.arm == "oracle" and not regression.oracle_reads_labels:
        yield (
            "regression.arm: oracle reads traces written with the label in view; expected another arm, or "
            "oracle_reads_labels: true beside it, to say that this is meant"
        )
    if regression.arm != "oracle" and regression.oracle_reads_labels:
        yield f"regression.oracle_reads_labels: true with arm {regression.arm}; expected the arm oracle; leave it out"
    if recipe.rationale.optimizer == "muon" and recipe.rationale.method == "lora":
        yield "rationale.optimizer: muon with method lora; expected adamw"
    if regression.arm in ("sequence", "card") and regression.without_trace and regression.without_trace != 1:
        yield f"regression.without_trace: {regression.without_trace:g} in an arm without traces; expected 1 or 0"
    if model.layout == "chat" and cards.pieces:
        yield f"cards.pieces: {cards.pieces} with a chat layout; expected 0: they serve the domain layout alone"


def _told(where: str, faults: list[str]) -> str:
    count = "one fault" if len(faults) == 1 else f"{len(faults)} faults"
    more = f" | and {len(faults) - LISTED} more" if len(faults) > LISTED else ""
    return f"{where}: {count}: " + " | ".join(faults[:LISTED]) + more


def _read(source: str | Path) -> tuple[dict[str, Any], str]:
    path = Path(source)
    if str(source) in recipe_names():
        text = (files("cistrace") / "recipes" / f"{source}.yaml").read_text(encoding="utf-8")
        where = f"recipe {source}"
    else:
        where = f"recipe {shown(path)}"
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise RecipeError(
                f"{where}: cannot be read ({error}); expected {', '.join(recipe_names())}, or a YAML file"
            ) from error
    try:
        plain = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise RecipeError(f"{where}: not YAML ({' '.join(str(error).split())}); correct it") from error
    plain = {} if plain is None else plain
    if not isinstance(plain, dict):
        raise RecipeError(f"{where}: found a {type(plain).__name__}, expected sections with keys; correct it")
    return plain, where


def _apply(plain: dict[str, Any], change: str) -> Iterable[str]:
    """Set one `section.key=value`; the value is read as YAML."""
    path, equals, text = change.partition("=")
    keys = path.strip().split(".")
    if not equals or not all(keys):
        yield f"change {change!r}: expected section.key=value"
        return
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        yield f"change {change!r}: its value is no YAML"
        return
    place = plain
    for key in keys[:-1]:
        below = place.setdefault(key, {})
        if not isinstance(below, dict):
            yield f"change {change!r}: {key} holds no keys"
            return
        place = below
    place[keys[-1]] = value


def _section(kind: type, plain: object, path: str) -> tuple[Any, list[str]]:
    """A section's dataclass from plain values, and what is wrong with them."""
    if not isinstance(plain, dict):
        return kind(), [f"{path.removesuffix('.') or 'recipe'}: found {plain!r}, expected keys below it"]
    known = {entry.name: entry for entry in fields(kind)}
    faults = [_unknown(f"{path}{key}", str(key), known) for key in plain if key not in known]
    hints, values = get_type_hints(kind), {}
    for name, entry in known.items():
        if name not in plain:
            continue
        if is_dataclass(hints[name]):
            # What a section leaves out has the default of its place, not that of its kind.
            start = entry.default_factory() if entry.default_factory is not MISSING else hints[name]()
            given = plain[name]
            merged = {**asdict(start), **given} if isinstance(given, dict) else given
            values[name], below = _section(hints[name], merged, f"{path}{name}.")
            faults += below
        else:
            value, fault = _value(hints[name], plain[name], entry.metadata)
            if fault:
                faults.append(f"{path}{name}: {fault}")
            else:
                values[name] = value
    return kind(**values), faults


def _unknown(path: str, key: str, known: Mapping[str, Any]) -> str:
    near = get_close_matches(key, known, 1)
    return f"{path}: no such key; expected {near[0] if near else ', '.join(known)}"


def _value(hint: Any, value: object, bounds: Mapping[str, Any]) -> tuple[Any, str]:
    """A plain value as its type asks, or what is wrong with it."""
    options = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    if value is None:
        return None, "" if type(None) in options else "found nothing, expected a value"
    (plain,) = [option for option in options if option is not type(None)]
    if get_origin(plain) is Literal:
        choices = get_args(plain)
        return value, "" if value in choices else f"found {value!r}, expected {' or '.join(map(str, choices))}"
    if plain is float and isinstance(value, str):
        value = _as_float(value)  # YAML 1.1 reads 1e-5 as text
    if plain is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not plain:
        return value, f"found {value!r}, expected {_WORDS[plain]}"
    if plain in (int, float):
        return value, _outside(value, bounds)  # type: ignore[arg-type]
    return value, ""


_WORDS = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}


def _as_float(text: str) -> object:
    try:
        return float(text)
    except ValueError:
        return text


def _outside(value: float, bounds: Mapping[str, Any]) -> str:
    low, high = bounds.get("low", -math.inf), bounds.get("high", math.inf)
    if not math.isfinite(value):
        return f"found {value}, expected a finite number"
    if low <= value <= high:
        return ""
    return f"found {value:g}, expected at least {low:g}" + (f" and at most {high:g}" if high < math.inf else "")
