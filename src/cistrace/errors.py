"""The error tree. Every error a user can cause is a `CistraceError` and reads as one clear line.

    CistraceError
    +-- InputError          a file or record that cannot be read as asked
    |   +-- RecordError     one record of an otherwise readable file
    +-- MotifError          a motif library or background that cannot be used
    +-- CardError           card text or JSON that is not a card
    +-- TraceError          trace text or JSON that is not a trace
    +-- CellTypeError       a cell type the model does not know
    +-- ModelError          a checkpoint that is missing, torn or of another version
    +-- DataError           training data that is missing or malformed
    +-- RecipeError         a training recipe with faults
    +-- ConstraintError     constraints on designs with faults or contradictions; all of them are told
    +-- RunError            a training run that is of another recipe, unfinished, or torn
    +-- TeacherError        a chat endpoint, its settings or the cache of its answers, that cannot be used any further
    +-- OutputError         a result file that cannot be written
    +-- WorkerError         a process that works beside this one and was lost

A message names the item, what was found, what was expected and how to mend it, in that order.
"""

from __future__ import annotations

from collections.abc import Sequence


class CistraceError(Exception):
    """Base of all errors cistrace raises on purpose. The command line prints it and exits with 2."""


class InputError(CistraceError):
    """A file or record that cannot be read as asked."""


class RecordError(InputError):
    """One record of a readable file is unusable; `--on-error skip` sets it aside and goes on.

    Parameters
    ----------
    record : str
        Id of the record, or its number where it has no id.
    reason : str
        What was found, what was expected and how to mend it.
    """

    def __init__(self, record: str, reason: str, source: str = "") -> None:
        self.record = record
        self.reason = reason
        self.source = source
        where = f"{source}: " if source else ""
        super().__init__(f"{where}record {record!r}: {reason}")

    def __reduce__(self) -> tuple[type[RecordError], tuple[str, str, str]]:
        return type(self), (self.record, self.reason, self.source)


class MotifError(CistraceError):
    """A motif library or background that cannot be used."""


class CardError(CistraceError):
    """Card text or JSON that is not a card."""


class TraceError(CistraceError):
    """Trace text or JSON that is not a trace."""


class CellTypeError(CistraceError):
    """A cell type the model does not know."""


class ModelError(CistraceError):
    """A checkpoint that is missing, torn or of another version."""


class DataError(CistraceError):
    """Training data that is missing or malformed."""


class RecipeError(CistraceError):
    """A training recipe with faults; all of them are told."""


class ConstraintError(CistraceError):
    """Constraints on designs that have faults or contradict each other; all of them are told.

    Parameters
    ----------
    faults : sequence of str
        One line each.
    where : str
        What they are of, for the message.
    """

    def __init__(self, faults: Sequence[str], where: str = "") -> None:
        self.faults = tuple(faults)
        self.where = where
        self.lines = tuple(f"{where}: {fault}" if where else fault for fault in self.faults)
        super().__init__("\n".join(self.lines))

    def __reduce__(self) -> tuple[type[ConstraintError], tuple[tuple[str, ...], str]]:
        return type(self), (self.faults, self.where)


class RunError(CistraceError):
    """A training run that is of another recipe or data set, unfinished, or torn."""


class TeacherError(CistraceError):
    """A chat endpoint, its settings or the cache of its answers, that cannot be used any further."""


class OutputError(CistraceError):
    """A result file that cannot be written."""


class WorkerError(CistraceError):
    """A process that works beside this one ended before its work did, and again when it was started anew."""
