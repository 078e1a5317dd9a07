"""Files of data that come with the package, each held to the hash in `data/SHA256SUMS` (`docs/make_sums.py`)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from cistrace.errors import ModelError
from cistrace.io.hashes import file_hash

DATA = Path(__file__).parent.parent / "data"
SUMS = "SHA256SUMS"  # as `sha256sum` writes and checks it


@cache
def shipped_file(name: str) -> Path:
    """The path of a file of data that comes with the package; its content is looked at once a process.

    Raises
    ------
    ModelError
        It is missing, or torn or altered.
    """
    path = DATA / name
    try:
        expected, found = sums_of((DATA / SUMS).read_text(encoding="utf-8")).get(name), file_hash(path)
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise ModelError(
            f"{path}: cannot be read ({reason}); expected a file that ships; install cistrace again"
        ) from error
    if found != expected:
        raise ModelError(
            f"{path}: found SHA-256 {found[:12]}, expected {str(expected)[:12]} as {SUMS} has it; one of the two is "
            "torn or altered: install cistrace again"
        )
    return path


def sums_of(text: str) -> dict[str, str]:
    """Hashes, hexadecimal, by file name, of lines as `sha256sum` writes them; a line of another kind is passed over."""
    pairs = (line.split(maxsplit=1) for line in text.splitlines())
    return {pair[1].removeprefix("*"): pair[0] for pair in pairs if len(pair) == 2}


def sums_line(path: Path, name: str) -> str:
    """The line of a file, as `sha256sum` writes it."""
    return f"{file_hash(path)}  {name}\n"
