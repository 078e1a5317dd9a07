"""Result files and folders: whole or not at all.

A file is written under another name beside its target and renamed when it is complete. That name cannot be guessed and
is made new (`O_EXCL`), so that no link planted there is followed. What a killed process left goes with the next run of
the same output (`partials`). Names that end in `.gz` are compressed.
"""

from __future__ import annotations

import errno
import gzip
import io
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from cistrace.errors import OutputError
from cistrace.io.partials import part_beside, remove_abandoned
from cistrace.io.streams import STDIN, shown
from cistrace.io.terminal import standard_output


def output_path(text: str | None) -> Path | None:
    """The path of `-o`; None, which is standard output, for no option and for `-`."""
    return None if text is None or text == STDIN else Path(text)


def check_output(path: Path) -> None:
    """Find out before any work that a file cannot be written.

    Raises
    ------
    OutputError
        The path is a folder, its folder does not exist, or it lies where you may not write.
    """
    name = shown(path)
    folder = path.parent
    if path.is_dir():
        raise OutputError(f"{name}: is a folder; expected a file to write; name a file in it")
    if not folder.is_dir():
        raise OutputError(f"{name}: its folder {shown(folder)} does not exist; make it, or choose another path")
    writable = os.access(path, os.W_OK) if is_device(path) else os.access(folder, os.W_OK | os.X_OK)
    if not writable:
        raise OutputError(f"{name}: cannot be written there; expected rights to write; choose another path")


def is_device(path: Path) -> bool:
    """Whether the path is a pipe or device, which is written in place: a rename would replace it by a file."""
    return path.exists() and not path.is_file()


@contextmanager
def whole_file(path: Path, called: str | None = None) -> Iterator[Path]:
    """Give a path beside `path` to write to; at the end the file takes its place, after an error it is removed.

    Within a block of `placed_together` it takes its place at the end of that.

    Parameters
    ----------
    called : str, optional
        The name of the path that is given, for libraries that go by it; it lies in a folder of its own, then.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    if is_device(path):  # asked of the path as given: what /dev/stdout resolves to need not exist by name
        with write_faults(path):
            yield path
        return
    target = Path(os.path.realpath(path))
    remove_abandoned(target)
    part = part_beside(target)
    made = _Made(path, part, part if called is None else part / called, target)
    waits = False
    with write_faults(path):
        _refuse_taken(part)
        try:  # an interrupt may come as soon as the file is there
            if called is not None:
                part.mkdir()
            os.close(os.open(made.file, os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_WRONLY, 0o666))
            yield made.file
            _settle(made.file)
            if (waiting := _waiting.get()) is None:
                os.replace(made.file, target)
            else:
                waiting.append(made)
                waits = True
        finally:
            if not waits:
                made.remove()


@dataclass(frozen=True, slots=True)
class _Made:
    """A file that is whole but for its name: `file` is `part`, or lies in it; `path` is how the user calls it."""

    path: Path
    part: Path
    file: Path
    target: Path

    def remove(self) -> None:
        """Remove what has not got its name."""
        if self.file is self.part:
            self.part.unlink(missing_ok=True)
        else:
            shutil.rmtree(self.part, ignore_errors=True)


_waiting: ContextVar[list[_Made] | None] = ContextVar("_waiting", default=None)


@contextmanager
def placed_together() -> Iterator[None]:
    """Files that become whole in this block get their names at its end, one right after another; after an error none.

    Raises
    ------
    OutputError
        One could not get its name. Those that had got theirs are removed.
    """
    waiting: list[_Made] = []
    outer = _waiting.get()
    before = _waiting.set(waiting)
    try:
        try:
            yield
        finally:
            _waiting.reset(before)
        if outer is not None:  # a block within another: all wait for the end of that
            outer += waiting
            waiting = []
        placed: list[Path] = []
        try:
            for made in waiting:
                with write_faults(made.path):
                    os.replace(made.file, made.target)
                placed.append(made.target)
        except BaseException:
            for target in placed:
                target.unlink(missing_ok=True)
            raise
    finally:
        for made in waiting:
            made.remove()


def _settle(part: Path) -> None:
    """Have a file on disk before it gets its name: what a full disk or a quota refuses may come out only now."""
    number = os.open(part, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


@contextmanager
def whole_folder(folder: Path, older: Collection[str] = ()) -> Iterator[Path]:
    """Give a new folder beside `folder` to fill; at the end it takes its place, after an error it is removed.

    A folder that is there steps aside by a rename, and is removed once the new one stands; where that fails it comes
    back. A process that is killed between two renames leaves it whole, under the name `.FOLDER.*.older`.

    Parameters
    ----------
    older : collection of str
        Files of the folder that is there, by their paths in it, parted by `/`: those that the new one replaces.
        Whatever else it holds moves over to the new one.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    target = Path(os.path.realpath(folder))
    remove_abandoned(target)
    part = part_beside(target)
    with write_faults(folder):
        target.parent.mkdir(parents=True, exist_ok=True)
        _refuse_taken(part)
        try:
            part.mkdir()
            yield part
            _swap(part, target, older)
        finally:
            shutil.rmtree(part, ignore_errors=True)


def _swap(part: Path, target: Path, older: Collection[str]) -> None:
    if not target.exists():
        part.rename(target)
        return
    aside = part.with_suffix(".older")
    target.rename(aside)
    try:
        part.rename(target)
    except BaseException:
        aside.rename(target)
        raise
    _move_others(aside, target, older)
    shutil.rmtree(aside)


def _move_others(old: Path, new: Path, older: Collection[str], inside: str = "") -> None:
    """Move what is not among the older files, whole folders where none of those lies in them."""
    for entry in sorted(old.iterdir()):
        name = f"{inside}{entry.name}"
        if any(path.startswith(f"{name}/") for path in older) or (_is_folder(entry) and _is_folder(new / entry.name)):
            _move_others(entry, new / entry.name, older, f"{name}/")
        elif name not in older and not (new / entry.name).exists():
            new.mkdir(exist_ok=True)
            os.replace(entry, new / entry.name)


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _refuse_taken(part: Path) -> None:
    """What bears the name already is not ours, and must not be removed."""
    if os.path.lexists(part):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(part))


@contextmanager
def write_faults(path: Path | str) -> Iterator[None]:
    """Turn an OSError (disk full, no rights) into an OutputError; a pipe without reader stays what it is."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(
            f"{shown(path)}: cannot be written ({reason}); expected room and rights; choose another path"
        ) from error


@contextmanager
def text_output(path: Path | None) -> Iterator[TextIO]:
    """Open a result file, or standard output for None, as UTF-8 text with `\\n` line ends.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    if path is None:
        with write_faults("standard output"):
            stream = standard_output()
            yield stream
            stream.flush()
        return
    with whole_file(path) as part, ExitStack() as stack:
        raw = stack.enter_context(open(part, "wb"))
        if path.name.lower().endswith(".gz"):
            # No name and no time in the header: equal results are equal files.
            zipped = stack.enter_context(gzip.GzipFile("", "wb", 6, raw, mtime=0))
            yield stack.enter_context(io.TextIOWrapper(zipped, encoding="utf-8", newline=""))
        else:
            yield stack.enter_context(io.TextIOWrapper(raw, encoding="utf-8", newline=""))
