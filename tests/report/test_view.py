"""The object of a sequence: what it tells of cards and traces, and how rows join."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import numpy as np
from card_helpers import a_told_card
from cli_helpers import DNA, a_card, a_prediction
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from report_helpers import a_view

from cistrace.motifs.hit import MotifHit
from cistrace.predictions.table import prediction_object
from cistrace.report.view import cell_view, sequence_views
from cistrace.traces.grounded import write
from cistrace.traces.positions import moved_text
from cistrace.traces.text import parse_trace, render_trace
from cistrace.traces.verify import verify


def test_a_view_holds_sites_steps_and_what_they_add() -> None:
    view = a_view()
    assert [(site["number"], site["tf"], site["start"], site["end"], site["strand"]) for site in view["sites"]] == [
        (1, "ELK1", 1, 8, "+"),
        (2, "FOXA1", 13, 20, "-"),
    ]
    assert [site["amount"] for site in view["sites"]] == [31, -12]
    steps = view["steps"]
    assert [step["kind"] for step in steps if step["adds"]][-1] == "whole"
    assert sum(sum(step["adds"]) for step in steps) == 42 == round(100 * view["activity"])
    assert [step["sites"] for step in steps if step["kind"] == "site"] == [[1], [2]]
    assert view["trace"]["verified"] and not any("failed" in step for step in steps)
    json.dumps(view, allow_nan=False)


def test_sites_that_no_step_tells_are_there_from_the_card_alone() -> None:
    hits = [MotifHit("MA0028.3", "ELK1", frozenset(), 0, 8, "+", 9.5, 1e-5)]
    hits += [MotifHit("MA0148.5", "FOXA1", frozenset(), 12, 20, "-", 8.25, 2e-5)]
    card = a_told_card(DNA, hits, [0.31, 0.0], 0.16, 0.42)
    one = replace(a_prediction(), card=card, trace=(trace := write(card)), trace_text=render_trace(trace))
    row = prediction_object(replace(one, verification=verify(trace, card)))
    with_card, without = cell_view(row, card=card), cell_view(row)
    assert {site["number"] for site in without["sites"]} < {site["number"] for site in with_card["sites"]} == {1, 2}
    told = with_card["sites"][0]
    assert without["sites"] == [{name: told[name] for name in without["sites"][0]}]


def test_positions_of_a_window_are_those_of_the_input() -> None:
    plain = a_prediction()
    assert plain.trace_text is not None and plain.card is not None
    text = moved_text(plain.trace_text, 100)
    one = replace(plain, start=100, end=100 + len(DNA), trace_text=text, trace=parse_trace(text))
    row = prediction_object(replace(one, verification=verify(text, plain.card, 100)))
    for view in (cell_view(row, card=plain.card), cell_view(row)):
        assert [(site["start"], site["end"]) for site in view["sites"]] == [(101, 108), (113, 120)]
        assert view["start"] == 101 and view["end"] == 100 + len(DNA)


def test_what_does_not_hold_is_told_at_its_step() -> None:
    plain = a_prediction()
    assert plain.trace_text is not None and plain.card is not None
    text = plain.trace_text.replace("ELK1 site", "GATA1 site")
    one = replace(plain, trace=parse_trace(text), trace_text=text, verification=verify(text, plain.card))
    view = cell_view(prediction_object(one))
    assert not view["trace"]["verified"]
    assert [step["failed"] for step in view["steps"] if "failed" in step] == [["tf GATA1, the card has ELK1"]]


def test_a_text_that_is_no_trace_is_shown_as_it_is() -> None:
    view = cell_view(prediction_object(replace(a_prediction(), trace=None, verification=None, trace_text="no <b>")))
    assert view["steps"] == [] and view["sites"] == []
    assert view["trace"]["text"] == "no <b>" and not view["trace"]["verified"]


def test_a_prediction_without_a_trace_has_its_activity_alone() -> None:
    view = cell_view(prediction_object(replace(a_prediction(trace=False), lower=-np.inf, upper=np.inf)))
    assert view["trace"] is None and view["sites"] == view["steps"] == []
    assert view["lower"] is None and view["upper"] is None and view["activity"] == 0.421


def test_a_cluster_is_about_all_sites_of_its_archetype() -> None:
    hits = [MotifHit("MA0028.3", "ELK1", frozenset(), at, at + 8, "+", 9.5, 1e-5) for at in (0, 10, 20)]
    card = a_told_card(DNA, hits, [0.31, 0.2, 0.1], 0.16, 0.8)
    one = replace(a_prediction(), card=card, trace=(trace := write(card)), trace_text=render_trace(trace))
    view = cell_view(prediction_object(replace(one, verification=verify(trace, card))), card=card)
    assert [step["sites"] for step in view["steps"] if step["kind"] == "homotypic"] == [[1, 2, 3]]


def test_a_paper_card_shows_its_hits() -> None:
    hit = MotifHit("MA0028.3", "ELK1", frozenset({"b", "a"}), 0, 8, "+", 9.5, 1e-5)
    card = replace(a_card(), sites=(), tags=(), ledger=None, hits=(hit,))
    (site,) = cell_view(prediction_object(a_prediction(trace=False)), card=card)["sites"]
    assert (site["tf"], site["archetype"], site["amount"]) == ("ELK1", "a, b", None)


@given(arrays(np.float32, st.integers(1, 30), elements=st.floats(-2, 2, width=32)))
def test_contributions_are_packed_to_a_hundredth_of_the_largest(contributions: np.ndarray) -> None:
    packed = cell_view(prediction_object(a_prediction()), contributions=contributions)["contributions"]
    found = packed["unit"] * np.frombuffer(base64.b64decode(packed["values"]), dtype=np.int8)
    assert found.shape == contributions.shape
    assert np.abs(found - contributions).max() <= np.abs(contributions).max() / 200 + 1e-6


def test_rows_of_an_id_join_up_to_a_cell_type_that_comes_again() -> None:
    rows = [
        ("a", "K562", 0),
        ("a", "HepG2", 0),
        ("b", "K562", 0),
        ("b", "K562", 50),
        ("b", "HepG2", 50),
        ("a", "K562", 0),
    ]
    cells = [
        {**a_view(a_prediction(name, cell)), "start": start + 1, "end": start + len(DNA)} for name, cell, start in rows
    ]
    views = list(sequence_views(cells))
    assert [(view["id"], len(view["cells"]), len(view["windows"])) for view in views] == [
        ("a", 2, 1), ("b", 1, 1), ("b", 2, 1), ("a", 1, 1),
    ]  # fmt: skip
    assert all([site["tf"] for site in view["sites"]] == ["ELK1", "FOXA1"] for view in views)
    assert [[site["site"] for site in cell["sites"]] for cell in views[0]["cells"]] == [[0, 1], [0, 1]]
    assert views[2]["windows"] == [{"start": 51, "end": 50 + len(DNA), "bases": DNA}]
    assert list(sequence_views([])) == []


def test_cell_types_may_lie_in_windows_of_their_own() -> None:
    cells = [
        {**a_view(a_prediction("a", cell)), "start": start + 1, "end": start + len(DNA)}
        for cell, start in (("HepG2", 0), ("K562", 50), ("WTC11", 0))
    ]
    (view,) = sequence_views(cells)
    assert [cell["window"] for cell in view["cells"]] == [0, 1, 0]
    assert not {"bases", "start", "id"} & set(view["cells"][0])
