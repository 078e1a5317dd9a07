"""Nothing that was made under other settings is kept or gone on from."""

from __future__ import annotations

from pathlib import Path

import pytest

from cistrace.errors import RunError
from cistrace.training.made_by import check_origins, is_current, note_origin, origin_of
from cistrace.training.recipe import Recipe
from cistrace.training.recipe_file import load_recipe
from cistrace.training.run import Run, Stage, mark_done, open_run

HASH = "a" * 64
FILES: dict[Stage, tuple[str, ...]] = {
    "tower": ("tower-fold0.safetensors", ".tower-legnet.state"),
    "examples": ("known_effects.tsv", "examples-train.jsonl"),
    "rationale": (".rationale-checkpoints/checkpoint-4", "rationale"),
    "regression": (".regression-checkpoints/checkpoint-2",),
}


def recipe(*changes: str) -> Recipe:
    return load_recipe("compact", changes)


def begun(folder: Path, stage: Stage) -> Run:
    """A run with files of one stage, done or not."""
    run = open_run(folder / "run", recipe(), folder, HASH)
    note_origin(run, stage, recipe(), HASH)
    for name in FILES[stage]:
        (run.folder / name).mkdir(parents=True)
    return run


@pytest.mark.parametrize(
    ("stage", "change", "named"),
    [
        ("tower", "tower.light.epochs=3", "recipe in tower"),
        ("examples", "cards.rows=9", "recipe in cards"),
        ("examples", "tower.folds=4", "recipe in tower"),
        ("rationale", "model.precision=fp32", "recipe in model"),
        ("rationale", "rationale.epochs=3", "recipe in rationale"),
        ("regression", "regression.learning_rate=1e-3", "recipe in regression"),
        ("regression", "generation.sampling=sample", "recipe in generation"),
    ],
)
def test_files_of_other_settings_are_refused_by_name(tmp_path: Path, stage: Stage, change: str, named: str) -> None:
    run = begun(tmp_path, stage)
    before = sorted(run.folder.rglob("*")), run.about.read_bytes()
    check_origins(run, recipe(), HASH)
    with pytest.raises(RunError, match=f"its files of {stage} were made with another {named}; .* remove ") as caught:
        check_origins(run, recipe(change), HASH)
    assert all(name in str(caught.value) for name in FILES[stage]) and "\n" not in str(caught.value)
    assert before == (sorted(run.folder.rglob("*")), run.about.read_bytes())  # a refusal changes nothing
    for name in FILES[stage]:
        (run.folder / name).rmdir()
    check_origins(run, recipe(change), HASH)


@pytest.mark.parametrize(
    ("stage", "change"),
    [
        ("tower", "cards.rows=9"),
        ("examples", "rationale.epochs=3"),
        ("rationale", "generation.sampling=sample"),
        ("regression", "calibration_rows=100"),
        ("regression", "report=both"),
    ],
)
def test_what_comes_later_may_change(tmp_path: Path, stage: Stage, change: str) -> None:
    check_origins(begun(tmp_path, stage), recipe(change), HASH)


def test_another_version_of_the_package_its_motifs_or_words_is_another_origin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begun(tmp_path, "examples")
    for name, value in (("__version__", "0.0.1"), ("PROMPT_VERSION", "0")):
        with monkeypatch.context() as patched:
            patched.setattr(f"cistrace.training.made_by.{name}", value)
            with pytest.raises(RunError, match=r"another (cistrace|words of prompts);"):
                check_origins(run, recipe(), HASH)


def test_a_table_of_further_measurements_counts_by_its_content(tmp_path: Path) -> None:
    table = tmp_path / "further.tsv"
    table.write_text("one")
    with_it = recipe(f"tower.further={table}")
    before = origin_of("tower", with_it, HASH)
    assert origin_of("tower", with_it, HASH) == before
    table.write_text("two")
    after = origin_of("tower", with_it, HASH)
    assert [name for name in after if after[name] != before[name]] == ["table of further measurements"]


def test_files_of_unknown_origin_are_refused(tmp_path: Path) -> None:
    run = open_run(tmp_path / "run", recipe(), tmp_path, HASH)
    run.tower("whole").write_text("")
    mark_done(run, "tower")
    with pytest.raises(RunError, match="another origin, which it does not tell"):
        check_origins(run, recipe(), HASH)


def test_a_stage_knows_whether_it_is_current(tmp_path: Path) -> None:
    run = begun(tmp_path, "regression")
    note_origin(run, "generate", recipe(), HASH)
    assert is_current(run, "generate", recipe("regression.epochs=9"), HASH)
    assert not is_current(run, "generate", recipe("generation.sampling=sample"), HASH)
