"""GAME's predictor convention, so that its benchmark suites can ask a model over HTTP.

Luthra et al., Genomic API for Model Evaluation, https://github.com/de-Boer-Lab/Genomic-API-for-Model-Evaluation,
schema 1.0: `GET /formats`, `GET /help`, `POST /predict`. Of readouts a model of short reporter pieces has `point`
alone, and of types `expression`; a task in another species or an unknown cell type is declined by name.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from typing import Annotated, Any, Literal

from annotated_types import MinLen
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, ValidationError

from cistrace.cards.windows import MINIMUM_KNOWN
from cistrace.errors import CellTypeError, CistraceError, ModelError
from cistrace.io.dna_sequence import DnaSequence
from cistrace.io.ids import SeenIds
from cistrace.io.sequences import base_fault
from cistrace.predictions.table import figure
from cistrace.serve.answers import Problem
from cistrace.serve.asking import Asked, predicted
from cistrace.serve.bodies import once
from cistrace.serve.faults import FAILED, fault_text, told
from cistrace.serve.limits import Limits
from cistrace.serve.service import Service
from cistrace.serve.worker import BusyError, Worker
from cistrace.version import __version__

SCHEMA = "1.0"
SPECIES = "homo_sapiens"
EXPRESSION = ("expression", "expression_mRNA", "expression_pol2")
TOLD = 20  # faults in one answer
JSON = "application/json"

Key = Literal["bad_prediction_request", "prediction_request_failed", "server_error"]
STATUS: dict[Key, int] = {"bad_prediction_request": 400, "prediction_request_failed": 422, "server_error": 500}


class GameProblem(BaseModel):
    """Why a request is not answered, in the convention's words."""

    predictor_name: str
    error: list[dict[Key, str]]


PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"model": GameProblem, "description": "It is no request of the convention."},
    403: {"model": Problem, "description": "It comes from another site's page."},
    413: {"model": Problem, "description": "It is too large."},
    421: {"model": Problem, "description": "It was meant for another server."},
    422: {"model": GameProblem, "description": "Something in it cannot be predicted."},
    500: {"model": GameProblem, "description": "A fault of the server."},
    503: {"model": Problem, "description": "As many requests as may wait are waiting."},
}


class GameError(Exception):
    """A request that is not answered: GAME's word for why, and what is wrong, a line each."""

    def __init__(self, key: Key, messages: list[str]) -> None:
        super().__init__("; ".join(messages))
        self.key = key
        self.messages = messages


class GameTask(BaseModel):
    """One thing to predict of every sequence."""

    model_config = ConfigDict(strict=True)

    name: str
    type: str
    cell_type: str
    species: str
    scale: Literal["linear", "log"] | None = None


class GameQuestion(BaseModel):
    """An evaluator's request. Fields that are not known are passed over, as the convention wants."""

    model_config = ConfigDict(strict=True)

    readout: Literal["point", "track", "interaction_matrix"]
    prediction_tasks: Annotated[list[GameTask], MinLen(1)]
    sequences: Annotated[dict[str, str], MinLen(1)]
    upstream_seq: str = ""
    downstream_seq: str = ""
    prediction_ranges: dict[str, list[int]] | None = None


def read_question(body: bytes) -> GameQuestion:
    """An evaluator's request from its bytes.

    Raises
    ------
    GameError
        `bad_prediction_request`: no JSON, a key twice in one object, a field that is missing or of another type, ranges
        of other sequences or that are none.
    """
    try:
        question = GameQuestion.model_validate(json.loads(body, object_pairs_hook=once))
    except ValidationError as error:
        raise GameError("bad_prediction_request", [fault_text(fault) for fault in error.errors()[:TOLD]]) from None
    except (ValueError, RecursionError) as error:
        raise GameError("bad_prediction_request", [f"request: found no usable JSON ({told(error)[:200]})"]) from None
    faults = [fault for name in question.sequences if (fault := _id_fault(name))]
    faults += _range_faults(question.prediction_ranges, question.sequences)
    twice = Counter(task.name for task in question.prediction_tasks)
    faults += [f"prediction_tasks: {name!r} names {n} tasks, expected one" for name, n in twice.items() if n > 1]
    if faults:
        raise GameError("bad_prediction_request", faults[:TOLD])
    return question


