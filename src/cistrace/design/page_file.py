"""The page of a set of designs: one HTML file, of the parts that reports are drawn with (`report.page`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from importlib.resources import files
from typing import Any, TextIO

from cistrace.design.judged import JudgedDesign
from cistrace.design.outcome import DesignReport
from cistrace.design.summary import summary_lines
from cistrace.predict import Predictor
from cistrace.predictions.prediction import Prediction
from cistrace.predictions.table import prediction_object
from cistrace.report.cells import BaseModel, cell_views
from cistrace.report.page import SCRIPTS, page_frame, page_json, part
from cistrace.report.scales import scale_views
from cistrace.report.view import sequence_views

DETAILED = 20  # designs, from the best on, that are drawn with what every base adds: half a second each
NATURAL_SPOTS = 400  # natural elements that are drawn beside designs
DRAWS = tuple(name for name in SCRIPTS if name not in ("overview.js", "report.js"))


def write_page(report: DesignReport, predictor: Predictor, title: str, out: TextIO) -> None:
    """Write the page; `predictor` is the one that traced the designs."""
    own = files("cistrace.design") / "page"
    style = part("report.css") + (own / "design.css").read_text(encoding="utf-8")
    code = "\n".join([*map(part, DRAWS), (own / "design.js").read_text(encoding="utf-8")])
    head, foot = page_frame(title, style, code)
    out.write(f"{head}{page_json(_page(report, predictor, title))}{foot}")


def _page(report: DesignReport, predictor: Predictor, title: str) -> dict[str, Any]:
    towers = predictor.checkpoint.towers
    model = None if towers is None else BaseModel(towers.contributions, predictor.cell_types)
    starts = list(dict.fromkeys(one.design.start_bases for one in report.designs if one.design.start_bases is not None))
    cells = dict.fromkeys([*filter(None, [report.target]), *report.objective.cell_types, *report.against])
    detailed = {one.design.start_bases for one in report.designs[:DETAILED]}
    names = {one.design.start_bases: one.design.start_id or "start" for one in reversed(report.designs)}
    return {
        "title": title,
        "objective": report.objective.text.replace("'", ""),
        "target": report.target,
        "against": report.against,
        "cells": list(cells),
        "judged": report.judge is not None,
        "natural": _natural(report),
        "summary": summary_lines(report),
        "account": asdict(report.account),
        "scales": scale_views(predictor.checkpoint.scales),
        "designs": [
            _design(one, starts, model if place < DETAILED else None) for place, one in enumerate(report.designs)
        ],
        "starts": [
            {
                "bases": bases,
                "view": _view(report.starts.get(bases, ()), names[bases], bases, model if bases in detailed else None),
            }
            for bases in starts
        ],
    }


def _natural(report: DesignReport) -> list[tuple[float, float]]:
    """Some natural elements before the judge, evenly drawn: largest off-target, target."""
    judge = report.judge
    if judge is None or report.target is None or not report.against:
        return []
    off = [judge.cell_types.index(name) for name in report.against]
    rows = judge.natural[:: max(1, len(judge.natural) // NATURAL_SPOTS)]
    column = judge.cell_types.index(report.target)
    return [(round(float(row[off].max()), 2), round(float(row[column]), 2)) for row in rows]


def _design(judged: JudgedDesign, starts: Sequence[str], model: BaseModel | None) -> dict[str, Any]:
    one, said, begun = judged.design, judged.judgement, judged.start
    return {
        "id": one.id,
        "bases": one.bases,
        "start": None if one.start_bases is None else starts.index(one.start_bases),
        "edits": None if one.start_bases is None else one.edits,
        "moves": one.moves,
        "value": round(judged.value, 3),
        "activities": _rounded(one.activities),
        "judged": None if said is None else round(said.value, 3),
        "gap": None if judged.gap is None else round(judged.gap, 3),
        "percentile": None if said is None else round(said.percentile, 2),
        "scores": None if said is None else _rounded(said.scores),
        "percentiles": None if said is None else _rounded(said.percentiles),
        "start_judged": None if begun is None else round(begun.value, 3),
        "start_scores": None if begun is None else _rounded(begun.scores),
        "agreement": None if judged.agreement is None else asdict(judged.agreement),
        "nearest": None if judged.nearest is None else {"id": judged.nearest.id, "edits": judged.nearest.edits},
        "flags": judged.flags,
        "view": _view(judged.predictions, one.id, one.bases, model),
    }


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 3) for name, value in values.items()}


def _view(
    predictions: Sequence[Prediction], name: str, bases: str, model: BaseModel | None
) -> dict[str, Any] | None:  # fmt: skip
    """What is drawn of a sequence; None without traces."""
    if not predictions:
        return None
    rows = [prediction_object(replace(one, id=name)) for one in predictions]
    (view,) = sequence_views(cell_views(rows, {name: bases}, model, [one.card for one in predictions]))
    return view
