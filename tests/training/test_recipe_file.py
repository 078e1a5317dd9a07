"""Recipes are checked whole, before anything is loaded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cistrace.errors import RecipeError
from cistrace.training.recipe import LoraRecipe, RationaleRecipe, Recipe
from cistrace.training.recipe_file import load_recipe, parse_recipe, recipe_names, recipe_object


def fault_of(*changes: str, source: str | Path = "compact") -> str:
    with pytest.raises(RecipeError) as caught:
        load_recipe(source, changes)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_shipped_recipes_are_whole_and_bear_their_own_names() -> None:
    assert recipe_names() == ("compact", "r3lm-qwen3-4b", "smollm2-135m")
    assert [load_recipe(name).name for name in recipe_names()] == list(recipe_names())


def test_r3lm_has_the_papers_settings() -> None:
    recipe = load_recipe("r3lm-qwen3-4b")
    stage, regression, writes = recipe.rationale, recipe.regression, recipe.generation
    assert recipe.model.base == "Qwen/Qwen3-4B-Instruct-2507"
    assert (stage.method, stage.epochs, stage.batch_size * stage.accumulate) == ("full", 100, 16)
    assert (stage.learning_rate, stage.cutoff) == (1e-5, 2048)
    assert (regression.method, regression.batch_size, regression.accumulate) == ("lora", 2, 4)
    assert regression.lora == LoraRecipe(rank=16, alpha=32, dropout=0.05)
    assert (regression.arm, regression.tower_inputs, regression.writing) == ("card+generated", False, 0.0)
    assert (writes.temperature, writes.top_p, writes.top_k, writes.most_tokens) == (0.95, 0.7, 50, 1024)


def test_every_fault_is_told_at_once() -> None:
    message = fault_of("rationale.epochs=-1", "regression.arms=card", "model.layout=chatty", "nonsense", "towers.x=1")
    assert message.startswith("recipe compact: 5 faults: ")
    for part in (
        "rationale.epochs: found -1, expected at least 0",
        "regression.arms: no such key; expected arm",
        "model.layout: found 'chatty', expected domain or chat",
        "change 'nonsense': expected section.key=value",
        "towers: no such key; expected tower",
    ):
        assert part in message


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("rationale.epochs=many", "expected a number"),
        ("rationale.rows=2.5", "expected a whole number"),
        ("rationale.epochs=.nan", "expected a finite number"),
        ("rationale.epochs=.inf", "expected a finite number"),
        ("regression.balance_levels=1", "expected true or false"),
        ("generation.top_p=1.5", "at most 1"),
        ("rationale=7", "found 7"),
        ("regression.arm=null", "found nothing"),
        ("rationale.epochs=[", "its value is no YAML"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(change: str, expected: str) -> None:
    assert expected in fault_of(change)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (("regression.arm=oracle",), "oracle_reads_labels: true"),
        (("regression.oracle_reads_labels=true",), "expected the arm oracle"),
        (("cards.source=data",), "expected towers"),
        (("model.layout=chat",), "expected domain for compact"),
        (("regression.arm=sequence",), "hold no bases"),
        (("rationale.method=lora",), "expected adamw"),
    ],
)
def test_keys_that_contradict_each_other_are_refused(changes: tuple[str, ...], expected: str) -> None:
    assert expected in fault_of(*changes)


def test_the_oracle_has_to_be_meant() -> None:
    recipe = load_recipe("compact", ["regression.arm=oracle", "regression.oracle_reads_labels=true"])
    assert recipe.regression.arm == "oracle"


def test_a_file_has_the_defaults_for_what_it_leaves_out(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine\nrationale: {learning_rate: 1e-4}\n")
    recipe = load_recipe(path)
    assert recipe == replace(Recipe(name="mine"), rationale=replace(RationaleRecipe(), learning_rate=1e-4))


@pytest.mark.parametrize(
    ("content", "expected"),
    [("a: [", "not YAML"), ("- 1\n", "found a list"), (b"\xff\xfe\x00", "cannot be read"), ("[" * 5000, "not YAML")],
)
def test_a_file_that_is_no_recipe_is_refused(tmp_path: Path, content: str | bytes, expected: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert expected in fault_of(source=path)
    assert "cannot be read" in fault_of(source=tmp_path / "none.yaml")


@given(
    epochs=st.floats(0, 1e6), rows=st.none() | st.integers(1, 10**9), name=st.text("abc-", min_size=1),
    rank=st.integers(1, 999),
)  # fmt: skip
def test_recipes_come_back_from_yaml(epochs: float, rows: int | None, name: str, rank: int) -> None:
    stage = RationaleRecipe(epochs=epochs, rows=rows, lora=LoraRecipe(rank=rank))
    recipe = replace(Recipe(name=name), rationale=stage)
    assert parse_recipe(yaml.safe_load(yaml.safe_dump(recipe_object(recipe))), "here") == recipe
