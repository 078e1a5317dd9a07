"""bigWig files, whole or not at all, of values that come sorted; memory does not grow with their number.

pybigtools writes them. Where it fails it may say so on standard output alone, or end one of its threads with a report
of its own, so that what it says is kept back and what it wrote is looked at before it takes its place.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cistrace.errors import OutputError
from cistrace.io.files import write_faults
from cistrace.io.partials import part_beside, remove_abandoned
from cistrace.io.streams import shown

Value = tuple[str, int, int, float]
"""Contig, start and end (0-based, half-open), value (stored as float32)."""

_NAME = "track.bw"  # the library goes by the ending


def write_bigwig(path: Path, lengths: Mapping[str, int], values: Iterable[Value]) -> None:
    """Write a bigWig file.

    Parameters
    ----------
    lengths : mapping of str to int
        bp of every contig.
    values : iterable of Value
        At least one; sorted by contig, in the order of `lengths`, then by start; none overlaps another.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    target = Path(os.path.realpath(path))
    remove_abandoned(target)
    part = part_beside(target)
    with write_faults(path):
        try:
            part.mkdir()
            _write(part / _NAME, dict(lengths), values, shown(path))
            os.replace(part / _NAME, target)
        finally:
            shutil.rmtree(part, ignore_errors=True)


def _write(file: Path, lengths: dict[str, int], values: Iterable[Value], name: str) -> None:
    import pybigtools

    passed = _Passed(values)
    try:
        with _silenced():
            pybigtools.open(str(file), "w").write(lengths, passed)
            written = pybigtools.open(str(file)).info()["summary"]["basesCovered"] if passed.fault is None else 0
    except BaseException as error:  # a thread of the library's that failed raises none that Python knows
        if passed.fault is None and type(error).__name__ != "PanicException" and not isinstance(error, Exception):
            raise
        written = -1
    if passed.fault is not None:
        raise passed.fault
    if written != passed.bases:
        raise OutputError(f"{name}: cannot be written as bigWig; expected room and rights; choose another path")


class _Passed:
    """Hands values on, counts the bases that they cover, and keeps what their making raised: the library drops it."""

    def __init__(self, values: Iterable[Value]) -> None:
        self._values = iter(values)
        self.bases = 0
        self.fault: BaseException | None = None

    def __iter__(self) -> Iterator[Value]:
        return self

    def __next__(self) -> Value:
        try:
            value = next(self._values)
        except StopIteration:
            raise
        except BaseException as fault:
            self.fault = fault
            raise StopIteration from None
        self.bases += value[2] - value[1]
        return value


@contextmanager
def _silenced() -> Iterator[None]:
    """Send what this process writes to standard output and error into nothing."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    kept = {number: os.dup(number) for number in (1, 2) if _is_open(number)}
    nothing = os.open(os.devnull, os.O_WRONLY)
    try:
        for number in kept:
            os.dup2(nothing, number)
        yield
    finally:
        for number, before in kept.items():
            os.dup2(before, number)
            os.close(before)
        os.close(nothing)


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
