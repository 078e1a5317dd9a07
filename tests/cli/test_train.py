"""`cistrace train` and `generate` on the command line: what they refuse, and how."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_helpers import invoke
from training_helpers import paper_bench

from cistrace.reasonbench.dataset import read_data_set
from cistrace.training.recipe_file import load_recipe
from cistrace.training.run import Run, hold_run, mark_done, open_run


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("train", "all", "--recipe", "none", "--data", "DIR", "-o", "RUN"), "compact, r3lm-qwen3-4b, smollm2-135m"),
        (("train", "all", "--recipe", "compact", "--data", "DIR", "-o", "RUN"), "holds no readable manifest.json"),
        (("train", "all", "--recipe", "compact", "--data", "DIR", "-o", "RUN", "rationale.epoch=1"), "expected epochs"),
        (
            ("train", "all", "--recipe", "compact", "--data", "DIR", "-o", "RUN", "rationale.epochs=-1", "x.y=2"),
            "2 faults",
        ),
        (("train", "all", "--recipe", "compact", "--data", "DIR", "-o", "RUN", "report=wandb"), "pip install wandb"),
        (("train", "stage3", "--recipe", "compact", "--data", "DIR", "-o", "RUN"), "'stage3' is not one of"),
        (("generate", "DIR", "--model", "RUN"), "is no run"),
        (("generate", "DIR", "--model", "RUN", "--base-url", "http://x/v1"), "together"),
        (("export", "RUN", "-o", "OUT"), "is no run"),
        (("predict", "-", "--model", "RUN"), "RUN"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line_and_leaves_nothing(
    tmp_path: Path, arguments: tuple[str, ...], expected: str
) -> None:
    places = {name: str(tmp_path / name) for name in ("DIR", "RUN", "OUT")}
    made = invoke(*(places.get(one, one) for one in arguments), stdin=">a\nACGTACGTACGTACGTACGTACGT\n")
    assert made.exit_code == 2 and expected in made.stderr
    assert len(made.stderr.strip().splitlines()) <= 4
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "command", ["train all --recipe compact --data D -o R", "generate D --model R", "export R -o O"]
)
def test_a_missing_extra_is_named(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "cistrace.cli.extras.find_spec", lambda name: None if name in ("accelerate", "peft") else object()
    )
    made = invoke(*command.split())
    assert made.exit_code == 2
    assert "found no accelerate, peft; expected the extra train; run `pip install 'cistrace[train]'`" in made.stderr


@pytest.mark.parametrize("command", ["train", "generate"])
def test_a_run_that_another_training_works_on_is_refused(tmp_path: Path, command: str) -> None:
    bench, run = paper_bench(tmp_path / "bench"), Run(tmp_path / "run")
    opened = open_run(run.folder, load_recipe("compact"), bench, read_data_set(bench).hash)
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