def _id_fault(name: str) -> str:
    fault = SeenIds().fault(name)
    return f"sequence {name[:40]!r}: {fault}" if fault else ""


def _range_faults(ranges: dict[str, list[int]] | None, sequences: dict[str, str]) -> list[str]:
    if ranges is None:
        return []
    if ranges.keys() != sequences.keys():
        return ["prediction_ranges: found other ids than in sequences, expected the same"]
    return [
        f"prediction_ranges: found {str(at)[:60]} for {name[:40]!r}, expected [] or two rising places from 0 on"
        for name, at in ranges.items()
        if at and not (len(at) == 2 and 0 <= at[0] <= at[1])
    ]


def records_of(question: GameQuestion, limits: Limits) -> tuple[DnaSequence, ...]:
    """The sequences with their flanks, and of those that have a range the part in it.

    A range is counted on the sequence with its flanks, from 0, both ends included.

    Raises
    ------
    GameError
        `prediction_request_failed`: a range that ends beyond its sequence, letters that are no DNA, a sequence that is
        too short or too long, too many of them.
    """
    ranges = question.prediction_ranges or {}
    records, faults = [], []
    for name, bases in question.sequences.items():
        whole = f"{question.upstream_seq}{bases}{question.downstream_seq}"
        first, last = ranges.get(name) or (0, len(whole) - 1)
        found = whole[first : last + 1].upper()
        fault = base_fault(whole, 0) or base_fault(found, minimum_known=MINIMUM_KNOWN)
        if last >= len(whole):
            fault = f"its range ends at {last}, expected at most {len(whole) - 1}"
        if fault:
            faults.append(f"sequence {name[:40]!r}: {fault}")
        records.append(DnaSequence(name, found, "request"))
    if faults:
        raise GameError("prediction_request_failed", faults[:TOLD])
    try:
        limits.check(records)
    except CistraceError as error:
        raise GameError("prediction_request_failed", [told(error)]) from None
    return tuple(records)


def asked_of(question: GameQuestion, service: Service, limits: Limits) -> tuple[Asked, dict[str, str]]:
    """What to predict, and the cell type of each task by the task's name.

    Raises
    ------
    GameError
        `prediction_request_failed`: what the model does not predict, or sequences that it cannot read.
    """
    faults, cells = [], {}
    if question.readout != "point":
        faults.append(f"readout: found {question.readout!r}, expected 'point': the model gives one number a sequence")
    for task in question.prediction_tasks:
        where = f"prediction task {task.name[:40]!r}"
        if task.type not in EXPRESSION:
            faults.append(f"{where}: type {task.type[:40]!r}, expected one of {', '.join(EXPRESSION)}")
        if task.species != SPECIES:
            faults.append(f"{where}: species {task.species[:40]!r}, expected {SPECIES}")
        try:
            (cells[task.name],) = service.cells([task.cell_type])
        except (CellTypeError, ValueError):
            known = ", ".join(service.predictor.cell_types)
            faults.append(f"{where}: cell type {task.cell_type[:40]!r}, expected one of {known}")
    if faults:
        raise GameError("prediction_request_failed", faults[:TOLD])
    trace = False
    try:
        service.predictor.readout(trace)
    except ModelError:
        trace = True  # such a model has no number without one
    records = records_of(question, limits)
    return Asked(records, tuple(dict.fromkeys(cells.values())), trace, "best", service.window), cells


