"""The processes that train together under `accelerate launch`; one where nothing launched several."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import torch
from accelerate import PartialState

PATIENCE = timedelta(hours=12)  # of processes that wait for the main one, which may be making cards


def state() -> PartialState:
    """What Accelerate knows of the processes. It joins them the first time, and must be told then if on CPUs."""
    return PartialState(cpu=not torch.cuda.is_available(), timeout=PATIENCE)


def on_main_process(work: Callable[[], object]) -> None:
    """Let the main process do a piece of work while the others wait."""
    if is_main():
        work()
    state().wait_for_everyone()


def is_main() -> bool:
    """Whether this process is the one that writes."""
    return bool(state().is_main_process)


def processes() -> int:
    """How many processes train together."""
    return state().num_processes
