"""SHA-256 of files, in bounded memory, and of plain values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path


def file_hash(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def files_hash(paths: Iterable[Path]) -> str:
    """One SHA-256, hexadecimal, over those of several files, in the given order. Their names do not count."""
    whole = hashlib.sha256()
    for path in paths:
        whole.update(bytes.fromhex(file_hash(path)))
    return whole.hexdigest()


def json_hash(plain: object) -> str:
    """SHA-256, hexadecimal, of a value of JSON types; the order of keys does not count."""
    return text_hash(json.dumps(plain, sort_keys=True))


def text_hash(text: str) -> str:
    """SHA-256 of text as UTF-8, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()
