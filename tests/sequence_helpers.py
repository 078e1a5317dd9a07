"""What the tests of sequence reading share."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from cistrace.errors import InputError, RecordError
from cistrace.io.rejects import Reject, Rejects
from cistrace.io.sequences import read_sequences

A = "ACGTACGTACGTACGTACGTAC"
B = "TTGGCCAATTGGCCAATTGGCCAA"


def pairs(path: Path | str, **options: object) -> list[tuple[str, str]]:
    return [(s.id, s.bases) for s in read_sequences(path, **options)]  # type: ignore[arg-type]


def made(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def file_error(path: Path | str, **options: object) -> str:
    """The one line of the InputError; skipping does not help against it."""
    with pytest.raises(InputError) as caught:
        pairs(path, on_error="skip", rejects=Rejects(), **options)
    message = str(caught.value)
    assert not isinstance(caught.value, RecordError)
    assert "\n" not in message and message.isprintable()
    return message


def record_error(path: Path | str, **options: object) -> str:
    with pytest.raises(RecordError) as caught:
        pairs(path, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def skipped(path: Path | str, **options: object) -> tuple[list[tuple[str, str]], list[Reject]]:
    rejects = Rejects()
    return pairs(path, on_error="skip", rejects=rejects, **options), list(rejects)


LETTERS = "ACGTNRYSWKMBDHV"
BASES = st.text(LETTERS + LETTERS.lower(), min_size=20, max_size=90)
WORDS = st.text(st.characters(exclude_characters=" \t\r\n\0", exclude_categories=["Cs"]), min_size=1, max_size=20)


def records(ids: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, str]]:
    return st.dictionaries(ids.filter(lambda name: bool(name.strip())), BASES, min_size=1, max_size=6)


def same_again(folder: Path, name: str, rows: dict[str, str], content: bytes) -> None:
    assert pairs(made(folder, name, content)) == [(key, bases.upper()) for key, bases in rows.items()]


ROUND_TRIP = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
