"""The server's application: routes, errors as one line, and the guard before them all."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from cistrace.errors import CistraceError
from cistrace.serve.api import Questions, model_routes
from cistrace.serve.faults import FAILED, faults_text, told
from cistrace.serve.game import game_routes
from cistrace.serve.guard import Guard, problem
from cistrace.serve.limits import Limits
from cistrace.serve.page import page_routes
from cistrace.serve.service import Service
from cistrace.serve.worker import BusyError, Worker
from cistrace.version import __version__

ABOUT = "Activity of regulatory DNA, predicted with reasons that can be checked. Nothing that is sent is stored."


def build_app(
    service: Service, worker: Worker, limits: Limits, names: Iterable[str] = (), loopback: bool = True
) -> Guard:
    """An application of ASGI's that answers for a model.

    Parameters
    ----------
    service, worker, limits
        The model, the thread in which it works, what may be asked.
    names, loopback
        As `Guard` takes them.
    """
    app = FastAPI(
        title="cistrace", version=__version__, description=ABOUT, docs_url=None, redoc_url=None,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )  # fmt: skip
    questions = Questions(service, worker, limits)
    app.include_router(page_routes(service, questions))
    app.include_router(model_routes(service, questions, limits))
    app.include_router(game_routes(service, worker, limits))
    app.add_exception_handler(CistraceError, _unusable)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(BusyError, _busy)
    app.add_exception_handler(Exception, _failed)
    return Guard(app, limits, names, loopback)


async def _unusable(request: Request, error: Exception) -> JSONResponse:
    return problem(422, told(error))


async def _malformed(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    faults = error.errors()
    kind = request.headers.get("content-type", "nothing")
    if not kind.split(";")[0].strip().lower().endswith("json"):
        return problem(415, told(ValueError(f"Content-Type: found {kind!r}, expected application/json; send JSON")))
    if faults[0]["type"] == "json_invalid":
        return problem(400, "request: found what is no JSON, expected an object; mend it")
    return problem(422, faults_text(faults))


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    known = error.detail if error.detail != HTTPStatus(error.status_code).phrase else ""
    where = f"{request.method} {request.url.path[:80]}"
    return problem(error.status_code, told(ValueError(known or f"{where}: is not here; /openapi.json lists what is")))


async def _busy(request: Request, error: Exception) -> JSONResponse:
    answer = problem(503, "server: as many requests as may wait are waiting; ask again in a moment")
    answer.headers["Retry-After"] = "2"
    return answer


async def _failed(request: Request, error: Exception) -> JSONResponse:
    return problem(500, FAILED)
