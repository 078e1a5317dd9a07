"""Predictions on a terminal."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from cli_helpers import AWKWARD, a_prediction
from rich.console import Console

from cistrace.io.terminal import printable
from cistrace.predictions.show import show_predictions, verdict


@pytest.mark.parametrize("identifier", AWKWARD)
def test_terminal_shows_ids_as_data(identifier: str) -> None:
    screen = io.StringIO()
    show_predictions([a_prediction(identifier)], Console(file=screen, width=200, color_system=None))
    shown = screen.getvalue()
    assert "\x1b" not in shown
    assert printable(identifier).split("\n")[0].split("\t")[0] in shown
    assert "Verified: all" in shown and "Level: 2" in shown


def test_a_table_fits_eighty_columns() -> None:
    screen = io.StringIO()
    rows = [replace(a_prediction("chr5_15796630_hESCT0", trace=False), flags=("padded", "low_complexity"))] * 2
    show_predictions(rows, Console(file=screen, width=80, color_system=None))
    head, first, second, *_ = screen.getvalue().splitlines()
    assert head.split() == ["id", "cell", "activity", "90", "%", "interval", "pctile", "level", "flags"]
    assert first.startswith("chr5_15796630_hESCT0 ") and "-0.33 to +0.67" in first and first.rstrip().endswith("padded")
    assert second.strip() == "low_complexity"


def test_verdict_names_what_failed() -> None:
    good = a_prediction()
    assert good.verification is not None and good.trace is not None
    first = replace(good.verification.findings[0], supported=False, found="0.999")
    spoilt = replace(
        good.verification, findings=(first, *good.verification.findings[1:]), supported=good.verification.supported - 1
    )
    lines = verdict(replace(good, verification=spoilt)).splitlines()
    assert lines[0].startswith("Not verified")
    assert lines[1].endswith("the card has 0.999")
    assert "concludes level 1; the activity is of level 2" in verdict(replace(good, trace=replace(good.trace, level=1)))
    assert "concludes" not in verdict(good)
    assert "not a trace" in verdict(replace(good, trace=None, verification=None))
