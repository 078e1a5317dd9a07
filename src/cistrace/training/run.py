"""The folder of a training run: what stands where, what it was made from, which stages are done.

    RUN/config.yaml          the whole recipe, as used
    RUN/run.json             versions, seeds, data set and its manifest's hash, devices, stages done
    RUN/metrics.json         figures of every stage
    RUN/README.md            model card
    RUN/tower-*.safetensors, knowledge.tsv, hits-*.npz           train tower
    RUN/records-train.jsonl, records-val.jsonl, records-pieces.jsonl   cards, prompts, the teacher's traces
    RUN/rationale/           train rationale: a Hugging Face folder, or an adapter
    RUN/traces-train.jsonl, traces-val.jsonl                     generate
    RUN/regression/          train regression: the same, with head.safetensors
    RUN/STAGE/checkpoints/   to go on from; removed when the stage is done
    RUN/tensorboard/STAGE/, RUN/curve-STAGE.png
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

from cistrace import __version__
from cistrace.errors import RunError
from cistrace.output import whole_file
from cistrace.streams import shown
from cistrace.training.recipe import Recipe
from cistrace.training.recipe_file import parse_recipe, recipe_object

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

    def curve(self, stage: str) -> Path:
        return self.folder / f"curve-{stage}.png"

    def tensorboard(self, stage: str) -> Path:
        return self.folder / "tensorboard" / stage
