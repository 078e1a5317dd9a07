"""A service whose predictor is a stand-in, so that everything around it is tested in no time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, cached_property
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
from cli_helpers import CELL_TYPES, a_prediction
from numpy.typing import NDArray
from report_helpers import SCALES
from starlette.testclient import TestClient

from cistrace.cards.maker import CardMaker
from cistrace.cards.windows import WindowChoice
from cistrace.explain.explainer import Explainer
from cistrace.io.dna_sequence import DnaSequence
from cistrace.predictions.prediction import Prediction
from cistrace.serve.app import build_app
from cistrace.serve.limits import Limits
from cistrace.serve.service import Service
from cistrace.serve.worker import Worker
from cistrace.writers.reasoner import OnWritten

ADDRESS = "http://127.0.0.1:8000"
JSON = "application/json"


@cache
def card_maker() -> CardMaker:
    """Of paper cards; its scanner takes a moment to make."""
    return CardMaker(CELL_TYPES, 200)


class StandInService(Service):
    """Predicts the same of everything; scans, cards and explanations are real, of another score."""

    def __init__(self) -> None:
        checkpoint = SimpleNamespace(hash="c0ffee" * 10, window=200, towers=None, scales=SCALES)
        self.predictor = cast(
            Any,
            SimpleNamespace(
                cell_types=CELL_TYPES,
                checkpoint=checkpoint,
                model=None,
                writes=True,
                maker=card_maker(),
                readout=lambda trace: "towers",
            ),
        )
        self._expressed = None
        self.asked: list[tuple[str, ...]] = []

    def predictions(
        self, records: Sequence[DnaSequence], cells: Sequence[str], trace: bool, windows: WindowChoice,
        on_written: OnWritten | None = None,
    ) -> list[Prediction]:  # fmt: skip
        self.asked.append(tuple(record.id for record in records))
        if any("GATTACAGATTACAGATTACA" in record.bases for record in records):
            raise ZeroDivisionError("a fault of the code's own")
        if on_written is not None:
            on_written(len(cells))
        return [a_prediction(record.id, cell, trace) for record in records for cell in cells]

    @cached_property
    def _explainer(self) -> Explainer:
        return Explainer(count, CELL_TYPES)


def count(sequences: list[str]) -> NDArray[np.float64]:
    """A score in three cell types: whether there is an AP-1 site, twice as much in the second, nothing in the third."""
    ap1 = np.array(["TGACTCA" in bases for bases in sequences], dtype=np.float64)
    return np.stack([ap1, 2 * ap1, 0 * ap1], axis=1)


def client_of(
    service: Service | None = None, limits: Limits | None = None, names: Sequence[str] = (), loopback: bool = True
) -> TestClient:
    """A client in this process, of a stand-in unless given; faults of the code are answers to it, not exceptions."""
    limits = limits or Limits()
    app = build_app(service or StandInService(), Worker(limits.requests, 1), limits, names, loopback)
    return TestClient(app, base_url=ADDRESS, raise_server_exceptions=False)
