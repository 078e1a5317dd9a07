"""The contenders of an evaluation: what each one sees, and how its predictions are made and kept."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cistrace.checkpoints.schema import CONFIG, TOWER_FILES, Readout, model_folder, read_config
from cistrace.errors import DataError
from cistrace.evaluation.comparison import Comparison
from cistrace.evaluation.predicted import Predicted, SeededPredictions, read_predicted, write_predicted
from cistrace.evaluation.specialists import Ensemble, composition_only, legnet, motif_boosting
from cistrace.evaluation.store import StoredPrediction, stored_predictions
from cistrace.io.dna_sequence import DnaSequence
from cistrace.io.hashes import files_hash
from cistrace.predict import Predictor
from cistrace.writers.arms import LEDGER

log = logging.getLogger(__name__)
MODEL, CARD, TOWER = "model", "card", "tower"
DEFAULT = ("gc", "motifs", TOWER, "towers", CARD, MODEL)


@dataclass(frozen=True)
class Contender:
    """One way to predict.

    Attributes
    ----------
    sees : str
        What it reads and how it was fitted, for the report.
    predict : callable
        From the rows and a seed to predictions of the judged ones.
    seeded : bool
        Another seed gives other predictions, so several are fitted and their figures averaged.
    files : tuple of Path
        What it reads beside the data: its stored predictions hold for these files alone.
    """

    name: str
    sees: str
    predict: Callable[[Comparison, int], Predicted]
    seeded: bool = False
    files: tuple[Path, ...] = ()


def known_contenders(
    model: Path | None, towers: Collection[Path] = (), others: Collection[tuple[str, Path]] = ()
) -> dict[str, Contender]:
    """Every contender by its name, in the order of the report; those that the model has the parts for.

    Parameters
    ----------
    model : Path or None
        The model under evaluation; the shipped one for None.
    towers : collection of Path
        Further tower files for the contender `towers`.
    others : collection of (name, folder)
        Further models or training runs, a contender each.

    Raises
    ------
    DataError
        One of the others has the name of another contender.
    ModelError
        A model cannot be read.
    """
    folder = model_folder(model)
    config = (folder / CONFIG,)
    interface = read_config(folder).interface
    own = tuple(folder / name for name in TOWER_FILES if (folder / name).is_file())
    several = (*own, *towers)
    found = [
        Contender("gc", "GC and CpG, least squares", composition_only),
        Contender("motifs", "motif hits and dinucleotides, gradient boosting", motif_boosting, seeded=True),
        Contender("legnet", "sequence, LegNet on the training split alone", legnet, seeded=True),
    ]
    if own:
        found.append(
            Contender(TOWER, "sequence, without card and trace", AnotherModel(folder, trace=False), files=config)
        )
    if several:
        sees = f"sequence, {len(several)} towers, weights fitted on val"
        found.append(Contender("towers", sees, Ensemble(several), files=several))
    if interface.arm == "card+generated":
        if "card" in interface.readouts:
            found.append(Contender(CARD, "card, without a trace", card_alone, files=config))
        found.append(Contender(MODEL, "card and self-written trace", as_it_predicts, files=config))
    else:
        sees = "the ledger that its trace adds up" if interface.arm == LEDGER else interface.arm
        found.append(Contender(MODEL, sees, as_it_predicts, files=config))
    known = {contender.name: contender for contender in found}
    for name, other in others:
        if name in known or name in (CARD, TOWER, "towers") or not name or set(name) & set("./\\"):
            raise DataError(f"--against {name}: found a name that is taken or holds . or /, expected a new plain one")
        read_config(model_folder(other))  # a folder that is no model is named before hours of work
        files = (model_folder(other) / CONFIG,)
        known[name] = Contender(name, f"what {other.name} reads", AnotherModel(other), files=files)
    return known


def chosen(known: Mapping[str, Contender], names: Sequence[str]) -> list[Contender]:
    """The contenders of some names, in the report's order.

    Raises
    ------
    DataError
        A name is unknown, or the model has no such part.
    """
    unknown = [name for name in names if name not in known]
    if unknown:
        raise DataError(
            f"--contenders: found {', '.join(unknown)}, expected names among {', '.join(known)}, which this model has "
            "the parts for; leave the others out"
        )
    return [contender for name, contender in known.items() if name in names]


def predictions_of(comparison: Comparison, contender: Contender, seeds: int) -> SeededPredictions:
    """A contender's predictions, as kept, or made now and kept; one seed where it knows none."""
    origin, found = comparison.origin(contender.name, files_hash(contender.files)), []
    for seed in range(seeds if contender.seeded else 1):
        path = comparison.predictions(contender.name, seed)
        if not path.exists():
            log.info("%s, seed %d: %s", contender.name, seed, contender.sees)
            write_predicted(path, comparison.judged, contender.predict(comparison, seed), origin)
        found.append(read_predicted(path, comparison.judged, origin))
    return SeededPredictions(tuple(found))


def as_it_predicts(comparison: Comparison, seed: int) -> Predicted:
    """The model under evaluation, with its trace where it writes one."""
    rows = stored_predictions(comparison)
    return calibrated(comparison, rows, "score", rows[0].text is not None)


def card_alone(comparison: Comparison, seed: int) -> Predicted:
    """The model under evaluation, without a trace."""
    return calibrated(comparison, stored_predictions(comparison), "card_score", False)


def calibrated(comparison: Comparison, rows: list[StoredPrediction], name: str, trace: bool) -> Predicted:
    """Activities and intervals of stored scores, as the model's calibration gives them; NaN where there is no score.

    Parameters
    ----------
    name : str
        The field of the scores.
    trace : bool
        Whether they were taken behind a trace.
    """
    values = [getattr(row, name) for row in rows]
    scores = np.array(values, dtype=np.float64).reshape(-1, len(comparison.cell_types))
    config = read_config(model_folder(comparison.model))
    scales = config.scales
    readout: Readout = "towers" if config.interface.arm == LEDGER else "trace" if trace else "card"
    found = [scales[cell].calibrations[readout] for cell in comparison.cell_types]
    slope, intercept = (np.array([getattr(one, name) for one in found]) for name in ("slope", "intercept"))
    activity = intercept + slope * scores
    intervals = [one.interval(column) for one, column in zip(found, activity.T, strict=True)]
    lower, upper = (np.stack(bounds, axis=1) for bounds in zip(*intervals))
    return Predicted(activity, lower, upper)


@dataclass(frozen=True)
class AnotherModel:
    """Predictions of any model that `cistrace predict --model` takes, with its traces where it writes any.

    Attributes
    ----------
    trace : bool
        False for what `--no-trace` gives.
    """

    folder: Path
    trace: bool = True

    def __call__(self, comparison: Comparison, seed: int) -> Predicted:
        predictor = Predictor(self.folder, comparison.threads)
        rows = zip(comparison.judged.names, comparison.judged.sequences, strict=True)
        records = [DnaSequence(name, bases, comparison.split) for name, bases in rows]
        found = list(predictor.stream(records, comparison.cell_types, self.trace))
        shape = (len(records), len(comparison.cell_types))
        columns = ([getattr(row, name) for row in found] for name in ("activity", "lower", "upper"))
        return Predicted(*(np.array(column).reshape(shape) for column in columns))
