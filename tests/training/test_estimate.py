"""What a dry run says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cli_helpers import invoke

from cistrace.motifs.library import load_library
from cistrace.reasonbench.dataset import read_data_set
from cistrace.training.estimate import estimate_of, size_of
from cistrace.training.language_models import parameters
from cistrace.training.recipe_file import load_recipe
from cistrace.writers.compact_model import LanguageModelShape, new_language_model
from cistrace.writers.tokenizer import build_tokenizer
from cistrace.writers.vocabulary import VocabularyNames


def test_r3lm_is_counted_as_published(bench: Path) -> None:
    size = size_of(load_recipe("r3lm-qwen3-4b"), read_data_set(bench))
    assert size.parameters == 4_022_468_096
    hidden, inner, kv, out, layers = 2560, 9728, 1024, 4096, 36
    linear = [
        (hidden, out),
        (hidden, kv),
        (hidden, kv),
        (out, hidden),
        (hidden, inner),
        (hidden, inner),
        (inner, hidden),
    ]
    assert size.adapters["regression"] == layers * 16 * sum(map(sum, linear))


def test_the_compact_model_is_counted_as_made(bench: Path) -> None:
    data = read_data_set(bench)
    tokenizer = build_tokenizer(VocabularyNames.of(load_library(), data.cell_types, data.window))
    made = new_language_model(tokenizer, LanguageModelShape(), 0)
    assert size_of(load_recipe("compact"), data).parameters == parameters(made)


def test_a_plan_tells_parameters_tokens_memory_and_hours(bench: Path, tmp_path: Path) -> None:
    made = invoke(
        "train", "all", "--recipe", "r3lm-qwen3-4b", "--data", bench, "-o", tmp_path / "run", "--dry-run"
    )  # fmt: skip
    assert made.exit_code == 0, made.output
    assert "4,022,468,096 parameters" in made.stdout
    for stage in ("rationale", "regression"):
        assert re.search(
            rf"{stage}: \d[\d,]* texts of \d[\d,]* tokens, .* M tokens.*GiB; about .* h on one H100", made.stdout
        )
    assert not (tmp_path / "run").exists()


def test_a_plan_of_an_adapted_model_tells_who_chooses(bench: Path) -> None:
    told = estimate_of(load_recipe("adapt"), read_data_set(bench), "all")
    assert told.endswith("towers: adapted, 6 passes of the whole at most, 3 folds choose; up to 1 min on one core")
    by_val = estimate_of(load_recipe("adapt", ["adapt.fewest_to_choose=2"]), read_data_set(bench), "all")
    assert "val chooses" in by_val and "towers: " not in estimate_of(
        load_recipe("adapt"), read_data_set(bench), "rationale"
    )


@pytest.mark.parametrize("stage", ["rationale", "regression"])
def test_a_plan_of_a_stage_is_of_that_stage(bench: Path, qwen: Path, stage: str) -> None:
    recipe = load_recipe("r3lm-qwen3-4b", [f"model.base={qwen}", "model.download=false"])
    told = estimate_of(recipe, read_data_set(bench), stage)
    assert f"\n{stage}: " in told and told.count(" passes, ") == 1 and "counted with its tokenizer" in told
