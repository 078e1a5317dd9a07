"""Predictions on a terminal."""

from __future__ import annotations

import io
import math
import re
from dataclasses import replace
from typing import Any

import pytest
from cli_helpers import AWKWARD, a_prediction
from rich.console import Console

from cistrace.io.terminal import one_line
from cistrace.predictions.prediction import Prediction
from cistrace.predictions.show import place, show_predictions, verdict

LONG = "hg38_chr17_43044295_43125364_minus_BRCA1_promoter_library_batch7_replicate2_tag0001"
IDS = ("chr5_1010220_HepG2", "chr5_15796630_hESCT0", LONG)
FLAGS = ("tiled:49", "window:1201-1400", "ambiguous:12")


def on_screen(predictions: list[Prediction], width: int, **options: Any) -> str:
    screen = io.StringIO()
    show_predictions(predictions, Console(file=screen, width=width, **{"color_system": None, **options}))
    return screen.getvalue()


def bare(identifier: str, cell_type: str = "K562", flags: tuple[str, ...] = ()) -> Prediction:
    return replace(a_prediction(identifier, cell_type, trace=False), flags=flags)


@pytest.mark.parametrize("identifier", AWKWARD)
def test_terminal_shows_ids_as_data(identifier: str) -> None:
    shown = on_screen([a_prediction(identifier)], 200)
    assert "\x1b" not in shown
    assert len([line for line in shown.splitlines() if line.startswith(one_line(identifier))]) == 2  # row and trace
    assert "Verified: all" in shown and "Level: 2" in shown


@pytest.mark.parametrize("width", [50, 60, 80, 120, 200])
def test_a_table_fits_its_terminal(width: int) -> None:
    """At any width every line fits, figures stand whole, and ids keep both ends and are never parted."""
    predictions = [bare(name, cell, FLAGS) for name in IDS for cell in ("HepG2", "K562")]
    lines = on_screen(predictions, width).splitlines()
    assert max(map(len, lines)) <= width
    assert sum("+0.421 -0.33 to +0.67   61.5     2" in line for line in lines) == len(predictions)
    assert sum(line.startswith("chr5_15796630_hESCT0") for line in lines) == (1 if width < 64 else 2)
    long = [line for line in lines if line.startswith("hg38_chr")]
    assert all("tag0001" in line for line in long) and long
    assert sum(" ".join(FLAGS) in line for line in lines) == len(predictions)


def test_short_flags_stay_in_their_row() -> None:
    head, first, second = on_screen([bare(IDS[1], flags=("padded",)), bare(IDS[0])], 80).splitlines()
    assert head.split() == ["id", "cell", "activity", "90", "%", "interval", "pctile", "level", "flags"]
    assert first.startswith(f"{IDS[1]} K562 ") and first.endswith(" 2 padded")
    assert first.index("+0.421") == second.index("+0.421")


def test_traces_wrap_at_words_under_their_number() -> None:
    lines = on_screen([a_prediction(LONG)], 50).splitlines()
    assert max(len(line) for line in lines if LONG not in line) <= 50
    steps = [line for line in lines if re.match(r"\d\. |   \S", line)]
    text = " ".join(line.strip() for line in steps)
    trace = a_prediction(LONG).trace_text
    assert trace is not None and all(step in text for step in trace.split("</think>")[0].strip().splitlines())


def test_a_trace_ends_in_the_activity_of_its_row() -> None:
    """And its steps say what the sum has come to, as they are read."""
    one = replace(a_prediction(), flags=("grounded_trace",))
    lines = on_screen([one], 200).splitlines()
    assert "+0.420 -0.33 to +0.67" in lines[1] and lines[1].endswith(" grounded_trace")
    assert one.trace is not None and one.ledger is not None
    steps = [line for line in lines if re.match(r"\d\. ", line)]
    assert len(steps) == len(one.trace.steps)
    for site in one.ledger.sites:
        place_of = f"{site.tf} site ({site.archetype}) at {site.start}-{site.end} ({site.strand})"
        (told,) = (line for line in steps if place_of in line)
        assert f" {site.amount:+.2f}: now " in told
    assert f"the whole comes to {one.activity:+.2f}: what is not told above adds {one.ledger.rest:+.2f}" in steps[-1]


def test_verdicts_are_words_and_colours() -> None:
    good = a_prediction()
    bad = replace(good, trace=None, verification=None, trace_text="nothing")
    colours: dict[str, Any] = {"color_system": "standard", "force_terminal": True, "no_color": False}
    shown = on_screen([good, bad], 100, **colours)
    assert "\x1b[32mVerified: all" in shown and "\x1b[1;31mNot verified" in shown
    plain = on_screen([good, bad], 100, **{**colours, "no_color": True})
    assert "[32m" not in plain and "31m" not in plain
    assert "Verified: all" in plain and "Not verified" in plain


def test_an_interval_that_cannot_be_stated_is_none() -> None:
    screen = io.StringIO()
    unknown = replace(a_prediction(trace=False), lower=-math.inf, upper=math.inf, flags=("no_interval",))
    show_predictions([unknown], Console(file=screen, width=200, color_system=None))
    row = screen.getvalue().splitlines()[1]
    assert "no interval" in row and "inf" not in row


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
    assert "concludes level 1; the most probable is 2" in verdict(replace(good, trace=replace(good.trace, level=1)))
    assert "concludes" not in verdict(good)
    assert "not a trace" in verdict(replace(good, trace=None, verification=None))


def test_a_trace_of_a_window_says_which_and_whose_its_positions_are() -> None:
    one = replace(a_prediction(), flags=("tiled:4", "window:151-184"), start=150, end=184)
    assert place(one) == "Window 151-184 of the input; positions are those of the input."
    assert place(a_prediction()) == ""
