"""What a command needs beside the core of the package."""

from __future__ import annotations

from importlib.util import find_spec

from cistrace.errors import RunError

TRAINING = ("accelerate", "matplotlib", "peft", "tensorboardX", "trl")


def need_training(command: str) -> None:
    """Ask for the extra `train`.

    Raises
    ------
    RunError
        A package of it is not installed.
    """
    missing = [name for name in TRAINING if find_spec(name) is None]
    if missing:
        raise RunError(
            f"cistrace {command}: found no {', '.join(missing)}; expected the extra train; run `pip install "
            "'cistrace[train]'`"
        )
