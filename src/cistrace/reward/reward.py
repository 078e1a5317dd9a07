"""Reward: designed sequences to one number each, with what it is made of."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from numbers import Real
from pathlib import Path
from threading import RLock
from typing import Any
from warnings import warn

import numpy as np
import torch
from numpy.typing import NDArray

from cistrace.checkpoints.load import load_checkpoint
from cistrace.checkpoints.schema import TOWER_FILES
from cistrace.constraints.checker import ConstraintChecker
from cistrace.constraints.constraints import Constraints
from cistrace.constraints.file import read_constraints
from cistrace.engines.cores import use_threads
from cistrace.errors import InputError, ModelError
from cistrace.io.dna_sequence import DnaSequence
from cistrace.predict import Predictor
from cistrace.predictions.prediction import Prediction
from cistrace.reward.components import Numbers, RewardComponents, squeezed
from cistrace.reward.explanation import RewardExplanation
from cistrace.reward.measures import Checker, Measured, Measures
from cistrace.reward.memo import Memo
from cistrace.reward.module import RewardModule
from cistrace.reward.objective import Scales, objective_of, roles_of
from cistrace.reward.validity import Fault, fault_of
from cistrace.towers.files import load_tower

UNCERTAINTY = 0.5  # on val the error of the objective grows by 0.3-0.5 a unit of disagreement
DOMAIN = 1.0
FLOOR = -10.0
KEPT = 100_000
_OF_MORE = "keep_regions", "maximum_edits", "distance_between"  # constraints on a sequence and its start, or a set


class Reward:
    """Scores designed sequences for activity in a target cell type, and tells what a score is made of.

    The reward of a sequence is its objective minus penalties: for what the model is not sure of, for DNA unlike any
    that it learnt from, and for constraints that are not met. All are graded. What comes out below half of `floor` is
    squeezed, in its order, between there and `floor`. Text that is no sequence of letters A, C, G, T, from 20 bp to the
    model's window, gets `floor` minus the severity of its faults (`reward.validity`): always less than what can be
    scored, and the less the further it is from that. A reward depends neither on the batch nor on its order, nor on
    what was asked before.

    May be called from several threads at once, and pickled: a copy reads its checkpoint anew.

    Parameters
    ----------
    target : str, optional
        Cell type to be active in; beside an expression as `objective` none is needed.
    against : str or several
        Off-targets: cell types not to be active in.
    objective : str, optional
        `activity` (of the target), `specificity` (target minus the largest off-target), `weighted` (0.8 target minus
        0.1 of each off-target), or an expression of cell types: numbers, `+ - * /`, `min`, `max`, `mean`, `abs`.
        Unless given, specificity where there are off-targets, else activity.
    scales : dict, optional
        The activities that count as 0 and as 1, log2(RNA/DNA), by cell type; unless given, they count as they are.
    uncertainty : float
        Weight of how far readings of the objective lie apart: half the difference between LegNet's two strands, and the
        difference between LegNet and the light tower.
    domain : float
        Weight of how far beyond the threshold a sequence lies from what the model learnt from, in thresholds
        (`Domain.excess`). Nothing is taken off by a model that does not know.
    constraints : Constraints, path or Checker, optional
        As `read_constraints` reads them, or what measures them, such as a `ConstraintChecker` with starts. Of the
        former, what needs starts or several designs costs nothing, and a warning says so.
    constraint_weight : float
        What a unit of any constraint's shortfall costs.
    floor : float
        Below 0, in units of the objective.
    kept : int
        Sequences that are remembered: those last asked for.
    model, threads, device, expressed
        As `Predictor` takes them; the last for traces alone.

    Raises
    ------
    InputError
        A target that is an off-target too, an objective or scales that cannot be used, a weight below 0, a floor that
        is not, a device that cannot be used.
    CellTypeError
        A cell type that the model does not know.
    ModelError
        A checkpoint that cannot be used or has no sequence model.

    Examples
    --------
    >>> reward = Reward("HepG2", against=["K562", "WTC11"])
    >>> reward(["ACGT" * 50, "TGACTCAG" * 25]).shape
    (2,)
    """

    def __init__(
        self,
        target: str | None = None,
        against: str | Iterable[str] = (),
        objective: str | None = None,
        scales: Scales | None = None,
        uncertainty: float = UNCERTAINTY,
        domain: float = DOMAIN,
        constraints: Constraints | Checker | str | Path | None = None,
        constraint_weight: float = 1.0,
        floor: float = FLOOR,
        kept: int = KEPT,
        model: str | Path | None = None,
        threads: int | None = None,
        device: str | None = None,
        expressed: Iterable[str] | None = None,
    ) -> None:
        _check_types(target, against, objective, scales, constraints, expressed)
        off_targets = (against,) if isinstance(against, str) else tuple(against)
        factors = None if expressed is None else frozenset(expressed)
        checker = _checker(constraints)
        self._settings = (
            target, off_targets, objective, scales, uncertainty, domain, checker, constraint_weight, floor, kept, model,
            threads, device, factors,
        )  # fmt: skip
        weights = {"uncertainty": uncertainty, "domain": domain, "constraint_weight": constraint_weight}
        _check_numbers(weights, floor, kept)
        use_threads(threads)
        self.checkpoint = load_checkpoint(None if model is None else Path(model), device)
        if self.checkpoint.towers is None:
            raise ModelError(f"reward: {model or 'the shipped model'} has no sequence model; name one that has")
        self.cell_types, self.window = self.checkpoint.cell_types, self.checkpoint.window
        self.target, self.against = roles_of(target, off_targets, self.cell_types)
        self.objective = objective_of(objective, self.target, self.against, scales, self.cell_types)
        self.floor = floor
        self._weights = uncertainty, domain, constraint_weight
        self._measures = Measures(self.checkpoint.towers, checker)
        cores = torch.get_num_threads() if (device or "cpu") == "cpu" else 1
        self._memo = Memo(self._measures.rows, self._measures.width, cores, kept)
        self._model, self._threads, self._device, self._expressed = model, threads, device, factors
        self._writing = RLock()

    @property
    def constraint_kinds(self) -> tuple[str, ...]:
        """Kinds of constraints that cost something, in the order of `RewardComponents.constraints`."""
        return self._measures.kinds

    def __repr__(self) -> str:
        return f"<Reward, {self.objective.text}: {', '.join(self.cell_types)}; {self.window} bp>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (self._settings, self.checkpoint.hash)

    def __call__(self, sequences: Iterable[str]) -> NDArray[np.float64]:
        """Rewards (N,) of sequences. Where none of several can be scored, a warning says why the first cannot.

        Raises
        ------
        InputError
            Bare text instead of several, or an item that is no text.
        """
        return self._asked(sequences)[2].rewards

    def components(self, sequences: Iterable[str]) -> RewardComponents:
        """Rewards and what they are made of, a row a sequence.

        Parameters
        ----------
        sequences
            As for rewards alone.

        Raises
        ------
        InputError
            As for rewards alone.
        """
        return self._asked(sequences)[2]

    def explain(self, sequences: Iterable[str], traces: bool = False) -> list[RewardExplanation]:
        """Rewards with their reasons, in the order of the sequences.

        Parameters
        ----------
        sequences
            As for rewards alone.
        traces : bool
            Adds a prediction in every cell type that matters, with verified trace and ledger. Takes much longer.

        Raises
        ------
        InputError
            As for rewards alone.
        """
        texts, faults, found = self._asked(sequences)
        cells = tuple(dict.fromkeys(filter(None, (self.target, *self.against, *self.objective.cell_types))))
        scored = [bases for bases, fault in zip(texts, faults, strict=True) if fault is None]
        predictions = self._predictions(scored, cells) if traces else {}
        return [
            self._explanation(place, bases, fault, found, cells, predictions.get(bases, ()))
            for place, (bases, fault) in enumerate(zip(texts, faults, strict=True))
        ]

    def module(self, column: bool = False) -> RewardModule:
        """The objective, without penalties, as a differentiable PyTorch module with weights of its own.

        Parameters
        ----------
        column : bool
            Let it give (N, 1) instead of (N,).
        """
        tower = load_tower(self.checkpoint.folder / TOWER_FILES[0]).to(self._device or "cpu")
        return RewardModule(tower, self.objective, column)

    def _asked(self, sequences: Iterable[str]) -> tuple[list[str], list[Fault | None], RewardComponents]:
        """Sequences as they are scored, what is wrong with each, and what their rewards are made of."""
        texts = _texts(sequences)
        faults = [fault_of(bases, self.window) for bases in texts]
        if texts and all(faults):
            reason = next(fault.reason for fault in faults if fault is not None)
            warn(f"reward: none of {len(texts)} sequences can be scored; the first: {reason}", stacklevel=3)
        return texts, faults, self._components(texts, faults)

    def _components(self, texts: list[str], faults: list[Fault | None]) -> RewardComponents:
        valid = np.array([fault is None for fault in faults], dtype=np.bool_)
        rows = np.full((len(texts), self._measures.width), np.nan, dtype=np.float32)
        rows[valid] = self._memo.rows([bases for bases, fault in zip(texts, faults, strict=True) if fault is None])
        measured = self._measures.of(rows)
        objective = self.objective.values(measured.activities)
        unsure = self._weights[0] * self._disagreement(measured, objective)
        outside = self._weights[1] * self._excess(measured.distances)
        broken = self._weights[2] * measured.shortfalls.astype(np.float64)
        rewards = squeezed(objective - unsure - outside - broken.sum(axis=1), self.floor)
        rewards[~valid] = [self.floor - fault.severity for fault in faults if fault is not None]
        return RewardComponents(
            rewards, valid, measured.activities, objective, unsure, outside, broken, measured.distances
        )

    def _disagreement(self, measured: Measured, objective: Numbers) -> Numbers:
        """How far readings of the objective lie apart: (N,), in its units."""
        given, other, light = map(self.objective.values, (measured.given, measured.other, measured.light))
        return np.abs(given - other) / 2 + np.abs(light - objective)

    def _excess(self, distances: NDArray[np.float32]) -> Numbers:
        """How far beyond the threshold distances are: (N,), in thresholds; none where no threshold is known."""
        domain = self.checkpoint.domain
        return np.zeros(len(distances)) if domain is None else domain.excess(distances).astype(np.float64)

    def _explanation(
        self, place: int, bases: str, fault: Fault | None, found: RewardComponents, cells: tuple[str, ...],
        predictions: tuple[Prediction, ...],
    ) -> RewardExplanation:  # fmt: skip
        reward = float(found.rewards[place])
        if fault is not None:
            return RewardExplanation(bases, reward, fault=fault.reason)
        row = found.activities[place].tolist()
        activities = {name: row[self.cell_types.index(name)] for name in cells}
        target = None if self.target is None else activities[self.target]
        off_targets = {name: activities[name] for name in self.against}
        return RewardExplanation(
            bases,
            reward,
            objective=float(found.objective[place]),
            activities=activities,
            target=target,
            off_targets=off_targets,
            specificity=target - max(off_targets.values()) if target is not None and off_targets else None,
            uncertainty=float(found.uncertainty[place]),
            out_of_domain=float(found.out_of_domain[place]),
            constraints=dict(zip(self.constraint_kinds, found.constraints[place].tolist(), strict=True)),
            distance=None if self.checkpoint.domain is None else float(found.distances[place]),
            predictions=predictions,
        )

    def _predictions(self, scored: list[str], cells: tuple[str, ...]) -> dict[str, tuple[Prediction, ...]]:
        wanted = list(dict.fromkeys(scored))
        records = [DnaSequence(f"seq{number}", bases) for number, bases in enumerate(wanted, 1)]
        with self._writing:
            rows = list(self._predictor.stream(records, cells)) if records else []
        return {bases: tuple(rows[at * len(cells) : (at + 1) * len(cells)]) for at, bases in enumerate(wanted)}

    @cached_property
    def _predictor(self) -> Predictor:
        return Predictor(self._model, self._threads, self._device, self._expressed)


def _rebuilt(settings: tuple[Any, ...], checkpoint: str) -> Reward:
    """The reward that was pickled; of another checkpoint it would be another."""
    reward = Reward(*settings)
    if reward.checkpoint.hash != checkpoint:
        raise ModelError(
            f"pickled reward: found checkpoint {reward.checkpoint.hash[:16]} in {reward.checkpoint.folder}, expected "
            f"{checkpoint[:16]}; restore it"
        )
    return reward


def _checker(constraints: Constraints | Checker | str | Path | None) -> Checker | None:
    if isinstance(constraints, str | Path):
        constraints = read_constraints(Path(constraints))
    if not isinstance(constraints, Constraints):
        return constraints
    if left := [name for name in _OF_MORE if getattr(constraints, name)]:
        warn(
            f"reward: {', '.join(left)} cost nothing here: they are of a design and its start, or of several designs; "
            "a ConstraintChecker with starts measures keep_regions and maximum_edits",
            stacklevel=3,
        )
    return ConstraintChecker(constraints)


def _check_types(
    target: object, against: object, objective: object, scales: object, constraints: object, expressed: object
) -> None:
    checks = {
        "target": (target, isinstance(target, str | None), "the name of a cell type"),
        "against": (against, _are_texts(against), "names of cell types"),
        "objective": (objective, isinstance(objective, str | None), "text"),
        "scales": (scales, isinstance(scales, Mapping | None), "a dict of (lowest, highest) by cell type"),
        "constraints": (constraints, isinstance(constraints, str | Path | Constraints | None)
                        or hasattr(constraints, "shortfalls"), "Constraints, the path of a file, or a Checker"),
        "expressed": (expressed, expressed is None or (not isinstance(expressed, str) and _are_texts(expressed)),
                      "symbols of genes"),
    }  # fmt: skip
    for name, (value, fits, expected) in checks.items():
        if not fits:
            raise InputError(f"{name}: found {repr(value)[:80]}, expected {expected}; give that")


def _are_texts(value: object) -> bool:
    """Whether a value is a text or gives texts alone, as far as can be seen without taking any."""
    return isinstance(value, Iterable) and (
        not isinstance(value, Collection) or all(isinstance(one, str) for one in value)
    )


def _check_numbers(weights: dict[str, float], floor: float, kept: int) -> None:
    for name, number in {**weights, "floor": floor, "kept": kept}.items():
        if not isinstance(number, Real) or (name == "kept" and not isinstance(number, int)):
            raise InputError(f"{name}: found {repr(number)[:80]}, expected a number; give one")
    for name, weight in weights.items():
        if not (math.isfinite(weight) and weight >= 0):
            raise InputError(f"{name}: found {weight}, expected a weight of at least 0; give one")
    if not (math.isfinite(floor) and floor < 0):
        raise InputError(f"floor: found {floor}, expected a number below 0; give one")
    if kept < 0:
        raise InputError(f"kept: found {kept}, expected at least 0; give a number of sequences")


def _texts(sequences: Iterable[str]) -> list[str]:
    """Sequences as they are scored: upper-case, without blanks around them."""
    if isinstance(sequences, str):
        raise InputError("reward: found one text, expected several; put it into a list")
    texts = list(sequences)
    for number, text in enumerate(texts, 1):
        if not isinstance(text, str):
            raise InputError(f"reward: item {number} is {type(text).__name__}, expected text; convert it")
    return [text.strip().upper() for text in texts]
