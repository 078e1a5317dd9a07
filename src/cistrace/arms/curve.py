"""A learning curve: one net at growing shares of the training elements, and what twice as many would foretell."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cistrace.arms.nets import Net, NetKind
from cistrace.arms.plan import Plan, drawn_comparison, keep_plan
from cistrace.errors import DataError
from cistrace.evaluation.accuracy import head, row
from cistrace.evaluation.ceiling import Ceiling
from cistrace.evaluation.comparison import Comparison
from cistrace.evaluation.contenders import Contender, predictions_of
from cistrace.evaluation.intervals import DRAWS, Interval, bootstrap, resampled_blocks
from cistrace.io.files import whole_file
from cistrace.io.locks import folder_lock
from cistrace.mpra import metrics
from cistrace.mpra.blocks import chromosome_blocks
from cistrace.version import __version__

log = logging.getLogger(__name__)
SHARES = (0.12, 0.25, 0.5, 1.0)
BEYOND = 2.0  # times the training elements that the curve is drawn out to
FEWEST_POINTS = 3
CURVE = "curve.md"

Curve = Mapping[int, NDArray[np.float64]]
"""By the number of training elements, predicted activity: (seeds, N, cell types)."""


@dataclass(frozen=True)
class PowerLaw:
    """`top` - scale x n ** -rate: what a correlation comes to with n training elements, falling short of `top`."""

    top: float
    scale: float
    rate: float

    def at(self, rows: float) -> float:
        """The correlation with so many training elements."""
        return self.top - self.scale * float(rows) ** -self.rate


def fit_power_law(rows: Sequence[int], correlations: Sequence[float], top: float) -> PowerLaw | None:
    """Least squares of the logarithm of the shortfall on that of the rows; None where a correlation reaches `top`."""
    shortfall = top - np.asarray(correlations, dtype=np.float64)
    if not (shortfall > 0).all():
        return None
    slope, intercept = np.polyfit(np.log(np.asarray(rows, dtype=np.float64)), np.log(shortfall), 1)
    return PowerLaw(top, float(np.exp(intercept)), float(-slope))


def share_plan(plan: Plan, share: float, training: int) -> Plan:
    """The plan at a share of so many training elements: the same passes, and so fewer updates."""
    return replace(plan, rows=round(share * training))


def fit_curve(
    comparison: Comparison, plan: Plan, kind: NetKind, shares: Sequence[float], seeds: int
) -> dict[int, NDArray[np.float64]]:
    """Fit the net at every share, the smallest first, and keep each in OUT/KIND-ROWS; those kept are not made again.

    Every share's elements are among the next one's.
    """
    found = {}
    for share in sorted(shares):
        at = share_plan(plan, share, len(comparison.training))
        part = replace(drawn_comparison(comparison, at), folder=comparison.folder / f"{kind}-{at.rows}")
        keep_plan(part.folder, at)
        with folder_lock(part.folder / ".lock", part.folder, "learning curve"):
            log.info("%s at %d elements, %d updates", kind, at.rows, at.steps)
            arm = Contender(kind, f"{kind} at {at.rows:,}", Net(kind, at), seeded=True)
            found[at.rows] = predictions_of(part, arm, seeds).activity
    return found


def extrapolated(
    comparison: Comparison, curve: Curve, cell: int, top: float, beyond: float = BEYOND, draws: int = DRAWS
) -> Interval | None:
    """What a power law through the curve foretells at `beyond` times its most elements, in one cell type.

    The interval is of the test elements alone: in every draw of chromosome blocks all correlations are taken anew and
    the law fitted anew. It holds neither another draw of training elements nor that the law may not go on.

    Raises
    ------
    DataError
        The curve has fewer than three points.
    """
    if len(curve) < FEWEST_POINTS:
        raise DataError(f"learning curve: found {len(curve)} sizes, expected at least {FEWEST_POINTS} to draw it out")
    seen = np.isfinite(comparison.judged.activity[:, cell])
    measured, blocks = comparison.judged.activity[seen, cell], chromosome_blocks(comparison.judged)[seen]
    rows = sorted(curve)
    predicted = [curve[count][:, seen, cell] for count in rows]

    def foretold(places: NDArray[np.int64] | slice) -> float:
        found = [np.mean([metrics.pearson(one[places], measured[places]) for one in seeds]) for seeds in predicted]
        law = fit_power_law(rows, [float(value) for value in found], top)
        return float("nan") if law is None else law.at(beyond * rows[-1])

    value = foretold(slice(None))
    if np.isnan(value):
        return None
    drawn = [foretold(places) for places in resampled_blocks(blocks, draws)]
    lower, upper = np.nanquantile(drawn, [0.025, 0.975])
    return Interval(value, float(lower), float(upper))


def write_curve(
    comparison: Comparison, plan: Plan, kind: NetKind, curve: Curve, ceilings: list[Ceiling], command: str
) -> Path:
    """Write OUT/curve.md: correlation by the number of training elements, and the extrapolation; returns the path."""
    path = comparison.folder / CURVE
    with whole_file(path) as part:
        part.write_text("\n".join(_lines(comparison, plan, kind, curve, ceilings, command)) + "\n", encoding="utf-8")
    return path


def _lines(
    comparison: Comparison, plan: Plan, kind: NetKind, curve: Curve, ceilings: list[Ceiling], command: str
) -> Iterator[str]:
    yield f"# Learning curve, {kind}\n"
    yield (
        f"Fitted anew on growing parts of the training split of `{comparison.source}`, {plan.passes} passes at "
        f"{plan.batch} elements an update each; judged on {len(comparison.judged):,} elements of {comparison.split}. "
        f"cistrace {__version__}. Made by\n"
    )
    yield f"    {command}\n"
    yield "Pearson; intervals: 95 % bootstrap over chromosome blocks.\n"
    yield from head("training elements", *comparison.cell_types)
    blocks = chromosome_blocks(comparison.judged)
    for count in sorted(curve):
        cells = []
        for cell in range(len(comparison.cell_types)):
            seen = np.isfinite(comparison.judged.activity[:, cell])
            pair = curve[count][:, seen, cell], comparison.judged.activity[seen, cell]
            cells.append(bootstrap(metrics.pearson, *pair, blocks=blocks[seen]))
        yield row(f"{count:,}", *cells)
    if len(curve) < FEWEST_POINTS:
        return
    most = max(curve)
    yield (
        f"\nExtrapolated to {BEYOND:g} times {most:,} by a power law of the shortfall, fitted to the {len(curve)} "
        "sizes above: nobody has measured this. Towards 1, and towards the measured ceiling (where a cell type has "
        "none, the mean of the others'). The intervals are of the judged elements alone.\n"
    )
    yield from head("shortfall from", *comparison.cell_types)
    limits = {one.cell_type: one.most for one in ceilings}
    tops = {"1": [1.0] * len(comparison.cell_types)}
    if limits:
        mean = float(np.mean(list(limits.values())))
        tops["the ceiling"] = [limits.get(cell_type, mean) for cell_type in comparison.cell_types]
    for name, column in tops.items():
        found = [extrapolated(comparison, curve, cell, top) for cell, top in enumerate(column)]
        yield row(name, *("undefined" if one is None else one for one in found))
