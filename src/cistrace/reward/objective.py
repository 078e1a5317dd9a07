"""What a design is to reach: an activity, a difference of activities, or any arithmetic of them.

Every objective is an expression over the activities of cell types. Three have names:

    activity      target
    specificity   target - max(off-targets)
    weighted      0.8 * target - 0.1 * each off-target
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cistrace.cards.cell_types import canonical_cell_types
from cistrace.errors import InputError
from cistrace.reward.expression import Node, activities_in, parse_expression, short, value_of

ACTIVITY, SPECIFICITY, WEIGHTED = "activity", "specificity", "weighted"
NAMED = (ACTIVITY, SPECIFICITY, WEIGHTED)
TARGET_WEIGHT, OFF_TARGET_WEIGHT = 0.8, 0.1
NARROWEST = 1e-6  # least width of a scale, log2(RNA/DNA): about the spacing of float32 at activities of 8
_FARTHEST, _PROBES = 10, 64  # activities at which objectives are tried lie within +-10; so many mixed ones

Scales = Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class Objective:
    """An objective over the activities of a model.

    Attributes
    ----------
    text : str
        The expression.
    columns : tuple of str
        Cell types of the activities that it is given, in their order.
    cell_types : tuple of str
        Those that it names, each once.
    node : Node
        The expression's tree.
    ranges : tuple of (float, float), or None
        What stands for 0 and for 1 in each of `cell_types`, log2(RNA/DNA); None for activities as they are.
    """

    text: str
    columns: tuple[str, ...]
    cell_types: tuple[str, ...]
    node: Node
    ranges: tuple[tuple[float, float], ...] | None

    def of(self, activities: Tensor) -> Tensor:
        """Values (N,) of activities (N, columns); gradients pass."""
        scaled = {}
        for place, name in enumerate(self.cell_types):
            column = activities[:, self.columns.index(name)]
            low, high = (0.0, 1.0) if self.ranges is None else self.ranges[place]
            scaled[name] = (column - low) / (high - low)
        return value_of(self.node, scaled, activities)

    def values(self, activities: NDArray[np.float32]) -> NDArray[np.float64]:
        """Values (N,) of activities (N, columns)."""
        return self.of(torch.from_numpy(activities.astype(np.float64))).numpy()


def roles_of(
    target: str | None, against: tuple[str, ...], known: tuple[str, ...]
) -> tuple[str | None, tuple[str, ...]]:  # fmt: skip
    """Target and off-targets as the model spells them.

    Raises
    ------
    InputError
        Several targets, or one that is an off-target too.
    CellTypeError
        A cell type that the model does not know.
    """
    targets = () if target is None else canonical_cell_types((target,), known)
    off_targets = canonical_cell_types(against, known) if against else ()
    if len(targets) > 1:
        raise InputError(f"target: found {target!r}, expected a single cell type of {', '.join(known)}; name one")
    if both := [name for name in targets if name in off_targets]:
        raise InputError(f"target {both[0]}: is an off-target too, expected other cell types against it; leave it out")
    return (targets[0] if targets else None), off_targets


def objective_of(
    name: str | None, target: str | None, against: tuple[str, ...], scales: Scales | None, known: tuple[str, ...]
) -> Objective:
    """An objective by its name or its expression.

    Parameters
    ----------
    name : str or None
        One of `NAMED`, or an expression; None for `specificity` where there are off-targets, else `activity`.
    target : str or None
        As the model spells it; an expression needs none.
    against : tuple of str
        Off-targets, likewise.
    scales : mapping, optional
        The activities that count as 0 and as 1, by cell type.
    known : tuple of str
        Cell types of the model.

    Raises
    ------
    InputError
        A name that needs a target or off-targets which are not given; an expression that cannot be read, is not finite
        for activities within +-10, in float32 and in float64, or the same whatever they are; scales that are no ranges,
        narrower than 1e-6, or not those of all its cell types.
    CellTypeError
        A cell type that the model does not know.
    """
    if name is None:
        name = SPECIFICITY if against else ACTIVITY
    text = _text(name, target, against) if name in NAMED else name
    node = parse_expression(text, known)
    named = tuple(dict.fromkeys(activities_in(node)))
    objective = Objective(text, known, named, node, None if scales is None else _ranges(scales, named, known))
    _check_values(objective)
    return objective


def _check_values(objective: Objective) -> None:
    """Refuses what overflows or never changes, in the precision of rewards and in that of their module."""
    probes = _probes(len(objective.columns))
    for precision in (torch.float64, torch.float32):
        kind = str(precision).removeprefix("torch.")
        values = objective.of(torch.from_numpy(probes).to(precision))
        if not values.isfinite().all():
            found = f"found {values[~values.isfinite()][0].item()} for activities within +-{_FARTHEST} ({kind})"
            raise InputError(f"objective {short(objective.text)}: {found}, expected a finite number; mend its numbers")
        if (values == values[0]).all():
            found = f"found {values[0].item():g} whatever the activities are ({kind})"
            raise InputError(f"objective {short(objective.text)}: {found}, expected what changes with them; mend it")


def _probes(columns: int) -> NDArray[np.float64]:
    """Activities (N, columns) to try an objective at: whole numbers, of which equal terms cancel without a rest."""
    alike = np.array([-_FARTHEST, 0, _FARTHEST])[:, None].repeat(columns, axis=1)
    apart = _FARTHEST * np.concatenate([np.eye(columns), -np.eye(columns)])
    mixed = np.random.default_rng(0).integers(-_FARTHEST, _FARTHEST + 1, (_PROBES, columns))
    return np.concatenate([alike, apart, mixed], dtype=np.float64)


def _text(name: str, target: str | None, against: tuple[str, ...]) -> str:
    if target is None:
        raise InputError(f"objective {name!r}: found no target, expected one; name a cell type")
    if name == ACTIVITY:
        return repr(target)
    if not against:
        raise InputError(f"objective {name!r}: found no off-target, expected at least one; name cell types in against")
    if name == SPECIFICITY:
        return f"{target!r} - max({', '.join(map(repr, against))})"
    return " ".join([f"{TARGET_WEIGHT} * {target!r}", *(f"- {OFF_TARGET_WEIGHT} * {one!r}" for one in against)])


def _ranges(scales: Scales, named: tuple[str, ...], known: tuple[str, ...]) -> tuple[tuple[float, float], ...]:
    given = {canonical_cell_types((name,), known)[0]: ends for name, ends in scales.items()}
    missing = [name for name in named if name not in given]
    if missing:
        raise InputError(f"scales: found none of {', '.join(missing)}, expected those of all cell types; give them")
    return tuple(_range(name, given[name]) for name in named)


def _range(name: str, ends: tuple[float, float]) -> tuple[float, float]:
    try:
        low, high = map(float, ends)
    except (TypeError, ValueError, OverflowError):
        low = high = math.nan
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise InputError(f"scales: found {ends!r} for {name}, expected two activities, the lower first; mend them")
    if high - low < NARROWEST:
        raise InputError(f"scales: found {ends!r} for {name}, expected at least {NARROWEST:g} between; widen it")
    return low, high
