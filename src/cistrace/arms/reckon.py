"""What every arm would take, before any of it: elements, weight updates, minutes on this machine.

Nets are timed on one small batch. What is not a net goes by rates that were measured on one core of a machine of 2 GHz
with AVX2; both are reckoned, not promised.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from cistrace.arms.catalogue import FITTED, NETS, SHIPPED
from cistrace.arms.nets import Net
from cistrace.arms.plan import Plan
from cistrace.evaluation.comparison import Comparison
from cistrace.evaluation.contenders import Contender
from cistrace.towers.encoding import one_hot

PROBE = 16  # elements that a net is timed on
SCANNED = 2_000  # elements a second and core
TIMES = 4  # that it is: the quickest counts
BOOSTED = 25.0  # seconds a cell type at 10,000 elements
TOLD = 10.0  # predictions with a trace a second and core


@dataclass(frozen=True)
class Reckoned:
    """One arm: training elements, weight updates (0 where nothing is updated), minutes, and whether it is kept."""

    arm: str
    rows: int
    steps: int
    minutes: float
    kept: bool


def reckon(comparison: Comparison, plan: Plan, arms: Sequence[Contender], seeds: int) -> list[Reckoned]:
    """Every arm, in order."""
    found = []
    for arm in arms:
        times = seeds if arm.seeded else 1
        kept = all(comparison.predictions(arm.name, seed).exists() for seed in range(times))
        rows = 0 if arm.name in SHIPPED else plan.rows
        steps = plan.steps if arm.name in NETS else 0
        found.append(Reckoned(arm.name, rows, steps, times * _seconds(comparison, plan, arm) / 60, kept))
    return found


def _seconds(comparison: Comparison, plan: Plan, arm: Contender) -> float:
    judged, val = len(comparison.judged), len(comparison.val)
    if isinstance(arm.predict, Net):
        learnt, read = _net_seconds(arm.predict, comparison)
        return plan.passes * (plan.rows * learnt + 2 * val * read) + 2 * (judged + val) * read
    if arm.name in FITTED:
        boosted = BOOSTED * plan.rows / 10_000 * len(comparison.cell_types)
        return (plan.rows + val + judged) / SCANNED + (boosted if arm.name == "motifs" else 0.0)
    return judged * len(comparison.cell_types) / TOLD if arm.name == SHIPPED[0] else 0.0


def _net_seconds(net: Net, comparison: Comparison) -> tuple[float, float]:
    """Seconds to learn from an element, and to read one."""
    tower = net.untrained(comparison.cell_types, comparison.training.window, 0)
    codes = torch.randint(0, 4, (PROBE, tower.window), generator=torch.Generator().manual_seed(0))
    x, taken = one_hot(codes), []
    for _ in range(TIMES):
        began = time.perf_counter()
        tower.standardised(x).square().mean().backward()
        taken.append(time.perf_counter() - began)
    with torch.inference_mode():
        tower.eval()
        began = time.perf_counter()
        tower(x)
        read = time.perf_counter() - began
    return min(taken) / PROBE, read / PROBE


def plan_text(plan: Plan, reckoned: Sequence[Reckoned]) -> str:
    """The plan as lines of text."""
    lines = [
        f"{plan.rows:,} training elements, {plan.passes} passes at {plan.batch} an update: {plan.steps:,} updates",
        f"{'arm':<22}{'elements':>10}{'updates':>10}{'minutes':>10}",
    ]
    for one in reckoned:
        minutes = "kept" if one.kept else f"{one.minutes:.1f}" if one.minutes >= 0.05 else "< 0.1"
        lines.append(f"{one.arm:<22}{one.rows or 'none':>10}{one.steps or 'none':>10}{minutes:>10}")
    lines.append(f"{'to do':<22}{'':>20}{sum(one.minutes for one in reckoned if not one.kept):>10.1f}")
    return "\n".join(lines)
