"""What is reported of a score: the activity it stands for, with interval, percentile and level."""

from __future__ import annotations

import numpy as np

from cistrace.cards.windows import SequenceWindow
from cistrace.checkpoints.levels import foresee
from cistrace.checkpoints.load import Checkpoint
from cistrace.checkpoints.schema import Readout
from cistrace.predictions.prediction import Prediction, Provenance

NO_INTERVAL = "no_interval"  # flag of a cell type that val held too few rows of to calibrate an interval


def reported(
    checkpoint: Checkpoint, readout: Readout, at: SequenceWindow, cell_type: str, score: float, noted: tuple[str, ...],
    provenance: Provenance,
) -> Prediction:  # fmt: skip
    """What a `score` of a `readout` says of a window, `noted` its flags; card and trace are not in it."""
    scale = checkpoint.scales[cell_type]
    calibration = scale.calibrations[readout]
    activity = calibration.activity(score)
    foreseen = foresee(activity, calibration, scale)
    lower, upper = (float(bound) for bound in calibration.interval(np.array(activity)))
    return Prediction(
        id=at.sequence.id,
        cell_type=cell_type,
        activity=activity,
        lower=lower,
        upper=upper,
        percentile=foreseen.percentile,
        level=foreseen.level,
        level_probabilities=foreseen.level_probabilities,
        flags=(*noted, NO_INTERVAL) if calibration.bounds is None else noted,
        start=at.window.start,
        end=at.window.end,
        card_hash=None,
        provenance=provenance,
    )
