"""What the tests of reports share: pages of predictions that need no model, and what stands in a page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from cli_helpers import DNA, a_prediction

from cistrace.checkpoints.schema import CellScale
from cistrace.predictions.prediction import Prediction
from cistrace.predictions.table import prediction_object
from cistrace.report.page import report_output
from cistrace.report.scales import scale_views
from cistrace.report.view import cell_view

SCALE = CellScale(0.0, 1.0, (-0.5, 0.1, 0.7), tuple(np.linspace(-2, 2, 41).tolist()), {})
SCALES = {name: SCALE for name in ("HepG2", "K562", "WTC11")}
DATA = re.compile(r'<script id="data" type="application/json">(.*?)</script>', flags=re.DOTALL)


def a_view(prediction: Prediction | None = None) -> dict[str, Any]:
    """Of `a_prediction`: with bases, and contributions that rise along them."""
    one = a_prediction() if prediction is None else prediction
    rising = np.linspace(-0.1, 0.2, len(DNA), dtype=np.float32)
    return cell_view(prediction_object(one), DNA, one.card, rising)


def write_report(path: Path, predictions: Iterable[Prediction], title: str = "in.fa") -> str:
    """Write a page of predictions and give its text."""
    with report_output(path, title, scale_views(SCALES)) as add:
        for one in predictions:
            add(a_view(one), prediction_object(one)["provenance"])
    return path.read_text(encoding="utf-8")


def data_of(page: str) -> dict[str, Any]:
    """What a page holds as JSON."""
    (found,) = DATA.findall(page)
    plain: dict[str, Any] = json.loads(found)
    return plain
