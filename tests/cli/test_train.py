"""`cistrace train` and `generate` on the command line: what they refuse, and how."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_helpers import invoke


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("train", "all", "--recipe", "none", "--data", "DIR", "-o", "RUN"), "compact, r3lm-qwen3-4b, smollm2-135m"),
        (("train", "all", "--recipe", "compact", "--data", "DIR", "-o", "RUN"), "holds no readable manifest.json"),
        (("train", "all", "--recipe", "compact", "--data", "DIR", "-o", "RUN", "rationale.epoch=1"), "expected epochs"),
        (
            ("train", "all", "--recipe", "compact", "--data", "DIR", "-o", "RUN", "rationale.epochs=-1", "x.y=2"),
            "2 faults",
        ),
        (("train", "all", "--recipe", "compact", "--data", "DIR", "-o", "RUN", "report=wandb"), "pip install wandb"),
        (("train", "stage3", "--recipe", "compact", "--data", "DIR", "-o", "RUN"), "'stage3' is not one of"),
        (("generate", "DIR", "--model", "RUN"), "is no run"),
        (("generate", "DIR", "--model", "RUN", "--base-url", "http://x/v1"), "together"),
        (("export", "RUN", "-o", "OUT"), "is no run"),
        (("predict", "-", "--model", "RUN"), "RUN"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line_and_leaves_nothing(
    tmp_path: Path, arguments: tuple[str, ...], expected: str
) -> None:
    places = {name: str(tmp_path / name) for name in ("DIR", "RUN", "OUT")}
    made = invoke(*(places.get(one, one) for one in arguments), stdin=">a\nACGTACGTACGTACGTACGTACGT\n")
    assert made.exit_code == 2 and expected in made.stderr
    assert len(made.stderr.strip().splitlines()) <= 4
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "command", ["train all --recipe compact --data D -o R", "generate D --model R", "export R -o O"]
)
def test_a_missing_extra_is_named(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "cistrace.cli.extras.find_spec", lambda name: None if name in ("accelerate", "peft") else object()
    )
    made = invoke(*command.split())
    assert made.exit_code == 2
    assert "found no accelerate, peft; expected the extra train; run `pip install 'cistrace[train]'`" in made.stderr
