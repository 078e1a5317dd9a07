"""The folder of a run."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_helpers import invoke

from cistrace.checkpoints.schema import read_config
from cistrace.errors import ModelError, OutputError, RunError
from cistrace.reasonbench.dataset import read_data_set
from cistrace.training.recipe_file import load_recipe
from cistrace.training.run import (
    STAGES,
    Run,
    Stage,
    check_data,
    done,
    hold_run,
    last_stage,
    mark_done,
    open_run,
    require_stage,
)  # fmt: skip

COMPACT = load_recipe("compact")


def test_a_run_is_taken_up_again(tmp_path: Path) -> None:
    run = open_run(tmp_path / "run", COMPACT, tmp_path, "a" * 64)
    assert run.read_config() == COMPACT and not done(run, "tower")
    run.add_metrics("tower", {"whole": 0.7})
    run.tower("whole").write_text("")
    mark_done(run, "tower")
    again = open_run(tmp_path / "run", load_recipe("compact", ["regression.epochs=2"]), tmp_path, "a" * 64)
    assert done(again, "tower") and again.read_metrics() == {"tower": {"whole": 0.7}}
    assert again.read_config().regression.epochs == 2


@pytest.mark.parametrize(
    ("arm", "stages"),
    [("ledger", STAGES[: STAGES.index("generate") + 1]), ("card+generated", STAGES[: STAGES.index("regression") + 1])],
)
def test_a_run_is_no_model_before_its_last_stage(tmp_path: Path, arm: str, stages: tuple[Stage, ...]) -> None:
    """Which is the writing where the trace tells the score, and the head's training where one does."""
    recipe = load_recipe("compact", [f"regression.arm={arm}", "tower.folds=2"])
    assert last_stage(recipe.regression.arm) == stages[-1]
    run = open_run(tmp_path / "run", recipe, tmp_path, "a" * 64)
    for stage in stages:
        with pytest.raises(ModelError, match=f"its stage {stages[-1]} is not done"):
            read_config(run.folder)
        mark_done(run, stage)
    with pytest.raises(ModelError, match="run `cistrace export"):
        read_config(run.folder)


def test_a_stage_whose_files_were_removed_is_not_done(tmp_path: Path) -> None:
    run = open_run(tmp_path / "run", COMPACT, tmp_path, "a" * 64)
    run.tower("whole").write_text("")
    mark_done(run, "tower")
    require_stage(run, "tower")
    run.tower("whole").unlink()
    with pytest.raises(RunError, match="its stage tower is not done"):
        require_stage(run, "tower")


def test_a_run_of_another_data_set_is_refused(tmp_path: Path) -> None:
    run = open_run(tmp_path / "run", COMPACT, tmp_path, "a" * 64)
    check_data(run, "a" * 64)
    for refused in (lambda: check_data(run, "b" * 64), lambda: open_run(run.folder, COMPACT, tmp_path, "b" * 64)):
        with pytest.raises(RunError, match="another data set"):
            refused()


def test_a_torn_run_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    run = open_run(tmp_path / "run", COMPACT, tmp_path, "a" * 64)
    run.about.write_bytes(run.about.read_bytes()[:100])
    with pytest.raises(RunError, match=r"run\.json: not readable"):
        open_run(run.folder, COMPACT, tmp_path, "a" * 64)


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot be written"):
        open_run(tmp_path / "file" / "run", COMPACT, tmp_path, "a" * 64)


def test_a_place_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("all of it")
    with pytest.raises(RunError, match="holds files but no run"):
        open_run(tmp_path / "mine", COMPACT, tmp_path, "a" * 64)
    with pytest.raises(RunError, match="is a file"):
        open_run(tmp_path / "mine" / "thesis.txt", COMPACT, tmp_path, "a" * 64)
    with pytest.raises(RunError, match="is no run"):
        Run(tmp_path / "none").read_config()


def test_a_run_is_one_trainings_at_a_time(tmp_path: Path) -> None:
    run = Run(tmp_path / "deep" / "run")
    with hold_run(run):
        open_run(run.folder, COMPACT, tmp_path, "a" * 64)
        with pytest.raises(OutputError, match="another training is at work there"), hold_run(run):
            pass
    with hold_run(run):
        pass


def test_a_folder_that_holds_a_lock_alone_is_taken(tmp_path: Path) -> None:
    """A training was killed before it had written anything."""
    with hold_run(Run(tmp_path)):
        pass
    assert open_run(tmp_path, COMPACT, tmp_path, "a" * 64).read_config() == COMPACT


@pytest.mark.parametrize("command", ["train", "generate"])
def test_a_run_that_another_training_works_on_is_refused(bench: Path, tmp_path: Path, command: str) -> None:
    run = Run(tmp_path / "run")
    opened = open_run(run.folder, COMPACT, bench, read_data_set(bench).hash)
    if command == "generate":
        (run.folder / "rationale").mkdir()
        mark_done(opened, "rationale")
    before = sorted(run.folder.iterdir())
    arguments = {
        "train": ("train", "tower", "--recipe", "compact", "--data", bench, "-o", run.folder),
        "generate": ("generate", bench, "--model", run.folder),
    }[command]
    with hold_run(run):
        made = invoke(*arguments)
    assert made.exit_code == 2 and made.stderr.splitlines()[-1].endswith(
        "run: another training is at work there; expected none; wait for it, or stop it"
    )
    assert sorted(run.folder.iterdir()) == sorted([*before, run.lock])


@pytest.mark.parametrize(("content", "reason"), [(None, "No such file or directory"), ("a: [\n", "while parsing .*")])
def test_what_is_no_run_is_said_in_a_line(tmp_path: Path, content: str | None, reason: str) -> None:
    if content is not None:
        (tmp_path / "config.yaml").write_text(content)
    with pytest.raises(
        RunError, match=rf": is no run \({reason}\); expected the folder of a `cistrace train`"
    ) as caught:
        Run(tmp_path).read_config()
    assert str(caught.value).count(str(tmp_path)) == 1 and "\n" not in str(caught.value)
