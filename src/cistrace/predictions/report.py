"""What is reported of a score: the activity it stands for, with interval, percentile and level."""

from __future__ import annotations

import numpy as np

from cistrace.cards.windows import SequenceWindow
from cistrace.checkpoints.levels import foresee
from cistrace.checkpoints.load import Checkpoint
from cistrace.checkpoints.schema import Readout
from cistrace.predictions.prediction import Prediction, Provenance
from cistrace.towers.domain import OUT_OF_DOMAIN, UNKNOWN

NO_INTERVAL = "no_interval"  # flag of a cell type that val held too few rows of to calibrate an interval


def reported(
    checkpoint: Checkpoint, readout: Readout, at: SequenceWindow, cell_type: str, score: float, distance: float,
    noted: tuple[str, ...], provenance: Provenance,
) -> Prediction:  # fmt: skip
    """What a `score` of a `readout` says of a window, `noted` its flags; card and trace are not in it.

    `distance` is how far the window lies from what the towers learnt from, NaN where that is not known. Beyond the
    domain's threshold the row has a flag and a wider interval; percentile and level are of the activity alone.
    """
    scale = checkpoint.scales[cell_type]
    calibration = scale.calibrations[readout]
    activity = calibration.activity(score)
    foreseen = foresee(activity, calibration, scale)
    lower, upper = (float(bound) for bound in calibration.interval(np.array(activity)))
    place = checkpoint.domain.place(distance) if checkpoint.domain is not None else UNKNOWN
    if place.out:
        lower, upper = (activity + place.factor * (bound - activity) for bound in (lower, upper))
        noted = (*noted, OUT_OF_DOMAIN)
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
        domain_percentile=place.percentile,
    )
