"""The package's own files of data: their hashes are those that are written down, and what is altered is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cistrace.errors import ModelError
from cistrace.io import shipped
from cistrace.io.shipped import DATA, SUMS, shipped_file, sums_line, sums_of

LISTED = sums_of((DATA / SUMS).read_text())


def test_every_file_is_listed_as_it_is() -> None:
    """Where this fails after a file was made anew: `python docs/make_sums.py`."""
    there = {path.name for path in DATA.iterdir() if path.is_file() and path.suffix != ".md"} - {SUMS}
    assert there == set(LISTED)
    assert (DATA / SUMS).read_text() == "".join(sums_line(DATA / name, name) for name in sorted(there))


@pytest.mark.parametrize("name", LISTED)
def test_one_altered_bit_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    shutil.copy(DATA / name, tmp_path)
    shutil.copy(DATA / SUMS, tmp_path)
    monkeypatch.setattr(shipped, "DATA", tmp_path)
    read = shipped_file.__wrapped__
    assert read(name) == tmp_path / name
    data = bytearray((tmp_path / name).read_bytes())
    data[len(data) // 2] ^= 4
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ModelError, match=rf"{name}: found SHA-256 \w+, expected {LISTED[name][:12]} .* install"):
        read(name)
    (tmp_path / name).unlink()
    with pytest.raises(ModelError, match=f"{name}: cannot be read"):
        read(name)


def test_lines_are_those_of_sha256sum() -> None:
    assert sums_of("ab12  a b.tsv\ncd34 *c\n\nnoise\n") == {"a b.tsv": "ab12", "c": "cd34"}
