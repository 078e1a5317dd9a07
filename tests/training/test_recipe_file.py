"""Recipes are checked whole, before anything is loaded."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cistrace.errors import RecipeError
from cistrace.training.recipe import LoraRecipe, RationaleRecipe, Recipe
from cistrace.training.recipe_file import load_recipe, parse_recipe, recipe_names, recipe_object


def fault_of(*changes: str, source: str | Path = "compact") -> str:
    with pytest.raises(RecipeError) as caught:
        load_recipe(source, changes)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_shipped_recipes_are_whole_and_bear_their_own_names() -> None:
    assert recipe_names() == ("adapt", "compact", "r3lm-qwen3-4b", "smollm2-135m")
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
        ("rationale.epochs=1e999", "found inf, expected a finite number"),
        ("rationale.epochs=true", "rationale.epochs: found True, expected a number"),
        ("rationale.rows=true", "rationale.rows: found True, expected a whole number"),
        ("calibration_rows=2e3", "calibration_rows: found '2e3', expected a whole number"),
        ("tower.folds=11", "tower.folds: found 11, expected at most 10"),
        ("tower.legnet.dropout=1e0", "tower.legnet.dropout: found '1e0', expected at most 0.9"),
        ("model.base=7", "model.base: found 7, expected text"),
        ("regression.lora.ranks=8", "regression.lora.ranks: no such key; expected rank"),
        ("regression.lora.zzz=8", "regression.lora.zzz: no such key; expected rank, alpha, dropout"),
        ("cards.source=data", "cards.source: is cards.evidence now; expected evidence: towers as before, or none"),
        ("cards.source=towers", "cards.source: is cards.evidence now"),
        ("regression.balance_levels=1", "expected true or false"),
        ("generation.top_p=1.5", "at most 1"),
        ("rationale=7", "rationale: found 7, expected keys below it"),
        ("regression.arm=null", "regression.arm: found nothing, expected ledger, card+generated, card, "),
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
        (("cards.evidence=none",), "expected towers"),
        (("model.layout=chat",), "expected domain for compact"),
        (("regression.arm=sequence",), "hold no bases"),
        (("rationale.method=lora",), "expected adamw"),
        (("tower.folds=1",), "tower.folds: 1; expected 0, or 2 and more"),
        (("cards.evidence=none",), "ledger with cards.evidence none; expected towers"),
        *(
            (
                (f"regression.arm={arm}", f"regression.oracle_reads_labels={'true' if arm == 'oracle' else 'false'}"),
                text,
            )
            for arm in ("card", "card+generated", "oracle", "shuffled")
            for text in (f"tower.folds: 0 with arm {arm}, which learns activities from cards; expected 2 or more",)
        ),
    ],
)
def test_keys_that_contradict_each_other_are_refused(changes: tuple[str, ...], expected: str) -> None:
    assert expected in fault_of(*changes)


def test_a_section_of_a_place_keeps_the_defaults_of_that_place() -> None:
    legnet = load_recipe("compact", ["tower.legnet.batch_size=8"]).tower.legnet
    assert (legnet.batch_size, legnet.epochs, legnet.largest_shift, legnet.warm) == (8, 10, 6, 0.15)


def test_whole_numbers_and_exponents_serve_as_numbers() -> None:
    stage = load_recipe("compact", ["rationale.epochs=3", "rationale.learning_rate=1e-3"]).rationale
    assert (stage.epochs, stage.learning_rate) == (3.0, 0.001)
    assert type(stage.epochs) is float


def test_recipes_made_in_python_are_checked_too() -> None:
    with pytest.raises(ValidationError, match="greater than or equal to 0"):
        replace(RationaleRecipe(), epochs=-1)


def test_reading_recipes_brings_no_torch_along() -> None:
    code = "import sys, cistrace.training.recipe_file; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize("arm", ["card", "card+generated", "shuffled", "ledger"])
def test_what_learns_from_cards_wants_cross_fitted_towers_and_no_other_does(arm: str) -> None:
    for folds in (0, 2, 3) if arm == "ledger" else (2, 3):
        recipe = load_recipe("compact", [f"regression.arm={arm}", f"tower.folds={folds}", "regression.without_trace=1"])
        assert (recipe.regression.arm, recipe.tower.folds) == (arm, folds)


def test_the_oracle_has_to_be_meant() -> None:
    recipe = load_recipe("compact", ["regression.arm=oracle", "regression.oracle_reads_labels=true", "tower.folds=3"])
    assert recipe.regression.arm == "oracle"


def test_a_file_has_the_defaults_for_what_it_leaves_out(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine\nrationale: {learning_rate: 1e-4}\n")
    recipe = load_recipe(path)
    assert recipe == replace(Recipe(name="mine"), rationale=replace(RationaleRecipe(), learning_rate=1e-4))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a: [", "not YAML"),
        ("- 1\n", "found a list"),
        (b"\xff\xfe\x00", "cannot be read"),
        ("[" * 5000, "not YAML"),
        ("model: &itself {base: *itself}", "found the alias *itself"),
    ],
)
def test_a_file_that_is_no_recipe_is_refused(tmp_path: Path, content: str | bytes, expected: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert expected in fault_of(source=path)
    message = fault_of(source=tmp_path / "none.yaml")
    assert "none.yaml: cannot be read (No such file or directory); expected adapt, compact, " in message


@pytest.mark.parametrize("content", ["", "\n", "# nothing yet\n", "---\n", "{}"])
def test_an_empty_file_is_not_taken_for_the_defaults(tmp_path: Path, content: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(content)
    assert "mine.yaml: is empty; expected sections with keys" in fault_of("name=mine", source=path)


@given(
    epochs=st.floats(0, 1e6), rows=st.none() | st.integers(1, 10**9), name=st.text("abc-", min_size=1),
    rank=st.integers(1, 999),
)  # fmt: skip
def test_recipes_come_back_from_yaml(epochs: float, rows: int | None, name: str, rank: int) -> None:
    stage = RationaleRecipe(epochs=epochs, rows=rows, lora=LoraRecipe(rank=rank))
    recipe = replace(Recipe(name=name), rationale=stage)
    assert parse_recipe(yaml.safe_load(yaml.safe_dump(recipe_object(recipe))), "here") == recipe
