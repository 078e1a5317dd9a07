"""What a person sees of a training: a line every few seconds on stderr, TensorBoard's files, a curve as PNG."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from cistrace.io.files import whole_file

log = logging.getLogger(__name__)
VAL_PEARSON = "val_pearson"
SHOWN = ("loss", "mse", "writing", "val_pearson", "eval_loss")


class Lines(TrainerCallback):
    """One readable line every time figures are logged."""

    def __init__(self, stage: str) -> None:
        self._stage = stage
        self._began = 0.0
        self._first = 0

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self._began, self._first = time.monotonic(), state.global_step
        if state.is_world_process_zero and state.global_step:
            log.info("%s: goes on from step %d of %d", self._stage, state.global_step, state.max_steps)

    def on_log(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl,
        logs: dict[str, float] | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        done = state.global_step - self._first
        if not state.is_world_process_zero or not logs or not done or "train_runtime" in logs:
            return
        said = " ".join(f"{_plain(name)} {logs[name]:.4f}" for name in logs if _plain(name) in SHOWN)
        left = (time.monotonic() - self._began) / done * (state.max_steps - state.global_step)
        log.info("%s step %d/%d %s, %s left", self._stage, state.global_step, state.max_steps, said, clock(left))


def _plain(name: str) -> str:
    return name.removeprefix("eval_") if VAL_PEARSON in name else name


def clock(seconds: float) -> str:
    """`1:02:03`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"


def describe(model: torch.nn.Module, args: TrainingArguments, stage: str, rows: int) -> None:
    """Say where and what is trained."""
    weights = {id(weight): weight for weight in model.parameters()}
    every = sum(weight.numel() for weight in weights.values())
    learnt = sum(weight.numel() for weight in weights.values() if weight.requires_grad)
    device = torch.cuda.get_device_name(args.device) if args.device.type == "cuda" else f"{args.device}"
    batch = args.per_device_train_batch_size * args.world_size * args.gradient_accumulation_steps
    log.info(
        "%s on %s, %s, processes: %d; %s of %s parameters are trained; %s rows, %d a step",
        stage, device, "bf16" if args.bf16 else "fp32", args.world_size, f"{learnt:,}", f"{every:,}", f"{rows:,}",
        batch,
    )  # fmt: skip


def write_history(history: Sequence[dict[str, float]], path: Path) -> None:
    """Everything that was logged, one JSON object a line."""
    with whole_file(path) as part:
        part.write_text("".join(json.dumps(entry) + "\n" for entry in history), encoding="utf-8")


def draw_curve(history: Sequence[dict[str, float]], path: Path) -> None:
    """Training loss and, below it, what was reached on val, over steps."""
    from matplotlib.ticker import MaxNLocator

    from cistrace.plots.colours import SERIES
    from cistrace.plots.style import panels, save

    asked = [("loss", "training loss"), ("eval_loss", "val loss"), (f"eval_{VAL_PEARSON}", "val Pearson")]
    lines = [(title, [(entry["step"], entry[key]) for entry in history if key in entry]) for key, title in asked]
    lines = [(title, points) for title, points in lines if points]
    figure, axes = panels(1, max(1, len(lines)), width=7, height=2.6, share_x=True)
    for panel, (title, points) in zip(axes, lines):
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        panel.plot(*zip(*points, strict=True), marker="o" if len(points) < 30 else None, markersize=3, color=SERIES[0])
        panel.set_ylabel(title)
        panel.grid(alpha=0.3)
    axes[-1].set_xlabel("step")
    save(figure, path)
