"""Work on blocks of records, described so that any process of any machine can do it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Generic, Self, TypeVar

Task = TypeVar("Task")
Row = TypeVar("Row")
Opened = TypeVar("Opened")

STAYS = {"travels": False}
"""Metadata of a field with a default that is of this process, such as what shows progress: it is left behind."""


@dataclass(frozen=True, eq=False)
class Stage(ABC, Generic[Task, Row, Opened]):
    """What is to be done with a block, and with what: a frozen dataclass whose fields pickle.

    What a stage opens (a model, a scanner) is opened once where it works, and never travels.
    """

    spreads: ClassVar[bool] = False
    """Whether it keeps several cores busy by itself, by threads; else every core needs a process."""

    @abstractmethod
    def open(self) -> Opened:
        """Open what it works with.

        Raises
        ------
        CistraceError
            It cannot be opened, or is not what it should be.
        """

    @abstractmethod
    def work(self, task: Task) -> Iterable[Row]:
        """The rows of a block, in order; made while they are taken, where they may be.

        A function of the stage and the block alone: a block whose worker is lost is done again.
        """

    @cached_property
    def opened(self) -> Opened:
        """What it works with, opened when first asked for."""
        return self.open()

    def to_ask(self) -> Self:
        """The same where it does not work but is asked about what it opens: on any machine's processor."""
        return self

    def identity(self) -> str:
        """What must be the same wherever the stage works: the hash of a model, say."""
        return ""

    def __getstate__(self) -> dict[str, Any]:
        kept = {one.name: getattr(self, one.name) for one in fields(self) if one.metadata.get("travels", True)}
        # Elsewhere another folder may be the current one.
        return {name: value.absolute() if isinstance(value, Path) else value for name, value in kept.items()}
