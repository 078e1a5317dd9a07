"""The folder of a training run: what stands where, what it was made from, which stages are done.

RUN/config.yaml          the whole recipe, as used
RUN/run.json             versions, data set and its manifest's hash, stages done and what made their files
RUN/metrics.json         figures of every stage
RUN/README.md            model card
RUN/tower-*.safetensors, tower-folds.parquet   train tower; what each of them may see
RUN/pretrained.safetensors   train tower: what LegNet starts from
RUN/student.safetensors, member*.safetensors, lessons/   train student: what several LegNets say in one
RUN/known_effects.tsv, hits-train.npz
RUN/examples-train.jsonl, examples-val.jsonl, examples-pieces.jsonl   prompts, the teacher's traces, targets
RUN/rationale/           train rationale: a Hugging Face folder, or an adapter
RUN/traces-train.jsonl, traces-val.jsonl                     generate
RUN/answers.sqlite       what an endpoint that served the model has written
RUN/regression/          train regression: the same, with head.safetensors
RUN/judge.safetensors    train judge: another kind of tower, for designs
RUN/.STAGE-checkpoints/, .tower-NAME.state, ...    to go on from; removed when the stage is done
RUN/tensorboard/STAGE/, RUN/history-STAGE.jsonl, RUN/curve-STAGE.png    figures by step
RUN/.lock                held by the process that works on the run
RUN/model/               what `cistrace predict --model` opens (`train all`, or `cistrace export`)
"""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from cistrace.checkpoints.schema import RUN_FILE
from cistrace.errors import RunError
from cistrace.io.files import whole_file, write_faults
from cistrace.io.locks import folder_lock
from cistrace.io.small_files import parse_json, small_text
from cistrace.io.streams import shown
from cistrace.io.yaml_text import parse_yaml
from cistrace.training.recipe import Recipe
from cistrace.training.recipe_file import parse_recipe, recipe_object
from cistrace.version import __version__
from cistrace.writers.arms import LEDGER, Arm

PACKAGES = ("torch", "transformers", "peft", "accelerate", "tokenizers", "safetensors", "numpy")
Stage = Literal["tower", "student", "examples", "rationale", "generate", "regression", "judge"]
STAGES: tuple[Stage, ...] = get_args(Stage)


@dataclass(frozen=True)
class Run:
    """Paths of one run."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "config.yaml"

    @property
    def about(self) -> Path:
        return self.folder / RUN_FILE

    @property
    def metrics(self) -> Path:
        return self.folder / "metrics.json"

    @property
    def lock(self) -> Path:
        return self.folder / ".lock"

    @property
    def known_effects(self) -> Path:
        return self.folder / "known_effects.tsv"

    @property
    def backdrop(self) -> Path:
        """What composition foretells of backdrops: see `cards.backdrop`."""
        return self.folder / "backdrop.json"

    @property
    def rationale(self) -> Path:
        return self.folder / "rationale"

    @property
    def regression(self) -> Path:
        return self.folder / "regression"

    @property
    def model(self) -> Path:
        return self.folder / "model"

    def tower(self, name: str) -> Path:
        """`fold0`, ..., `whole`, `legnet`."""
        return self.folder / f"tower-{name}.safetensors"

    @property
    def pretrained(self) -> Path:
        """What LegNet starts from."""
        return self.folder / "pretrained.safetensors"

    @property
    def pretrained_state(self) -> Path:
        return self.folder / ".pretrained.state"

    @property
    def student(self) -> Path:
        return self.folder / "student.safetensors"

    @property
    def student_state(self) -> Path:
        return self.folder / ".student.state"

    def member(self, number: int) -> Path:
        """A LegNet that teaches the student and does nothing else."""
        return self.folder / f"member{number}.safetensors"

    def member_state(self, number: int) -> Path:
        return self.folder / f".member{number}.state"

    @property
    def lessons(self) -> Path:
        """What the teachers answered, slice by slice."""
        return self.folder / "lessons"

    @property
    def judge(self) -> Path:
        return self.folder / "judge.safetensors"

    @property
    def judge_state(self) -> Path:
        return self.folder / ".judge.state"

    @property
    def names(self) -> Path:
        """What the domain layout's tokens stand for."""
        return self.folder / "names.json"

    def examples(self, name: str) -> Path:
        """`train`, `val` or `pieces`."""
        return self.folder / f"examples-{name}.jsonl"

    def traces(self, split: str) -> Path:
        return self.folder / f"traces-{split}.jsonl"

    @property
    def answers(self) -> Path:
        return self.folder / "answers.sqlite"

    @property
    def card(self) -> Path:
        return self.folder / "README.md"

    def curve(self, stage: str) -> Path:
        return self.folder / f"curve-{stage}.png"

    def history(self, stage: str) -> Path:
        return self.folder / f"history-{stage}.jsonl"

    def tensorboard(self, stage: str) -> Path:
        return self.folder / "tensorboard" / stage

    def checkpoints(self, stage: str) -> Path:
        return self.folder / f".{stage}-checkpoints"

    def tower_state(self, name: str) -> Path:
        return self.folder / f".tower-{name}.state"

    def files_of(self, stage: Stage) -> list[Path]:
        """What is there of a stage, done or begun. Traces are none: each line says what wrote it."""
        kinds = {
            "tower": ("pretrained.safetensors", ".pretrained.state", "tower-*.safetensors", ".tower-*.state"),
            "student": ("student.safetensors", "member*.safetensors", ".student.state", ".member*.state"),
            "examples": ("known_effects.tsv", "examples-*.jsonl"),
            "rationale": ("rationale", ".rationale-checkpoints/checkpoint-*"),
            "generate": (),
            "regression": ("regression", ".regression-checkpoints/checkpoint-*"),
            "judge": ("judge.safetensors", ".judge.state"),
        }[stage]
        return [path for kind in kinds for path in sorted(self.folder.glob(kind))]

    def write_config(self, recipe: Recipe) -> None:
        with whole_file(self.config) as part:
            part.write_text(yaml.safe_dump(recipe_object(recipe), sort_keys=False), encoding="utf-8")

    def read_config(self) -> Recipe:
        """The recipe of this run.

        Raises
        ------
        RunError
            The folder is no run.
        """
        try:
            plain = parse_yaml(small_text(self.config))
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise RunError(
                f"{shown(self.folder)}: is no run ({reason}); expected the folder of a `cistrace train`; name one"
            ) from error
        return parse_recipe(plain if isinstance(plain, dict) else {}, str(self.config))

    def read_about(self) -> dict[str, Any]:
        """run.json; empty where there is none.

        Raises
        ------
        RunError
            It is there and torn.
        """
        about = _read_json(self.about)
        if not about and self.about.exists():
            raise RunError(
                f"{shown(self.about)}: not readable; expected what a run is made from and which stages are done; "
                "restore the file, or choose another folder"
            )
        return about

    def write_about(self, about: dict[str, Any]) -> None:
        _write_json(self.about, about)

    def read_metrics(self) -> dict[str, Any]:
        """metrics.json; empty where there is none."""
        return _read_json(self.metrics)

    def add_metrics(self, stage: str, figures: object) -> None:
        """Set the figures of one stage."""
        _write_json(self.metrics, {**self.read_metrics(), stage: figures})


