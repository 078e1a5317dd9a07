"""What travels with a stage, and what stays."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path

import pytest
from engine_helpers import Doubling

from cistrace.engines.stage import Stage


@dataclass(frozen=True, eq=False)
class Reading(Stage[str, str, str]):
    path: Path

    def open(self) -> str:
        return self.path.read_text()

    def work(self, task: str) -> list[str]:
        return [self.opened + task]


def test_a_stage_opens_once_and_when_asked(tmp_path: Path) -> None:
    stage = Reading(tmp_path / "word")
    (tmp_path / "word").write_text("first ")
    assert stage.work("a") == ["first a"]
    (tmp_path / "word").write_text("second ")
    assert stage.work("b") == ["first b"]


def test_what_is_open_stays_and_paths_are_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("word").write_text("first ")
    stage = Reading(Path("word"))
    assert stage.opened == "first "
    packed = pickle.dumps(stage)
    assert b"first" not in packed
    monkeypatch.chdir("/")
    (tmp_path / "word").write_text("second ")
    assert pickle.loads(packed).work("b") == ["second b"]


def test_what_shows_progress_is_left_behind() -> None:
    heard: list[int] = []
    stage = Doubling(heard=heard.append)
    assert list(stage.work([1, 2])) == [2, 4] and heard == [1, 2]
    there = pickle.loads(pickle.dumps(stage))
    assert there.heard is None and list(there.work([1, 2])) == [2, 4] and heard == [1, 2]
