"""The page of the server: sequences in, figures out, and a bench on which bases are changed.

Figures are those of reports: the same script and style, and the same object a sequence (`report.view`).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from itertools import groupby
from typing import Any

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.exceptions import HTTPException

from cistrace.io.dna_sequence import DnaSequence
from cistrace.predictions.prediction import Prediction
from cistrace.predictions.table import prediction_object
from cistrace.report.cells import BaseModel, cell_views
from cistrace.report.page import SCRIPTS, part
from cistrace.report.scales import scale_views
from cistrace.report.view import sequence_views
from cistrace.serve.api import Questions
from cistrace.serve.asking import Asked, Work, told_in_turns
from cistrace.serve.bodies import BodyRoute
from cistrace.serve.events import EVENTS, events
from cistrace.serve.requests import PredictQuestion
from cistrace.serve.service import Service
from cistrace.version import __version__
from cistrace.writers.reasoner import OnWritten

OWN_SCRIPTS = ("asking.js", "bench.js", "serve.js")
DRAWING = SCRIPTS[:-1]  # the last one starts a report
STYLES = ("report.css", "serve.css")
MEDIA = {"js": "text/javascript", "css": "text/css"}


class ViewQuestion(PredictQuestion):
    """What is to be drawn; `contributions` are what each base adds, and cost half a second a window."""

    contributions: bool = False


@cache
def page_part(name: str) -> str:
    """The text of one file of the page, the server's own or a report's.

    Raises
    ------
    KeyError
        No file of the page has this name.
    """
    if name in DRAWING or name == "report.css":
        return part(name)
    if name in (*OWN_SCRIPTS, "serve.css", "serve.html"):
        return (files("cistrace.serve") / "page" / name).read_text(encoding="utf-8")
    raise KeyError(name)


def page_html() -> str:
    """The page itself; everything else it asks for, by address."""
    styles = "\n".join(f'<link rel="stylesheet" href="/page/{name}">' for name in STYLES)
    scripts = "\n".join(f'<script defer src="/page/{name}"></script>' for name in (*DRAWING, *OWN_SCRIPTS))
    text = page_part("serve.html").replace("{{version}}", __version__)
    return text.replace("{{styles}}", styles).replace("{{scripts}}", scripts)


def view_work(service: Service, asked: Asked, contributions: bool) -> Work[dict[str, Any]]:
    """What is drawn of each sequence of a piece, as `told_in_turns` wants it."""

    def work(piece: tuple[DnaSequence, ...], on_written: OnWritten) -> list[dict[str, Any]]:
        found = service.predictions(piece, asked.cells, asked.trace, asked.windows, on_written)
        return list(_drawn(found, piece, _base_model(service) if contributions else None))

    return work


def _base_model(service: Service) -> BaseModel | None:
    checkpoint = service.predictor.checkpoint
    return None if checkpoint.towers is None else BaseModel(checkpoint.towers.contributions, checkpoint.cell_types)


def _drawn(
    found: list[Prediction], piece: tuple[DnaSequence, ...], model: BaseModel | None
) -> Iterator[dict[str, Any]]:  # fmt: skip
    bases = {record.id: record.bases for record in piece}
    for identifier, group in groupby(found, key=lambda one: one.id):
        of_sequence = list(group)
        rows = [prediction_object(one) for one in of_sequence]
        cells = cell_views(rows, bases, model, [one.card for one in of_sequence])
        for view in sequence_views(cells):
            yield {"view": view, "bases": bases[identifier], "made": rows[0]["provenance"]}


def page_routes(service: Service, questions: Questions) -> APIRouter:
    """Routes of the page, its parts, and what it draws; what they answer is no interface for others."""
    router = APIRouter(include_in_schema=False, route_class=BodyRoute)

    @router.get("/")
    async def page() -> HTMLResponse:
        return HTMLResponse(page_html())

    @router.get("/page/scales")
    async def scales() -> JSONResponse:
        return JSONResponse(scale_views(service.predictor.checkpoint.scales))

    @router.get("/page/{name}")
    async def piece_of_page(name: str) -> Response:
        if name.rpartition(".")[2] not in MEDIA:
            raise HTTPException(404)
        try:
            text = page_part(name)
        except KeyError:
            raise HTTPException(404) from None
        return Response(text, media_type=MEDIA[name.rpartition(".")[2]])

    @router.post("/page/views", dependencies=[Depends(questions.place)])
    async def views(question: ViewQuestion) -> StreamingResponse:
        asked = questions.predict(question)
        rows = told_in_turns(questions.worker, asked, view_work(service, asked, question.contributions))
        return StreamingResponse(events(rows, asked.total, "view", lambda row: row), media_type=EVENTS)

    return router
