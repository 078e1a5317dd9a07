"""Files and folders that are not complete yet, under hidden names beside their target.

A name tells which process writes, and where: `.TARGET.MACHINE-PID-RANDOM.partial`. What a process that was killed left
can so be told from what another one is writing at this moment.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import secrets
import shutil
import stat
import uuid
from contextlib import suppress
from functools import cache
from pathlib import Path

_LONGEST = 200  # bytes of the target's name that are kept: with what follows, a file name may have 255


def part_beside(target: Path) -> Path:
    """A hidden name beside `target` for what is not complete yet; nobody can guess it."""
    return target.with_name(f"{_beginning(target)}{os.getpid()}-{secrets.token_hex(8)}.partial")


def remove_abandoned(target: Path) -> None:
    """Remove the partial files and folders of `target` whose process is no more.

    They are ours (this user's, named by `part_beside` on this machine since it started) and no links. A process number
    that another process has now keeps its file: better one file too many than one too few.
    """
    mine = re.compile(re.escape(_beginning(target)) + r"([0-9]+)-[0-9a-f]{16}\.partial")
    with suppress(OSError):
        for name in os.listdir(target.parent):
            found = mine.fullmatch(name)
            if found is not None and not _is_alive(int(found[1])):
                _remove(target.with_name(name))


def _beginning(target: Path) -> str:
    name = os.fsencode(target.name)[:_LONGEST].decode(errors="ignore")
    return f".{name}.{_machine()}-"


@cache
def _machine() -> str:
    """Names the processes among which a number means one: a machine's since it started, seen from one container."""
    seen = [f"{platform.node()} {uuid.getnode()}"]
    with suppress(OSError):
        seen.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii"))
    with suppress(OSError):
        seen.append(os.readlink("/proc/self/ns/pid"))
    return hashlib.blake2b("\n".join(seen).encode(), digest_size=4).hexdigest()


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # another user's
        return True
    return True


def _remove(path: Path) -> None:
    with suppress(OSError):
        about = path.lstat()
        if about.st_uid != os.geteuid():
            return
        if stat.S_ISDIR(about.st_mode):
            shutil.rmtree(path, ignore_errors=True)
        elif stat.S_ISREG(about.st_mode):
            path.unlink()
