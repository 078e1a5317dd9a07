"""The folder of a training run: what stands where, what it was made from, which stages are done.

RUN/config.yaml          the whole recipe, as used
RUN/run.json             versions, seeds, data set and its manifest's hash, devices, stages done
RUN/metrics.json         figures of every stage
RUN/README.md            model card
RUN/tower-*.safetensors, knowledge.tsv, hits-*.npz           train tower
RUN/records-train.jsonl, records-val.jsonl, records-pieces.jsonl   cards, prompts, the teacher's traces
RUN/rationale/           train rationale: a Hugging Face folder, or an adapter
RUN/traces-train.jsonl, traces-val.jsonl                     generate
RUN/answers.sqlite       what an endpoint that served the model has written
RUN/regression/          train regression: the same, with head.safetensors
RUN/.STAGE-checkpoints/, .tower-NAME.state    to go on from; removed when the stage is done
RUN/tensorboard/STAGE/, RUN/history-STAGE.jsonl, RUN/curve-STAGE.png    figures by step
RUN/model/               what `cistrace predict --model` opens (`train all`, or `cistrace export`)
"""

from __future__ import annotations

import json
import platform
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import yaml

from cistrace.errors import RunError
from cistrace.io.files import whole_file
from cistrace.io.streams import shown
from cistrace.training.recipe import Recipe
from cistrace.training.recipe_file import parse_recipe, recipe_object
from cistrace.version import __version__

PACKAGES = ("torch", "transformers", "trl", "peft", "accelerate", "tokenizers", "safetensors", "numpy")
STAGES = ("tower", "records", "rationale", "generate", "regression")
# Sections that shape what a stage makes, its predecessors' included.
SECTIONS = {
    "tower": ("tower",),
    "records": ("tower", "cards", "model"),
    "rationale": ("tower", "cards", "model", "rationale"),
    "generate": ("tower", "cards", "model", "rationale", "generation"),
    "regression": ("tower", "cards", "model", "rationale", "generation", "regression"),
}


@dataclass(frozen=True)
class Run:
    """Paths of one run."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "config.yaml"

    @property
    def about(self) -> Path:
        return self.folder / "run.json"

    @property
    def metrics(self) -> Path:
        return self.folder / "metrics.json"

    @property
    def knowledge(self) -> Path:
        return self.folder / "knowledge.tsv"

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

    def records(self, name: str) -> Path:
        """`train`, `val` or `pieces`."""
        return self.folder / f"records-{name}.jsonl"

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

    def begun(self, stage: str) -> list[Path]:
        """What an unfinished stage would go on from."""
        if stage == "tower":
            return sorted(self.folder.glob(".tower-*.state"))
        return [path for path in (self.checkpoints(stage),) if any(path.glob("checkpoint-*"))]

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
            plain = yaml.safe_load(self.config.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise RunError(
                f"{shown(self.folder)}: is no run ({error}); expected the folder of a `cistrace train`; name one"
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

    def read_metrics(self) -> dict[str, Any]:
        """metrics.json; empty where there is none."""
        return _read_json(self.metrics)

    def add_metrics(self, stage: str, figures: object) -> None:
        """Set the figures of one stage."""
        _write_json(self.metrics, {**self.read_metrics(), stage: figures})


def open_run(folder: Path, recipe: Recipe, data: Path, data_hash: str) -> Run:
    """Make a run's folder, or take up one of the same recipe and data set.

    What a stage that is done, or begun, was made from must not have changed: another recipe in those sections, or
    another data set, is refused. Sections of stages still to come may differ from before.

    Raises
    ------
    RunError
        The folder holds something else, or a run of another recipe or data set.
    """
    run = Run(folder)
    check_run(run, recipe, data_hash)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        run.write_config(recipe)
    except OSError as error:
        raise RunError(
            f"{shown(folder)}: cannot be written ({error.strerror}); expected room and rights; choose another folder"
        ) from error
    _write_json(
        run.about,
        {
            "cistrace": __version__,
            "python": platform.python_version(),
            "packages": {name: _version(name) for name in PACKAGES},
            "command": " ".join(sys.argv[1:]),
            "recipe": recipe.name,
            "data": {"folder": str(data), "manifest_sha256": data_hash},
            "done": run.read_about().get("done", []),
        },
    )
    return run


def check_run(run: Run, recipe: Recipe, data_hash: str) -> None:
    """Refuse what `open_run` would, and change nothing.

    Raises
    ------
    RunError
        The folder holds something else, or a run of another recipe or data set.
    """
    folder = run.folder
    if folder.exists() and not folder.is_dir():
        raise RunError(f"{shown(folder)}: is a file; expected a folder, or none yet; choose another")
    about = run.read_about()
    if folder.exists() and any(folder.iterdir()) and not about and not run.config.exists():
        raise RunError(f"{shown(folder)}: holds files but no run; expected an empty folder or a run; choose another")
    if about:
        _check_same(run, about, recipe, data_hash)


def done(run: Run, stage: str) -> bool:
    """Whether a stage of this run is done."""
    return stage in run.read_about().get("done", [])


def mark_done(run: Run, stage: str) -> None:
    about = run.read_about()
    _write_json(run.about, {**about, "done": [*[name for name in about.get("done", []) if name != stage], stage]})


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


def _check_same(run: Run, about: dict[str, Any], recipe: Recipe, data_hash: str) -> None:
    check_data(run, data_hash)
    old, new = recipe_object(run.read_config()), recipe_object(recipe)
    for stage in STAGES:
        begun = run.begun(stage)
        if stage not in about.get("done", []) and not begun:
            continue
        changed = [section for section in SECTIONS[stage] if old[section] != new[section]]
        if changed:
            mend = f", or remove {' '.join(shown(path) for path in begun)} to begin the stage anew" if begun else ""
            raise RunError(
                f"{shown(run.folder)}: its stage {stage} is {'begun' if begun else 'done'} with another recipe in "
                f"{', '.join(changed)}; expected the same; choose another folder{mend}"
            )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


def _read_json(path: Path) -> dict[str, Any]:
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return plain if isinstance(plain, dict) else {}


def _write_json(path: Path, plain: dict[str, Any]) -> None:
    with whole_file(path) as part:
        part.write_text(json.dumps(plain, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