@contextmanager
def hold_run(run: Run) -> Iterator[None]:
    """Keep other trainings out of a run's folder, which is made where there is none, while this one goes on.

    Of the processes of one training the main one alone holds it.

    Raises
    ------
    OutputError
        Another training is at work there, or it cannot be written.
    """
    with write_faults(run.folder):
        run.folder.mkdir(parents=True, exist_ok=True)
    with folder_lock(run.lock, run.folder, "training"):
        yield


def open_run(folder: Path, recipe: Recipe, data: Path, data_hash: str) -> Run:
    """Make a run's folder, or take up one: `made_by.check_origins` says whether that may be.

    Raises
    ------
    RunError
        The folder holds something else, or a run of another data set, or cannot be written.
    """
    run = Run(folder)
    check_folder(run, data_hash)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        run.write_config(recipe)
    except OSError as error:
        raise RunError(
            f"{shown(folder)}: cannot be written ({error.strerror}); expected room and rights; choose another folder"
        ) from error
    run.write_about(
        {
            "done": [],
            **run.read_about(),
            "cistrace": __version__,
            "python": platform.python_version(),
            "packages": {name: _version(name) for name in PACKAGES},
            "command": " ".join(sys.argv[1:]),
            "recipe": recipe.name,
            "last": last_stage(recipe.regression.arm),
            "adapted": recipe.adapt.wanted,
            "data": {"folder": str(data), "manifest_sha256": data_hash},
        }
    )
    return run


def check_folder(run: Run, data_hash: str) -> None:
    """Refuse what `open_run` would, and change nothing.

    Raises
    ------
    RunError
        The folder holds something else, or a run of another data set.
    """
    folder = run.folder
    if folder.exists() and not folder.is_dir():
        raise RunError(f"{shown(folder)}: is a file; expected a folder, or none yet; choose another")
    about = run.read_about()
    others = folder.exists() and any(path != run.lock for path in folder.iterdir())
    if others and not about and not run.config.exists():
        raise RunError(f"{shown(folder)}: holds files but no run; expected an empty folder or a run; choose another")
    if about:
        check_data(run, data_hash)


def done(run: Run, stage: Stage) -> bool:
    """Whether a stage of this run is done, and its files are still there."""
    listed = stage in run.read_about().get("done", [])
    return listed and (stage == "generate" or bool(run.files_of(stage)))


def mark_done(run: Run, stage: Stage) -> None:
    """Keep that a stage is done, as the last of those that are."""
    about = run.read_about()
    run.write_about({**about, "done": [*[name for name in about.get("done", []) if name != stage], stage]})


def last_stage(arm: Arm) -> Stage:
    """The stage that leaves nothing to train."""
    return "generate" if arm == LEDGER else "regression"


def require_stage(run: Run, stage: Stage) -> None:
    """Ask for a stage that is not done yet.

    Raises
    ------
    RunError
    """
    if not done(run, stage):
        raise RunError(
            f"{shown(run.folder)}: its stage {stage} is not done; expected it first; run `cistrace train {stage}` with "
            "the same recipe, data set and folder"
        )


def check_data(run: Run, data_hash: str) -> None:
    """Refuse a data set that the run is not of.

    Raises
    ------
    RunError
        Its manifest's SHA-256 is another.
    """
    before = run.read_about().get("data", {}).get("manifest_sha256")
    if before != data_hash:
        raise RunError(
            f"{shown(run.folder)}: was trained on another data set (manifest {str(before)[:12]}, not {data_hash[:12]}"
            "); expected its own; name that data set, or another run"
        )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


def _read_json(path: Path) -> dict[str, Any]:
    try:
        plain = parse_json(small_text(path))
    except (OSError, ValueError):
        return {}
    return plain if isinstance(plain, dict) else {}


def _write_json(path: Path, plain: dict[str, Any]) -> None:
    with whole_file(path) as part:
        part.write_text(json.dumps(plain, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
