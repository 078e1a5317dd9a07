"""A folder that one process at a time works in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from cistrace.errors import OutputError
from cistrace.io.files import write_faults
from cistrace.io.streams import shown


@contextmanager
def folder_lock(lock: Path, folder: Path, work: str) -> Iterator[None]:
    """Hold the file `lock` as long as `work` goes on in `folder`.

    The system lets go of it when the process ends, however it ends, and whoever's it is. The file stays.

    Raises
    ------
    OutputError
        Another process holds it, or it cannot be written.
    """
    held = FileLock(lock)
    with write_faults(folder):
        try:
            held.acquire(timeout=0)
        except Timeout:
            raise OutputError(
                f"{shown(folder)}: another {work} is at work there; expected none; wait for it, or stop it"
            ) from None
    try:
        yield
    finally:
        held.release()
