"""What a command needs beside the core of the package."""

from __future__ import annotations

from importlib.util import find_spec

from cistrace.errors import RunError

PLOTS = ("matplotlib",)
EVALUATION = (*PLOTS, "sklearn")
DESIGN = ("Bio", "rapidfuzz")
RAY = ("ray",)
SERVING = ("fastapi", "mcp", "uvicorn")
TRACKS = ("pybigtools",)
TRAINING = ("accelerate", "matplotlib", "peft", "tensorboardX", "transformers")


def need_training(command: str, report: str = "tensorboard") -> None:
    """Ask for the extra `train`, and for W&B where a recipe reports to it.

    Raises
    ------
    RunError
        A package of it is not installed.
    """
    _need(command, "train", TRAINING)
    if report != "tensorboard" and find_spec("wandb") is None:
        raise RunError(
            f"recipe: report is {report}; expected the package wandb for it, found none; run `pip install wandb`, or "
            "leave report out"
        )


def need_evaluation() -> None:
    """Ask for the extra `evaluate`.

    Raises
    ------
    RunError
        A package of it is not installed.
    """
    _need("evaluate", "evaluate", EVALUATION)


def need_serving(command: str) -> None:
    """Ask for the extra `serve`.

    Raises
    ------
    RunError
        A package of it is not installed.
    """
    _need(command, "serve", SERVING)


def need_design(command: str) -> None:
    """Ask for the extra `design`.

    Raises
    ------
    RunError
        A package of it is not installed.
    """
    _need(command, "design", DESIGN)


def need_tracks(command: str) -> None:
    """Ask for the extra `tracks`.

    Raises
    ------
    RunError
        pybigtools is not installed.
    """
    _need(command, "tracks", TRACKS)


def need_ray() -> None:
    """Ask for the extra `ray`.

    Raises
    ------
    RunError
        Ray is not installed.
    """
    _need("--engine ray", "ray", RAY)


def need_plots(command: str) -> None:
    """Ask for the extra `plot`.

    Raises
    ------
    RunError
        Matplotlib is not installed.
    """
    _need(command, "plot", PLOTS)


def _need(command: str, extra: str, packages: tuple[str, ...]) -> None:
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise RunError(
            f"cistrace {command}: found no {', '.join(missing)}; expected the extra {extra}; run `pip install "
            f"'cistrace[{extra}]'`"
        )
