"""Score val rows with a model by every readout it has, and calibrate it by what was measured of them."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cistrace.cards.maker import BLOCK
from cistrace.cards.windows import SequenceWindow, Window
from cistrace.checkpoints.calibration import FEWEST_TO_FIT, ValParts, calibrate
from cistrace.checkpoints.schema import IDENTITY, CellScale, Readout
from cistrace.checkpoints.soundness import CellTypeFigures, WriterFigures
from cistrace.io.dna_sequence import DnaSequence
from cistrace.mpra.metrics import pearson
from cistrace.mpra.table import MpraTable
from cistrace.predict import Predictor, ScoredWindow

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class ValScores:
    """What a model says of N val rows.

    Attributes
    ----------
    scores : dict
        Of every readout a float64 ndarray (N, cell types): the head's standardised scores, the towers' activities.
    writer : WriterFigures or None
        Of the traces; None where none were written.
    """

    scores: dict[Readout, NDArray[np.float64]]
    writer: WriterFigures | None


def score_rows(predictor: Predictor, table: MpraTable) -> ValScores:
    """Let a model score rows by every readout, the cards of each made once; no traces are written without a head."""
    cells, interface, towers = predictor.cell_types, predictor.checkpoint.interface, predictor.checkpoint.towers
    if interface.readouts == ("towers",) and towers is not None:
        return ValScores({"towers": towers.estimate(table.sequences).astype(np.float64)}, None)
    scores: dict[Readout, list[list[float]]] = {readout: [] for readout in interface.readouts}
    counts = np.zeros(4, dtype=np.int64)
    records = [DnaSequence(name, bases, "val") for name, bases in zip(table.names, table.sequences, strict=True)]
    for begin in range(0, len(records), BLOCK):
        block = records[begin : begin + BLOCK]
        whole = [SequenceWindow(record, Window(0, len(record.bases))) for record in block]
        windows = list(predictor.maker.window_cards(whole, cells))
        for readout, found in scores.items():
            if readout == "towers":
                found += [one.evidence.estimates.tolist() for one in windows if one.evidence is not None]
                continue
            scored = predictor.score(windows, cells, trace=readout == "trace")
            found += [entry.scores for entry in scored]
            if readout == "trace":
                counts += sum((_claims(predictor, entry) for entry in scored), np.zeros(4, dtype=np.int64))
        log.info("%d of %d val sequences scored", begin + len(block), len(records))
    writer = WriterFigures(*(int(count) for count in counts)) if predictor.writes else None
    return ValScores({readout: np.array(found, dtype=np.float64) for readout, found in scores.items()}, writer)


def _claims(predictor: Predictor, scored: ScoredWindow) -> NDArray[np.int64]:
    """Of one sequence in all cell types: traces, those with the form of one, claims, those supported; int64 (4,)."""
    cells = predictor.cell_types
    found = [predictor.prediction(scored, cell, cells, trace=True) for cell in range(len(cells))]
    judged = [one.verification for one in found if one.verification is not None]
    read = sum(one.trace is not None for one in found)
    return np.array([len(found), read, sum(one.claims for one in judged), sum(one.supported for one in judged)])


def calibrated(
    scales: dict[str, CellScale], found: ValScores, table: MpraTable, parts: ValParts
) -> dict[str, CellScale]:
    """The scales with a calibration of every readout.

    Parameters
    ----------
    table : MpraTable
        The N rows that were scored, with what was measured of them.
    parts : ValParts
        Of these N rows.
    """
    return {
        name: replace(
            scales[name],
            calibrations={
                readout: calibrate(
                    scores[:, cell],
                    table.activity[:, cell],
                    parts,
                    scales[name],
                    IDENTITY if readout == "towers" else None,
                )
                for readout, scores in found.scores.items()
            },
        )
        for cell, name in enumerate(table.cell_types)
    }


def cell_figures(
    scales: dict[str, CellScale], found: ValScores, table: MpraTable, training: MpraTable, val: MpraTable
) -> tuple[CellTypeFigures, ...]:
    """What `checkpoints.soundness` judges a calibrated model by; of several readouts the worse figure.

    Parameters
    ----------
    table : MpraTable
        The rows that were scored.
    training, val : MpraTable
        The whole splits, to count what was measured.
    """
    figures = []
    for cell, name in enumerate(table.cell_types):
        measured, scale = table.activity[:, cell], scales[name]
        seen = np.isfinite(measured)
        agreement = (
            [pearson(scores[seen, cell], measured[seen]) for scores in found.scores.values()] if seen.any() else []
        )
        slopes = [
            one.slope / scale.spread
            for readout, one in scale.calibrations.items()
            if readout != "towers" and one.fitted >= FEWEST_TO_FIT
        ]
        figures.append(
            CellTypeFigures(
                name,
                training=int(np.isfinite(training.activity[:, cell]).sum()),
                val=int(np.isfinite(val.activity[:, cell]).sum()),
                pearson=math.nan if any(map(math.isnan, agreement)) else min(agreement, default=None),
                slope=min(slopes, default=None),
                has_interval=all(one.bounds is not None for one in scale.calibrations.values()),
            )
        )
    return tuple(figures)
