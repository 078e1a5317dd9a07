"""Recipes as YAML: read, changed by `section.key=value`, checked whole before anything is loaded.

    load_recipe("compact", ["regression.epochs=2"])    a shipped recipe with a change
    load_recipe("mine.yaml")                           a file; what it leaves out has the defaults of `recipe`

All faults are reported at once; keys that no section has are refused. `cistrace/recipes/*.yaml` are those that ship.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from difflib import get_close_matches
from functools import reduce
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, to_json

from cistrace.errors import RecipeError
from cistrace.io.small_files import small_text
from cistrace.io.streams import shown
from cistrace.io.yaml_text import MOST_CHARACTERS, parse_yaml
from cistrace.training.recipe import Recipe
from cistrace.writers.arms import LEDGER

LISTED = 12  # faults of one recipe that a message lists
_RENAMED = {"cards.source": "is cards.evidence now; expected evidence: towers as before, or none where it was data"}
_EXPECTED = {  # by pydantic's type of error
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "string_type": "text",
    "dataclass_type": "keys below it",
    "greater_than_equal": "at least {ge:g}",
    "less_than_equal": "at most {le:g}",
}
_schema = TypeAdapter(Recipe)


def recipe_names() -> tuple[str, ...]:
    """Names of the recipes that come with the package."""
    folder = files("cistrace") / "recipes"
    return tuple(sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml")))


def load_recipe(source: str | Path, changes: Iterable[str] = ()) -> Recipe:
    """Read a shipped recipe by its name, or a YAML file, apply `section.key=value` changes, check the whole.

    Raises
    ------
    RecipeError
        No such recipe, an empty one, no YAML, or any number of faults, all told at once.
    """
    plain, where = _read(source)
    return _checked(plain, where, [fault for change in changes for fault in _apply(plain, change)])


def recipe_object(recipe: Recipe) -> dict[str, Any]:
    """The whole recipe as plain values, for YAML and JSON."""
    return asdict(recipe)


def parse_recipe(plain: Mapping[str, Any], where: str) -> Recipe:
    """Read what `recipe_object` gave; `where` it stood begins the message.

    Raises
    ------
    RecipeError
        Any number of faults, all told at once.
    """
    return _checked(dict(plain), where, [])


def contradictions(recipe: Recipe) -> Iterable[str]:
    """What no single key shows."""
    model, cards, regression = recipe.model, recipe.cards, recipe.regression
    if (model.base == "compact") != (model.layout == "domain"):
        yield f"model.layout: {model.layout} with base {model.base}; expected domain for compact, chat for all others"
    if model.layout == "domain" and cards.evidence == "none":
        yield "cards.evidence: none with the domain layout; expected towers: its prompts hold the towers' evidence"
    if model.layout == "domain" and regression.arm == "sequence":
        yield "regression.arm: sequence with the domain layout, whose tokens hold no bases; expected a chat layout"
    if regression.tower_inputs and cards.evidence == "none":
        yield "regression.tower_inputs: true with cards.evidence none; expected false: such a run has no towers"
    if regression.arm == LEDGER and cards.evidence == "none":
        yield "regression.arm: ledger with cards.evidence none; expected towers, whose ledger a trace tells"
    if regression.arm not in (LEDGER, "sequence") and cards.evidence == "towers" and not recipe.tower.folds:
        yield (
            f"tower.folds: 0 with arm {regression.arm}, which learns activities from cards; expected 2 or more, so "
            "that no card's evidence has seen its own row"
        )
    if recipe.tower.folds == 1:
        yield "tower.folds: 1; expected 0, or 2 and more"
    if regression.arm == "oracle" and not regression.oracle_reads_labels:
        yield (
            "regression.arm: oracle reads traces written with the label in view; expected another arm, or "
            "oracle_reads_labels: true beside it, to say that this is meant"
        )
    if regression.arm != "oracle" and regression.oracle_reads_labels:
        yield f"regression.oracle_reads_labels: true with arm {regression.arm}; expected the arm oracle; leave it out"
    if recipe.adapt.wanted:
        yield from _not_adapted(recipe)
    if recipe.rationale.optimizer == "muon" and recipe.rationale.method == "lora":
        yield "rationale.optimizer: muon with method lora; expected adamw"
    if regression.arm in ("sequence", "card") and regression.without_trace and regression.without_trace != 1:
        yield f"regression.without_trace: {regression.without_trace:g} in an arm without traces; expected 1 or 0"
    if model.layout == "chat" and cards.pieces:
        yield f"cards.pieces: {cards.pieces} with a chat layout; expected 0: they serve the domain layout alone"


def _not_adapted(recipe: Recipe) -> Iterable[str]:
    """What goes with no adapted model."""
    ledgers = (recipe.model.base, recipe.cards.evidence, recipe.regression.arm) == ("compact", "towers", LEDGER)
    if not ledgers:
        yield "adapt.start: expected base compact, cards.evidence towers and arm ledger, as the start has; set them"
    tower = recipe.tower
    if recipe.student.wanted or tower.folds or tower.further is not None or tower.pretraining.sites is not None:
        yield (
            "adapt.start: with a student, tower.folds, tower.further or tower.pretraining; expected none of them: all "
            "evidence is of the start's towers, which learn on; leave them out"
        )


def _read(source: str | Path) -> tuple[dict[str, Any], str]:
    path = Path(source)
    if str(source) in recipe_names():
        text = (files("cistrace") / "recipes" / f"{source}.yaml").read_text(encoding="utf-8")
        where = f"recipe {source}"
    else:
        where = f"recipe {shown(path)}"
        try:
            text = small_text(path, MOST_CHARACTERS)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise RecipeError(
                f"{where}: cannot be read ({reason}); expected {', '.join(recipe_names())}, or a YAML file"
            ) from error
    try:
        plain = parse_yaml(text)
    except ValueError as error:
        raise RecipeError(f"{where}: not YAML ({error}); correct it") from error
    if plain is None or plain == {}:
        raise RecipeError(
            f"{where}: is empty; expected sections with keys; write them, or name one of {', '.join(recipe_names())}"
        )
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
        value = parse_yaml(text)
    except ValueError:
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


def _checked(plain: dict[str, Any], where: str, faults: list[str]) -> Recipe:
    """The recipe of plain values, unless there are faults, those found before included."""
    recipe = Recipe()
    try:
        # As JSON, since strict dataclasses take no dicts from Python.
        recipe = _schema.validate_json(to_json(plain, inf_nan_mode="constants"))
    except ValidationError as error:
        faults += map(_fault, error.errors(include_url=False))
    except ValueError as error:  # an alias of itself, or bytes
        faults.append(f"{error}; expected plain values")
    if not (faults := faults or list(contradictions(recipe))):
        return recipe
    count = "one fault" if len(faults) == 1 else f"{len(faults)} faults"
    more = f" | and {len(faults) - LISTED} more" if len(faults) > LISTED else ""
    raise RecipeError(f"{where}: {count}: " + " | ".join(faults[:LISTED]) + more)


def _fault(error: ErrorDetails) -> str:
    path, found = ".".join(map(str, error["loc"])), error["input"]
    if error["type"] == "unexpected_keyword_argument":
        return f"{path}: {_RENAMED[path]}" if path in _RENAMED else f"{path}: no such key; expected {_near(error)}"
    expected = _EXPECTED.get(error["type"], error["msg"].removeprefix("Input should be ").replace("'", ""))
    words = "nothing" if found is None else repr(found)
    return f"{path}: found {words}, expected {expected.format(**error.get('ctx', {}))}"


def _near(error: ErrorDetails) -> str:
    """The key that an unknown one may be meant for, or all that its section has."""
    *above, key = map(str, error["loc"])
    known = [entry.name for entry in fields(reduce(getattr, above, Recipe()))]
    return ", ".join(get_close_matches(key, known, 1) or known)