def answer(question: GameQuestion, activities: dict[tuple[str, str], float], cells: dict[str, str], name: str) -> Any:
    """The predictor's answer, from activities by sequence and cell type, log2(RNA/DNA)."""
    return {
        "request": "predict",
        "predictor_name": name,
        "prediction_tasks": [
            _task_answer(task, cells[task.name], {one: activities[one, cells[task.name]] for one in question.sequences})
            for task in question.prediction_tasks
        ],
    }


def _task_answer(task: GameTask, cell: str, activities: dict[str, float]) -> dict[str, Any]:
    asked = {} if task.scale is None else {"scale_prediction_requested": task.scale}
    linear = task.scale == "linear"
    return {
        "name": task.name,
        "type_requested": task.type,
        "type_actual": ["expression"],
        "cell_type_requested": task.cell_type,
        "cell_type_actual": cell,
        "species_requested": task.species,
        "species_actual": SPECIES,
        **asked,
        "scale_prediction_actual": "linear" if linear else "log",
        "aggregation": {"windows": "of a sequence longer than the model's window the window of the highest activity"},
        "predictions": {one: [figure(2.0**value if linear else value)] for one, value in activities.items()},
    }


def game_routes(service: Service, worker: Worker, limits: Limits) -> APIRouter:
    """Routes of a GAME predictor, at the root, where evaluators look for them."""
    predictor = service.predictor
    name = f"cistrace_{__version__}_{predictor.checkpoint.hash[:8]}"
    router = APIRouter(tags=["GAME"])

    @router.get("/formats", summary="GAME: formats")
    async def formats() -> dict[str, Any]:
        """What evaluators may send and get."""
        return {
            "predictor_name": name,
            "predictor_supported_request_formats": [JSON],
            "predictor_supported_response_formats": [JSON],
        }

    @router.get("/help", summary="GAME: help")
    async def game_help() -> dict[str, Any]:
        """What the model predicts."""
        cells = list(predictor.cell_types)
        return {
            "predictor_name": name,
            "model": "cistrace",
            "version": __version__,
            "game_schema_version": SCHEMA,
            "features": ["expression"] * len(cells),
            "cell_types": cells,
            "species": [SPECIES],
            "model_authors": "The cistrace authors",
            "input_size": predictor.checkpoint.window,
            "expression_strand_specific": False,
        }

    @router.post("/predict", summary="GAME: predict", openapi_extra=_request_body(), responses=PROBLEMS)
    async def predict(request: Request) -> JSONResponse:
        """Activity of every sequence for every task, as an evaluator of GAME's asks for it."""
        try:
            kind = request.headers.get("content-type", JSON).split(";")[0].strip().lower()
            if kind != JSON:
                raise GameError("bad_prediction_request", [f"Content-Type: found {kind[:80]!r}, expected {JSON}"])
            question = read_question(await request.body())
            asked, cells = asked_of(question, service, limits)
            with worker.place():
                rows = await predicted(service, worker, asked, request.is_disconnected)
            activities = {(row.id, row.cell_type): row.activity for row in rows}
            return JSONResponse(answer(question, activities, cells, name))
        except GameError as error:
            return _declined(error.key, error.messages, name)
        except CistraceError as error:
            return _declined("prediction_request_failed", [told(error)], name)
        except BusyError:
            raise
        except Exception:
            logging.getLogger("uvicorn.error").exception("a request of GAME's failed")
            return _declined("server_error", [FAILED], name)

    return router


def _declined(key: Key, messages: list[str], name: str) -> JSONResponse:
    plain = {"predictor_name": name, "error": [{key: message} for message in messages]}
    return JSONResponse(plain, STATUS[key])


def _request_body() -> dict[str, Any]:
    """How OpenAPI states the request, whose body is read by hand: evaluators may leave its type unsaid."""
    schema = GameQuestion.model_json_schema()
    (task,) = schema.pop("$defs").values()
    schema["properties"]["prediction_tasks"]["items"] = task
    return {"requestBody": {"required": True, "content": {JSON: {"schema": schema}}}}
