"""Two processes train as one does, at the same rows a step."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from training_helpers import history, run, tiny_recipe, write_recipe

from cistrace.training.run import Run, done, hold_run

# On CPUs too `--multi_gpu` is what lets accelerate start several processes without MPI.
TWO = (
    "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2", "--num_machines", "1",
    "--mixed_precision", "no", "--dynamo_backend", "no", "--num_cpu_threads_per_process", "1",
)  # fmt: skip


def losses(folder: Path, stage: str, name: str) -> list[float]:
    return [entry[name] for entry in history(folder, stage) if name in entry]


@pytest.mark.integration
@pytest.mark.parametrize("accumulate", [1, 2])
def test_two_processes_give_the_loss_curve_of_one(bench: Path, qwen: Path, tmp_path: Path, accumulate: int) -> None:
    for name, size in (("one", 4), ("two", 2)):
        keys = {"batch_size": size, "most_steps": 10, "accumulate": accumulate}
        recipe = tiny_recipe(
            qwen,
            rationale=keys | {"learning_rate": 1e-3},
            regression=keys | {"learning_rate": 1e-3, "head_learning_rate": 1e-3, "writing": 0.5, "evaluate_steps": 5,
                               "lora": {"rank": 4, "alpha": 8, "dropout": 0.0}},
        )  # fmt: skip
        write_recipe(recipe, tmp_path / f"{name}.yaml")
    for stage in ("rationale", "regression"):
        for name in ("one", "two"):
            folder, launcher = tmp_path / name, TWO if name == "two" else ()
            if stage == "regression" and name == "two":  # both regress on the same stage I and traces
                for part in ("rationale", "traces-train.jsonl", "traces-val.jsonl"):
                    _copy(tmp_path / "one" / part, folder / part)
            made = run("train", stage, "--recipe", tmp_path / f"{name}.yaml", "--data", bench, "-o", folder,
                       launcher=launcher)  # fmt: skip
            assert made.returncode == 0, made.stderr[-3000:]
            assert f"processes: {2 if name == 'two' else 1}" in made.stderr
        one, two = (losses(tmp_path / name, stage, "loss") for name in ("one", "two"))
        assert len(one) == 10
        assert two == pytest.approx(one, rel=1e-3)
    one, two = (losses(tmp_path / name, "regression", "eval_val_pearson") for name in ("one", "two"))
    assert two == pytest.approx(one, abs=1e-3)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target)
    else:
        shutil.copy(source, target)


@pytest.mark.integration
def test_several_processes_are_one_training_to_the_lock_of_a_run(bench: Path, qwen: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    write_recipe(tiny_recipe(qwen, rationale={"batch_size": 2, "most_steps": 1}), tmp_path / "recipe.yaml")
    arguments = ("train", "rationale", "--recipe", tmp_path / "recipe.yaml", "--data", bench, "-o", folder)
    with hold_run(Run(folder)):
        refused = run(*arguments, launcher=TWO)
    assert refused.returncode != 0 and refused.stderr.count("another training is at work there") == 1
    assert [path.name for path in folder.iterdir()] == [".lock"]
    made = run(*arguments, launcher=TWO)
    assert made.returncode == 0 and done(Run(folder), "rationale"), made.stderr[-3000:]
