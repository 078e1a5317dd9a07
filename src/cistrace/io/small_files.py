"""Small files, read whole: settings, motifs, what a folder says of itself. What is larger than any is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

MEBIBYTE = 1 << 20
MOST_BYTES = 64 * MEBIBYTE


def small_bytes(path: Path, most: int = MOST_BYTES) -> bytes:
    """The bytes of a file.

    Raises
    ------
    OSError
        It cannot be read.
    ValueError
        It holds more than `most` bytes, of which no more than these are read.
    """
    with path.open("rb") as handle:
        found = handle.read(most + 1)
    if len(found) > most:
        size = f"{most / MEBIBYTE:g} MiB" if most >= MEBIBYTE else f"{most // 1024} KiB"
        raise ValueError(f"holds over {size}, expected less")
    return found


def small_text(path: Path, most: int = MOST_BYTES) -> str:
    """The text of a file, UTF-8; line ends become `\\n`, and a byte order mark goes. Raises as `small_bytes`.

    Raises
    ------
    ValueError
        The bytes are not UTF-8.
    """
    try:
        text = small_bytes(path, most).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        found = error.object[error.start]
        raise ValueError(f"found bytes that are not UTF-8 (0x{found:02x}); save it as UTF-8") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def parse_json(text: str | bytes) -> Any:
    """The value of a JSON text.

    Raises
    ------
    ValueError
        It is no JSON, or nested more deeply than Python reads.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
