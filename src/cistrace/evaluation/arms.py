"""The arms of an evaluation: what each one sees, and how its predictions are made and kept."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cistrace.checkpoints.schema import CONFIG, TOWER_FILES, shipped_checkpoint
from cistrace.errors import DataError
from cistrace.evaluation.bench import Bench
from cistrace.evaluation.predicted import Predicted, read_predicted, write_predicted
from cistrace.evaluation.specialists import Ensemble, composition_only, legnet, motif_boosting
from cistrace.evaluation.store import StoredPrediction, read_stored, store
from cistrace.io.dna_sequence import DnaSequence
from cistrace.predict import Predictor

log = logging.getLogger(__name__)
MODEL, CARD = "model", "card"


@dataclass(frozen=True)
class Arm:
    """One way to predict. `seeded`: another seed gives other predictions, so several are fitted and averaged."""

    name: str
    sees: str
    make: Callable[[Bench, int], Predicted]
    seeded: bool = False


def arms(model: Path | None, towers: Collection[Path] = (), runs: Collection[tuple[str, Path]] = ()) -> dict[str, Arm]:
    """Every arm by its name, in the order of the report.

    Parameters
    ----------
    model : Path or None
        The model under evaluation; the shipped one for None.
    towers : collection of Path
        Further tower files for the arm `towers`.
    runs : collection of (name, folder)
        Further models or training runs, an arm each.

    Raises
    ------
    DataError
        A run has the name of another arm.
    """
    own = [model_folder(model) / name for name in TOWER_FILES]
    known = [
        Arm("gc", "GC and CpG, least squares", composition_only),
        Arm("motifs", "motif hits and dinucleotides, gradient boosting", motif_boosting, seeded=True),
        Arm("legnet", "sequence, LegNet on the training split alone", legnet, seeded=True),
        Arm("tower", "sequence, the model's own tower", Ensemble((own[0],))),
        Arm("towers", f"sequence, {len(own) + len(towers)} towers, weights fitted on val", Ensemble((*own, *towers))),
        Arm(CARD, "card, without a trace", card_alone),
        Arm(MODEL, "card and self-written trace", with_trace),
    ]
    found = {arm.name: arm for arm in known}
    for name, folder in runs:
        if name in found or not name or set(name) & set("./\\"):
            raise DataError(f"--run {name}: found a name that is taken or holds . or /, expected a new plain one")
        found[name] = Arm(name, f"what {folder.name} reads", AnotherModel(folder))
    return found


def model_folder(model: Path | None) -> Path:
    """The folder that holds a model's files; of a training run, RUN/model."""
    if model is None:
        return shipped_checkpoint()
    return model / "model" if not (model / CONFIG).exists() and (model / "model" / CONFIG).exists() else model


def predictions_of(bench: Bench, arm: Arm, seed: int) -> Predicted:
    """An arm's predictions, as kept, or made now and kept."""
    path = bench.predictions(arm.name, seed)
    if not path.exists():
        log.info("%s, seed %d: %s", arm.name, seed, arm.sees)
        write_predicted(path, bench.judged, arm.make(bench, seed))
    return read_predicted(path, bench.judged)


def written(bench: Bench) -> list[StoredPrediction]:
    """What the model under evaluation says of every element and cell type, traces and cards with it; kept in OUT."""
    path = bench.folder / f"{bench.split}.jsonl"
    if not path.exists():
        store(bench.judged, path, bench.model)
    rows = read_stored(path)
    expected = [name for name in bench.judged.names for _ in bench.cell_types]
    if [row.id for row in rows] != expected:
        raise DataError(
            f"{path}: holds {len(rows):,} predictions, expected {len(expected):,} of this split; remove the file, or "
            "choose another -o"
        )
    return rows


def with_trace(bench: Bench, seed: int) -> Predicted:
    rows = written(bench)
    return Predicted(*(_column(bench, rows, name) for name in ("activity", "lower", "upper")))


def card_alone(bench: Bench, seed: int) -> Predicted:
    rows = written(bench)
    activity = _column(bench, rows, "card_only")
    half = (_column(bench, rows, "upper") - _column(bench, rows, "lower")) / 2
    return Predicted(activity, activity - half, activity + half)


def _column(bench: Bench, rows: list[StoredPrediction], name: str) -> np.ndarray:
    return np.array([getattr(row, name) for row in rows], dtype=np.float64).reshape(-1, len(bench.cell_types))


@dataclass(frozen=True)
class AnotherModel:
    """Predictions of any model that `cistrace predict --model` takes, with its traces where it writes any."""

    folder: Path

    def __call__(self, bench: Bench, seed: int) -> Predicted:
        predictor = Predictor(self.folder, bench.threads)
        rows = zip(bench.judged.names, bench.judged.sequences, strict=True)
        records = [DnaSequence(name, bases, bench.split) for name, bases in rows]
        found = list(predictor.stream(records, bench.cell_types))
        shape = (len(records), len(bench.cell_types))
        columns = ([getattr(row, name) for row in found] for name in ("activity", "lower", "upper"))
        return Predicted(*(np.array(column).reshape(shape) for column in columns))
