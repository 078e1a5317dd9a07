"""What a checkpoint folder says of itself: cistrace/checkpoint.json, its schema, hashes, the scales of every cell type.

    config.json, model.safetensors, tokenizer.json, ...    a Hugging Face folder, as any library opens it
    cistrace/checkpoint.json          what this module reads and writes, with SHA-256 of every other file
    cistrace/checkpoint.sha256        that of checkpoint.json, as sha256sum checks it; older ones lack it
    cistrace/head.safetensors
    cistrace/tower-legnet.safetensors, tower-whole.safetensors, known_effects.tsv    with cards of towers' evidence
    cistrace/seen_elements.npy        with towers: digests of what they were fitted on
    cistrace/domain.safetensors       with towers: what that looks like to them (`towers.domain`); older ones lack it
    cistrace/vocabulary.json          with the domain layout

What is not the language model's stands in a folder of its own, as some servers load every safetensors file at the top.
No weights are read here; `checkpoints.load` does that. Nothing is fetched: a folder is all there is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field, FiniteFloat, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from cistrace.cards.backdrop import CompositionLine
from cistrace.cards.evidence import PredictingEvidence
from cistrace.errors import ModelError
from cistrace.io.hashes import file_hash
from cistrace.io.shipped import DATA, sums_line, sums_of
from cistrace.io.small_files import parse_json, small_bytes
from cistrace.writers.arms import LEDGER, PredictingArm
from cistrace.writers.layout import LayoutName

FORMAT: Literal[3] = 3
OURS = "cistrace"
CONFIG = f"{OURS}/checkpoint.json"
CONFIG_SUM = f"{OURS}/checkpoint.sha256"
RUN_FILE = "run.json"  # of a training run
HEAD, KNOWN_EFFECTS, VOCABULARY = f"{OURS}/head.safetensors", f"{OURS}/known_effects.tsv", f"{OURS}/vocabulary.json"
SEEN = f"{OURS}/seen_elements.npy"
DOMAIN_FILE = f"{OURS}/domain.safetensors"
# The first gives the activity, the second says what every hit is worth.
TOWER_FILES = (f"{OURS}/tower-legnet.safetensors", f"{OURS}/tower-whole.safetensors")

Readout = Literal["trace", "card", "towers"]
"""What gives the activity: the head, where a trace ends or where what stands before one does (the card alone; in the
arm `sequence` the bare sequence), or the estimator tower, whose number is reported as it is."""
READOUTS: tuple[Readout, ...] = get_args(Readout)
IDENTITY = (1.0, 0.0)  # slope and intercept of scores that are activities already

_Widths = Annotated[tuple[Annotated[FiniteFloat, Field(ge=0)], ...], Field(min_length=1)]
_Count = Annotated[int, Field(ge=0)]
_Positive = Annotated[FiniteFloat, Field(gt=0)]
_strict = ConfigDict(strict=True, extra="forbid")


@dataclass(frozen=True, config=_strict)
class Bounds:
    """How far the bounds of a 90 % interval are from the predicted activity: see `intervals`.

    Attributes
    ----------
    at : tuple of K float
        Predicted activities, log2(RNA/DNA), rising.
    below, above : tuple of K float
        Distances of the lower and the upper bound there, log2 units; linear between, beyond the ends as at the ends.
    """

    at: Annotated[tuple[FiniteFloat, ...], Field(min_length=1)]
    below: _Widths
    above: _Widths

    def about(self, activity: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lower and upper bounds about predicted activities of any shape."""
        return (
            activity - np.interp(activity, self.at, self.below),
            activity + np.interp(activity, self.at, self.above),
        )


