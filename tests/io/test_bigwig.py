"""bigWig files: on disk before they have their name, no folder of others removed, the library's reason told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cistrace.errors import OutputError
from cistrace.io.bigwig import write_bigwig
from cistrace.io.partials import part_beside

pytest.importorskip("pybigtools")
LENGTHS = {"chr1": 100}
VALUES = [("chr1", 0, 5, 1.0)]


def test_it_is_on_disk_before_it_gets_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    sync, replace = os.fsync, os.replace

    def synced(number: int) -> None:
        done.append("sync")
        sync(number)

    def replaced(part: Path, target: Path) -> None:
        done.append("name")
        replace(part, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", replaced)
    write_bigwig(tmp_path / "a.bw", LENGTHS, VALUES)
    assert done == ["sync", "name"] and os.listdir(tmp_path) == ["a.bw"]


def test_a_folder_at_the_partials_name_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secrets.token_hex", lambda size: "guessed")
    planted = part_beside(tmp_path / "a.bw")
    planted.mkdir()
    (planted / "theirs").write_text("precious")
    with pytest.raises(OutputError, match="File exists"):
        write_bigwig(tmp_path / "a.bw", LENGTHS, VALUES)
    assert (planted / "theirs").read_text() == "precious"


def test_the_librarys_own_reason_is_told(tmp_path: Path) -> None:
    overlapping = [("chr1", 10, 20, 1.0), ("chr1", 5, 15, 1.0)]
    with pytest.raises(OutputError, match=r"as bigWig \(.*overlapping values.*\)") as caught:
        write_bigwig(tmp_path / "a.bw", LENGTHS, overlapping)
    assert "\n" not in str(caught.value)
    with pytest.raises(OutputError, match=r"as bigWig \(.+\)") as caught:
        write_bigwig(tmp_path / "b.bw", LENGTHS, [("chr1", 0, 5, "none")])  # type: ignore[list-item]
    assert caught.value.__cause__ is not None
    assert os.listdir(tmp_path) == []
