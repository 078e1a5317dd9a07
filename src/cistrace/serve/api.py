"""The JSON API: what `cistrace predict`, `card`, `scan`, `Explainer` and `Reward` say, by questions over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, StreamingResponse

from cistrace.cards.windows import MINIMUM_KNOWN
from cistrace.io.dna_sequence import DnaSequence
from cistrace.predictions.table import prediction_object
from cistrace.reward.explanation import RewardExplanation
from cistrace.serve.answers import (
    About,
    Allowed,
    Cards,
    Effects,
    Explanations,
    Health,
    Hits,
    Predictions,
    Problem,
    Rewards,
)
from cistrace.serve.asking import WITH_TRACES, WITHOUT, Asked, pieces, predicted, prediction_work, told_in_turns
from cistrace.serve.bodies import BodyRoute
from cistrace.serve.events import EVENTS, events
from cistrace.serve.limits import MEBIBYTE, Limits
from cistrace.serve.requests import (
    CardQuestion,
    ExplainQuestion,
    PredictQuestion,
    Question,
    RewardQuestion,
    ScanQuestion,
    VariantQuestion,
    sequences_of,
)
from cistrace.serve.service import Service
from cistrace.serve.worker import Worker
from cistrace.version import __version__

PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": why}
    for status, why in {
        400: "The request is no JSON.",
        403: "It comes from another site's page.",
        413: "It is too large.",
        415: "It is said to be something else than JSON.",
        421: "It was meant for another server.",
        422: "Something in it cannot be used.",
        503: "As many requests as may wait are waiting.",
    }.items()
}


class Questions:
    """Checks what is asked of a model before any of it is worked on.

    Parameters
    ----------
    service, worker, limits
        As `app.build_app` takes them.
    """

    def __init__(self, service: Service, worker: Worker, limits: Limits) -> None:
        self.worker = worker
        self._service = service
        self._limits = limits

    async def place(self) -> AsyncIterator[None]:
        """A place among the requests, for as long as one lasts."""
        with self.worker.place():
            yield

    def records(self, question: Question, minimum_known: int = MINIMUM_KNOWN) -> tuple[DnaSequence, ...]:
        """The sequences of a question.

        Raises
        ------
        InputError
            As `sequences_of` and `Limits.check`.
        """
        found = tuple(sequences_of(question.sequences, minimum_known))
        self._limits.check(found)
        return found

    def predict(self, question: PredictQuestion) -> Asked:
        """What is to be predicted.

        Raises
        ------
        InputError, CellTypeError, ModelError
            As `Predictor.stream`, and as `records`.
        """
        self._service.predictor.readout(question.trace)
        cells = self._service.cells(question.cell_types)
        return Asked(self.records(question), cells, question.trace, question.windows, self._service.window)


def model_routes(service: Service, questions: Questions, limits: Limits) -> APIRouter:
    """Routes below `/api` of one model."""
    worker = questions.worker
    router = APIRouter(prefix="/api", responses=PROBLEMS, route_class=BodyRoute)
    _add_about(router, service, worker, limits)

    waits = [Depends(questions.place)]
    records_of = questions.records

    async def in_pieces(
        request: Request, asked: Sequence[Any], size: int, work: Callable[..., list[dict[str, Any]]]
    ) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for piece in pieces(asked, size):
            if await request.is_disconnected():
                break
            rows += await worker.run(lambda piece=piece: work(piece))  # type: ignore[misc]
        return rows

    @router.post("/predict", summary="Predict", dependencies=waits, responses={200: {"model": Predictions}})
    async def predict(question: PredictQuestion, request: Request) -> JSONResponse:
        """Activity of every sequence in every cell type, with trace and ledger: lines of `cistrace predict`'s JSONL."""
        rows = await predicted(service, worker, questions.predict(question), request.is_disconnected)
        return JSONResponse({"predictions": [prediction_object(row) for row in rows]})

    @router.post(
        "/predict/stream", summary="Predict, with progress", dependencies=waits, response_class=StreamingResponse,
        responses={200: {"content": {EVENTS: {"schema": {"type": "string"}}}, "description": "Server-sent events."}},
    )  # fmt: skip
    async def stream(question: PredictQuestion) -> StreamingResponse:
        """As predict, in events: `progress` (rows done, total), `prediction` (a row), then `end`, or `error`."""
        asked = questions.predict(question)
        rows = told_in_turns(worker, asked, prediction_work(service, asked))
        return StreamingResponse(events(rows, asked.total, "prediction", prediction_object), media_type=EVENTS)

    @router.post("/card", summary="Card", dependencies=waits, responses={200: {"model": Cards}})
    async def card(question: CardQuestion, request: Request) -> JSONResponse:
        """What the model may cite about every sequence in every cell type: lines of `cistrace card --format json`."""
        cells, records = service.cells(question.cell_types), records_of(question)
        rows = await in_pieces(
            request, records, WITH_TRACES,
            lambda piece: service.cards(piece, cells, question.evidence, question.windows),
        )  # fmt: skip
        return JSONResponse({"cards": rows})

    @router.post("/explain", summary="Explain", dependencies=waits, responses={200: {"model": Explanations}})
    async def explain(question: ExplainQuestion, request: Request) -> JSONResponse:
        """Every score as a sum over all sites, as `Explainer` tells it."""
        cells, records = service.cells(question.cell_types), records_of(question)
        rows = await in_pieces(request, records, WITH_TRACES, lambda piece: service.explanations(piece, cells))
        return JSONResponse({"explanations": rows})

    @router.post("/variants", summary="Variants", dependencies=waits, responses={200: {"model": Effects}})
    async def variants(question: VariantQuestion, request: Request) -> JSONResponse:
        """What either allele makes of the window around it: lines of `cistrace variants`' JSONL."""
        limits.check_count("variants", len(question.variants))
        limits.check_length(question.records)
        cells, trace = service.cells(question.cell_types), question.trace
        rows = await in_pieces(
            request, question.variants, WITH_TRACES if trace else WITHOUT,
            lambda piece: service.effects(piece, cells, trace),
        )  # fmt: skip
        return JSONResponse({"effects": rows})

    @router.post("/reward", summary="Reward", dependencies=waits, responses={200: {"model": Rewards}})
    async def reward(question: RewardQuestion, request: Request) -> JSONResponse:
        """One number a sequence for designers to raise, as `Reward` gives it, and what it is made of."""
        limits.check_count("sequences", len(question.sequences))
        limits.check_length([DnaSequence(f"seq{at}", text) for at, text in enumerate(question.sequences, 1)])
        rows: list[RewardExplanation] = []
        for piece in pieces(question.sequences, WITH_TRACES if question.explain and question.traces else WITHOUT):
            if await request.is_disconnected():
                break
            rows += await worker.run(lambda piece=piece: service.rewards(question, piece))  # type: ignore[misc]
        explanations = [row.plain() for row in rows] if question.explain else None
        return JSONResponse({"rewards": [row.reward for row in rows], "explanations": explanations})

    @router.post("/scan", summary="Scan", dependencies=waits, responses={200: {"model": Hits}})
    async def scan(question: ScanQuestion) -> JSONResponse:
        """Motif hits by FIMO's rules: rows of `cistrace scan`; q-values are over all sequences of the question."""
        records = records_of(question, 0)
        return JSONResponse({"hits": await worker.run(lambda: service.hits(records, question.p_threshold))})

    return router


def _add_about(router: APIRouter, service: Service, worker: Worker, limits: Limits) -> None:
    predictor = service.predictor

    @router.get("/health", summary="Health")
    async def health() -> Health:
        """That the server is there, and how busy it is."""
        return Health(status="ok", cistrace=__version__, requests=worker.waiting)

    @router.get("/about", summary="About")
    async def about() -> About:
        """Versions, cell types, and what may be asked."""
        return About(
            cistrace=__version__,
            checkpoint=predictor.checkpoint.hash[:16],
            cell_types=list(predictor.cell_types),
            window=service.window,
            traces=predictor.writes,
            limits=Allowed(mebibytes=limits.body / MEBIBYTE, sequences=limits.sequences, length=limits.length),
        )
