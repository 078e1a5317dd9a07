"""bigWig files, whole or not at all, of values that come sorted; memory does not grow with their number.

pybigtools writes them. Where it fails it may say so on standard output alone, or end one of its threads with a report
of its own, so that what it says is kept back, for the line of the error, and what it wrote is looked at before it takes
its place.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cistrace.errors import OutputError
from cistrace.io.files import whole_file
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
    with whole_file(path, _NAME) as part:
        _write(part, dict(lengths), values, shown(path))


def _write(file: Path, lengths: dict[str, int], values: Iterable[Value], name: str) -> None:
    import pybigtools

    passed, said = _Passed(values), list[str]()
    reason: BaseException | None = None
    try:
        with _kept_back(said):
            pybigtools.open(str(file), "w").write(lengths, passed)
            written = pybigtools.open(str(file)).info()["summary"]["basesCovered"] if passed.fault is None else 0
    except BaseException as error:  # a thread of the library's that failed raises none that Python knows
        if passed.fault is None and type(error).__name__ != "PanicException" and not isinstance(error, Exception):
            raise
        written, reason = -1, error
    if passed.fault is not None:
        raise passed.fault
    if written != passed.bases:
        lines = [line.strip() for line in (*said, *str(reason or "").splitlines()) if line.strip()]
        why = f" ({lines[0]})" if lines else ""
        raise OutputError(
            f"{name}: cannot be written as bigWig{why}; expected room and rights; choose another path"
        ) from reason


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
def _kept_back(said: list[str]) -> Iterator[None]:
    """Add what this process writes to standard output and error to `said`, line by line, in place of showing it."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    kept = {number: os.dup(number) for number in (1, 2) if _is_open(number)}
    with tempfile.TemporaryFile() as instead:
        try:
            for number in kept:
                os.dup2(instead.fileno(), number)
            yield
        finally:
            for number, before in kept.items():
                os.dup2(before, number)
                os.close(before)
            instead.seek(0)
            said += instead.read(10_000).decode(errors="replace").splitlines()


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
