"""`cistrace train student`: what it learns from, that it goes on, and that the model is made of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from cli_helpers import invoke
from tower_helpers import random_legnet

from cistrace.towers.files import load_tower, save_tower
from cistrace.towers.legnet import LegNet
from cistrace.towers.recipe import StudentRecipe
from cistrace.training.made_by import origin_of
from cistrace.training.recipe_file import load_recipe
from cistrace.training.run import Run
from cistrace.training.towers import estimator_of

pytestmark = pytest.mark.pipeline

STUDENT = ["student.recombined=40", "student.epochs=1", "student.batch_size=16"]


def test_the_stage_makes_what_the_model_estimates_by(bench: Path, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    tower = ["tower.folds=0", "tower.light.epochs=1", "tower.legnet.epochs=1"]
    start = ["train", "--recipe", "compact", "--data", str(bench), "-o", str(run.folder)]
    early = invoke(*start, "student", *tower, *STUDENT, "student.members=1")
    assert early.exit_code == 2 and "its stage tower is not done" in early.output
    nobody = invoke(*start, "student", *tower)
    assert nobody.exit_code == 2 and "names nobody to learn from" in nobody.output
    changes = [*tower, *STUDENT, "student.members=1"]
    assert invoke(*start, "tower", *changes).exit_code == 0
    made = invoke(*start, "student", *changes)
    assert made.exit_code == 0, made.output
    figures = json.loads(run.metrics.read_text())["student"]
    assert set(figures) == {
        "1 tower-legnet.safetensors", "2 member0.safetensors", "mean of teachers", "student", "student, given strand",
    }  # fmt: skip
    before = run.student.stat().st_mtime_ns
    assert not run.lessons.exists() and isinstance(load_tower(run.student), LegNet)
    assert invoke(*start, "student", *changes).exit_code == 0 and run.student.stat().st_mtime_ns == before
    assert estimator_of(run, load_recipe("compact", changes)) == run.student
    assert estimator_of(run, load_recipe("compact", tower)) == run.tower("legnet")
    other = invoke(*start, "student", *changes, "student.altered=0.3")
    assert other.exit_code == 2 and "another recipe in student" in other.output


def test_a_teacher_of_other_cell_types_is_refused_before_any_work(bench: Path, tmp_path: Path) -> None:
    file = tmp_path / "other.safetensors"
    save_tower(random_legnet(), file, {})
    start = ["train", "--recipe", "compact", "--data", str(bench), "-o", str(tmp_path / "run")]
    for stage in ("student", "all"):
        refused = invoke(*start, stage, *STUDENT, f"student.teachers=[{file}]")
        assert refused.exit_code == 2 and "expected a LegNet of K562, MyCell" in refused.output
    missing = invoke(*start, "all", *STUDENT, f"student.teachers=[{tmp_path / 'none'}]")
    assert missing.exit_code == 2 and "not a readable tower" in missing.output
    assert not (tmp_path / "run").exists()


def test_what_teaches_shapes_the_student_and_no_tower(tmp_path: Path) -> None:
    file, tower = tmp_path / "other.safetensors", random_legnet()
    save_tower(tower, file, {})
    recipe = load_recipe("compact", [f"student.teachers=[{file}]"])
    before = origin_of("student", recipe, "0")
    tower.location += 1
    save_tower(tower, file, {})
    assert origin_of("student", recipe, "0") != before  # the file's content counts
    assert origin_of("tower", recipe, "0") == origin_of("tower", replace(recipe, student=StudentRecipe()), "0")