@dataclass(frozen=True, config=_strict)
class Calibration:
    """What turns the standardised scores of one cell type and readout into what is reported.

    Attributes
    ----------
    slope, intercept : float
        activity = intercept + slope x score, log2(RNA/DNA). The head's scores are standardised; the towers' are
        activities already, so that theirs are 1 and 0: what adds up to a tower's number adds up to the activity.
    bounds : Bounds or None
        Of the 90 % interval; None where val holds too few rows for any.
    shift, spread : float
        Mean and standard deviation of measurements about predictions, in normal scores: see `levels`.
    fitted, calibrated : int
        Measured val rows that slope, intercept and the bounds' shape, and that the rest comes from.
    """

    slope: FiniteFloat
    intercept: FiniteFloat
    bounds: Bounds | None
    shift: FiniteFloat
    spread: _Positive
    fitted: _Count
    calibrated: _Count

    def activity(self, score: float) -> float:
        """log2(RNA/DNA) from a score of the readout."""
        return self.intercept + self.slope * score

    def interval(self, activity: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Bounds of the 90 % intervals about activities of any shape: infinite where there are none."""
        if self.bounds is None:
            return np.full_like(activity, -np.inf), np.full_like(activity, np.inf)
        return self.bounds.about(activity)


@dataclass(frozen=True, config=_strict)
class CellScale:
    """The scale of one cell type.

    Attributes
    ----------
    location, spread : float
        Mean and standard deviation of the training split, log2(RNA/DNA): what scores are standardised by.
    cuts : tuple of 3 float
        Between levels 0-3, rising.
    quantiles : tuple of float
        Evenly spaced quantiles, 0 to 1, of the natural elements' measured activity.
    calibrations : dict
        Of every readout that the model has.
    line : CompositionLine or None
        What composition foretells of a sequence without its sites; None without towers.
    """

    location: FiniteFloat
    spread: _Positive
    cuts: tuple[FiniteFloat, FiniteFloat, FiniteFloat]
    quantiles: Annotated[tuple[FiniteFloat, ...], Field(min_length=2)]
    calibrations: dict[Readout, Calibration]
    line: CompositionLine | None = None


@dataclass(frozen=True, config=_strict)
class Generation:
    """How the model writes its traces: see `writers.sampling`."""

    sampling: Literal["greedy", "sample"]
    temperature: _Positive
    top_p: _Positive
    top_k: Annotated[int, Field(ge=1)]
    most_tokens: Annotated[int, Field(ge=1)]
    grammar: bool
    seed: int


@dataclass(frozen=True, config=_strict)
class Origin:
    """Where a model comes from, for people: recipe, cistrace's version, the data set's hash, versions of packages."""

    recipe: str
    cistrace: str
    manifest_sha256: str | None = None
    packages: dict[str, str] = Field(default_factory=dict)


@dataclass(frozen=True, config=_strict)
class ModelInterface:
    """What a checkpoint's model reads and how it writes.

    Attributes
    ----------
    layout : LayoutName
        How prompts become tokens: see `writers.layout`.
    evidence : str
        Of the cards it reads: the checkpoint's own `towers`, or `none`.
    arm : PredictingArm
    readouts : tuple of Readout
        `trace` and `card` where its head was trained to score there, `towers` where it has towers. With `trace` alone
        it cannot do without traces, without `trace` it writes none.
    generation : Generation
    origin : Origin
    """

    layout: LayoutName
    evidence: PredictingEvidence
    arm: PredictingArm
    readouts: Annotated[tuple[Readout, ...], Field(min_length=1)]
    generation: Generation
    origin: Origin


@dataclass(frozen=True, config=_strict)
class CheckpointConfig:
    """All of checkpoint.json.

    Attributes
    ----------
    format : int
        Version of this schema.
    interface : ModelInterface
    cell_types : tuple of str
    window : int
        bp that the model reads at once.
    scales : dict
        CellScale of every cell type.
    faults : tuple of str
        What speaks against using the model: see `soundness`. Written where it was exported all the same.
    files : dict
        SHA-256 of every other file, hexadecimal, by its path below the folder.
    """

    format: Literal[3]
    interface: ModelInterface
    cell_types: Annotated[tuple[str, ...], Field(min_length=1)]
    window: Annotated[int, Field(ge=1)]
    scales: dict[str, CellScale]
    faults: tuple[str, ...]
    files: dict[str, str]


_schema = TypeAdapter(CheckpointConfig)


def shipped_checkpoint() -> Path:
    """Folder of the checkpoint that comes with the package."""
    return DATA / "checkpoint"


def model_folder(model: Path | None = None) -> Path:
    """The folder that holds a model's files: the shipped one's for None, RUN/model for a training run."""
    if model is None:
        return shipped_checkpoint()
    return model / "model" if not (model / CONFIG).exists() and (model / "model" / CONFIG).exists() else model


def checkpoint_hash(model: Path | None = None) -> str:
    """SHA-256 of checkpoint.json, which holds those of all other files: names weights and calibration.

    Raises
    ------
    ModelError
        There is none.
    """
    path = model_folder(model) / CONFIG
    if not path.is_file():
        raise ModelError(f"{path}: no such file; expected a checkpoint; name the folder of one")
    return file_hash(path)


def file_hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below a folder but checkpoint.json, its own and texts for people, by its path."""
    paths = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    ours = (CONFIG, CONFIG_SUM)
    return {name: file_hash(path) for name, path in paths.items() if name not in ours and path.suffix != ".md"}


def listed_files(folder: Path) -> tuple[str, ...]:
    """The files, by their paths below a folder, that its checkpoint.json of any format lists; none where it is torn."""
    try:
        return tuple(map(str, parse_json(small_bytes(folder / CONFIG))["files"]))
    except (OSError, ValueError, KeyError, TypeError):
        return ()


def write_config(folder: Path, config: CheckpointConfig) -> None:
    """Write checkpoint.json and its hash."""
    path = folder / CONFIG
    path.write_bytes(_schema.dump_json(config, indent=1) + b"\n")
    (folder / CONFIG_SUM).write_text(sums_line(path, path.name), encoding="utf-8")


def read_config(folder: Path) -> CheckpointConfig:
    """The content of checkpoint.json.

    Raises
    ------
    ModelError
        The folder is no checkpoint, or one of another version; all faults are told, a line each.
    """
    path = folder / CONFIG
    if not folder.is_dir():
        raise ModelError(f"{folder}: no such folder; expected a model, as `cistrace export` writes it; check the path")
    if not path.exists() and (folder / RUN_FILE).exists():
        raise ModelError(f"{folder}: is a run of `cistrace train`; {_missing_of_run(folder)}")
    try:
        text = small_bytes(path)
        plain = parse_json(text)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ModelError(f"{path}: not a readable checkpoint ({reason}); restore it or name another folder") from error
    found = plain.get("format", 1) if isinstance(plain, dict) else None
    if isinstance(found, int) and found != FORMAT:
        mend = "export its run again with `cistrace export RUN -o DIR`" if found < FORMAT else "update cistrace"
        raise ModelError(f"{path}: is of format {found}, expected {FORMAT}; {mend}")
    _check_sum(folder)
    try:
        config = _schema.validate_json(text)
        faults = _contradictions(config)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc'])) or 'file'}: {fault['msg']}" for fault in error.errors()]
    if faults:
        listed = "".join(f"\n  {fault}" for fault in faults)
        raise ModelError(f"{path}: not a readable checkpoint; restore it or name another folder{listed}")
    return config


def _check_sum(folder: Path) -> None:
    path, sums = folder / CONFIG, folder / CONFIG_SUM
    if not sums.exists():
        return
    try:
        expected = str(sums_of(sums.read_text(encoding="utf-8")).get(path.name))
    except (OSError, ValueError) as error:
        raise ModelError(f"{sums}: cannot be read ({error}); restore the checkpoint") from error
    if (found := file_hash(path)) != expected:
        raise ModelError(
            f"{path}: found SHA-256 {found[:12]}, expected {expected[:12]} as {sums.name} has it; one of the two is "
            "torn or altered: restore the checkpoint"
        )


def _missing_of_run(folder: Path) -> str:
    """What a training run without a model lacks, and what to do."""
    last, ready = "regression", ""
    try:
        about = parse_json(small_bytes(folder / RUN_FILE))
        last, done = about.get("last", last), about.get("done", [])
        if last in done:
            return f"expected its model; run `cistrace export {folder} -o DIR`"
        ready = f" (done: {', '.join(done)})" if done else ""
    except (OSError, ValueError, TypeError, AttributeError):
        pass
    return (
        f"its stage {last} is not done{ready}; expected a whole training; go on with `cistrace train all` and "
        "the same recipe, data set and folder"
    )


def _contradictions(config: CheckpointConfig) -> list[str]:
    """What no single field shows."""
    faults = []
    if tuple(config.scales) != config.cell_types:
        faults.append(f"scales: of {', '.join(config.scales)}, expected of {', '.join(config.cell_types)}")
    for name, scale in config.scales.items():
        if set(scale.calibrations) != set(config.interface.readouts):
            expected = ", ".join(config.interface.readouts)
            faults.append(f"scales.{name}.calibrations: of {', '.join(scale.calibrations)}, expected of {expected}")
        for readout, one in scale.calibrations.items():
            if one.bounds is not None and (fault := _unusable(one.bounds)):
                faults.append(f"scales.{name}.calibrations.{readout}.bounds: {fault}")
        tower = scale.calibrations.get("towers")
        if tower is not None and (tower.slope, tower.intercept) != IDENTITY:
            found = f"{tower.slope}, {tower.intercept}"
            faults.append(f"scales.{name}.calibrations.towers: slope and intercept {found}, expected 1 and 0")
        if not scale.cuts[0] < scale.cuts[1] < scale.cuts[2]:
            faults.append(f"scales.{name}.cuts: {scale.cuts} do not rise; expected three numbers that do")
        if any(later < earlier for earlier, later in zip(scale.quantiles, scale.quantiles[1:])):
            faults.append(f"scales.{name}.quantiles: they fall; expected numbers that rise")
    if (config.interface.evidence == "towers") != all(scale.line is not None for scale in config.scales.values()):
        faults.append(f"scales: lines of backdrops with evidence {config.interface.evidence}; expected them of towers")
    if config.interface.arm == LEDGER and config.interface.readouts != ("towers",):
        faults.append(f"interface.readouts: {config.interface.readouts} with the arm ledger, expected towers alone")
    if (config.interface.arm == "card+generated") != ("trace" in config.interface.readouts):
        faults.append(f"interface.readouts: {config.interface.readouts} with the arm {config.interface.arm}")
    if (config.interface.evidence == "towers") != ("towers" in config.interface.readouts):
        faults.append(f"interface.readouts: {config.interface.readouts} with the evidence {config.interface.evidence}")
    return faults


def _unusable(bounds: Bounds) -> str:
    """Why there is nothing between a bound's places; empty where there is."""
    if not len(bounds.at) == len(bounds.below) == len(bounds.above):
        return f"{len(bounds.at)}, {len(bounds.below)} and {len(bounds.above)} numbers, expected as many of each"
    if any(later <= earlier for earlier, later in zip(bounds.at, bounds.at[1:])):
        return f"at: {bounds.at} do not rise; expected numbers that do"
    return ""
