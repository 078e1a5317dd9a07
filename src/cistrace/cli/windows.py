"""The option that says which windows of a long sequence are reported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., Any])


def windows_option(command: _Command) -> _Command:
    """Add `--windows`."""
    option = click.option(
        "--windows",
        type=click.Choice(["best", "all"]),
        default="best",
        show_default=True,
        help="Of a sequence longer than the model's window: in each cell type the window of the highest expected "
        "activity, or every window.",
    )
    return option(command)
