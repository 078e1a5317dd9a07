"""`--windows`: what a command asks of the model, and what becomes of a long sequence without one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_helpers import FASTA, StandIn, invoke, stand_in  # noqa: F401

from cistrace.predictions.prediction import Prediction


@pytest.mark.parametrize(
    ("given", "asked"), [((), "best"), (("--windows", "best"), "best"), (("--windows", "all"), "all")]
)
def test_predict_asks_for_the_windows_it_was_told(
    given: tuple[str, ...],
    asked: str,
    stand_in: type[StandIn],  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard: list[object] = []

    def stream(
        self: StandIn, sequences: object, cells: object, trace: bool, windows: str, *_: object
    ) -> Iterator[Prediction]:
        heard.append(windows)
        return iter(())

    monkeypatch.setattr(stand_in, "stream", stream)
    (tmp_path / "in.fa").write_text(FASTA)
    result = invoke("predict", tmp_path / "in.fa", *given)
    assert result.exit_code == 0, result.stderr
    assert set(heard) == {asked}


@pytest.mark.parametrize("windows", ["best", "all"])
def test_without_evidence_every_window_has_a_card(windows: str, tmp_path: Path) -> None:
    (tmp_path / "in.fa").write_text(">long\n" + "ACGTTGCA" * 40 + "\n")
    result = invoke(
        "card",
        tmp_path / "in.fa",
        "--cell-type",
        "K562",
        "--evidence",
        "none",
        "--format",
        "json",
        "--windows",
        windows,
    )
    assert result.exit_code == 0, result.stderr
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["window"] for row in rows] == [[0, 200], [100, 300], [120, 320]]
    assert [row["flags"][1] for row in rows] == ["window:1-200", "window:101-300", "window:121-320"]
