"""Small files, read whole within bounds."""

from __future__ import annotations

from pathlib import Path

import pytest

from cistrace.io.small_files import parse_json, small_bytes, small_text


def test_text_is_read_as_files_hold_it(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes("\ufeffä\r\nb\rc".encode())
    assert small_text(path) == "ä\nb\nc"
    path.write_bytes(b"\xff")
    with pytest.raises(ValueError, match="not UTF-8 \\(0xff\\); save it as UTF-8"):
        small_text(path)


def test_no_more_is_read_than_allowed(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    assert small_bytes(path, 5) == b"12345"
    with pytest.raises(ValueError, match="holds over 2 KiB"):
        small_bytes(Path("/dev/zero"), 2048)
    with pytest.raises(ValueError, match="holds over 2 MiB"):
        small_bytes(Path("/dev/zero"), 2 << 20)


@pytest.mark.parametrize("text", ["[" * 100_000, b'{"a":' * 100_000, "{", "1" * 5000])
def test_what_is_no_json_is_a_value_error(text: str | bytes) -> None:
    with pytest.raises(ValueError):
        parse_json(text)
