"""`--engine`, `--address` and `--device`: where a command's work is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args

import click

from cistrace.cli.extras import need_ray

if TYPE_CHECKING:
    from cistrace.engines.engine import Engine

_Command = TypeVar("_Command", bound=Callable[..., Any])


EngineName = Literal["local", "ray"]


def engine_options(command: _Command) -> _Command:
    """Add `--engine` and `--address`."""
    command = click.option(
        "--address",
        metavar="ADDRESS",
        help="Of the Ray cluster (HOST:PORT, or auto for the one that this machine belongs to). [default: RAY_ADDRESS, "
        "else one is started here and ends with the run]",
    )(command)
    option = click.option(
        "--engine",
        "engine_name",
        type=click.Choice(get_args(EngineName)),
        default="local",
        show_default=True,
        help="Where the work is done: local, on the cores of this machine; ray, on a Ray cluster's, with the same "
        "result (pip install 'cistrace[ray]'); --threads is then the number of its workers.",
    )
    return option(command)


def device_option(command: _Command) -> _Command:
    """Add `--device`."""
    option = click.option(
        "--device",
        metavar="NAME",
        help="Where the models compute: cpu, cuda (cuda:1, ...), mps, or auto: the first GPU there is, else cpu. "
        "[default: cpu; a chat model: cuda where there is one]",
    )
    return option(command)


def open_engine(name: EngineName, address: str | None, threads: int | None) -> Engine:
    """The engine that the options ask for.

    Raises
    ------
    click.UsageError
        An address without Ray.
    RunError
        Ray is not installed.
    """
    if name == "ray":
        need_ray()
        from cistrace.engines.ray_engine import RayEngine

        return RayEngine(address, threads)
    if address is not None:
        raise click.UsageError("--address needs --engine ray")
    from cistrace.engines.engine import LocalEngine

    return LocalEngine(threads, _chosen_device)


def _chosen_device(name: str | None) -> str | None:
    if name is None:
        return None
    from cistrace.checkpoints.device import chosen_device  # brings torch along

    return chosen_device(name)


def say_device(device: str, engine: Engine) -> None:
    """Say on stderr where models compute."""
    click.echo(f"cistrace: computing on {device}{engine.crew(device)}", err=True)
