"""`cistrace evaluate --arms` and `--learning-curve`: models fitted anew at equal rows, steps and seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cistrace.cli.extras import need_training

if TYPE_CHECKING:
    from cistrace.arms.nets import NetKind
    from cistrace.arms.plan import Plan
    from cistrace.evaluation.comparison import Comparison


@dataclass(frozen=True)
class ArmsCall:
    """What the options of `evaluate` say of arms and of a learning curve.

    Attributes
    ----------
    curve : str or None
        The net of a learning curve; None for arms.
    names : sequence of str or None
        Of the arms asked for; None for all.
    rows : int or None
        Judged elements drawn from the split; None for all.
    """

    model: Path | None
    data: Path | None
    split: str
    curve: str | None
    names: Sequence[str] | None
    training_rows: int
    passes: int
    batch: int
    val_rows: int
    size: str
    narrow: int
    seeds: int
    rows: int | None
    folder: Path
    threads: int
    dry_run: bool
    command: str


def evaluate_anew(call: ArmsCall) -> None:
    """Say the plan; then fit what is missing and print the report, unless it is a dry run."""
    need_training("evaluate")
    from cistrace.arms.plan import Plan
    from cistrace.engines.cores import use_threads
    from cistrace.evaluation.comparison import open_comparison

    use_threads(call.threads)
    plan = Plan(
        call.training_rows, call.passes, call.batch, call.val_rows, call.size, call.narrow  # type: ignore[arg-type]
    )  # fmt: skip
    comparison = open_comparison(call.data, call.split, call.folder, call.model, call.rows, call.threads)
    report = _arms(call, plan, comparison) if call.curve is None else _curve(call, plan, comparison)
    if report is not None:
        click.echo(report.read_text(encoding="utf-8"), nl=False)


def _arms(call: ArmsCall, plan: Plan, comparison: Comparison) -> Path | None:
    from cistrace.arms.catalogue import chosen_arms, known_arms
    from cistrace.arms.evaluate import evaluate_arms
    from cistrace.arms.plan import drawn_comparison
    from cistrace.arms.reckon import plan_text, reckon
    from cistrace.evaluation.ceiling import ceilings

    drawn = drawn_comparison(comparison, plan)
    arms = chosen_arms(known_arms(plan, call.model), call.names)
    click.echo(plan_text(plan, reckon(drawn, plan, arms, call.seeds)), err=not call.dry_run)
    if call.dry_run:
        return None
    return evaluate_arms(drawn, plan, arms, call.seeds, ceilings(call.data), call.command)


def _curve(call: ArmsCall, plan: Plan, comparison: Comparison) -> Path | None:
    from cistrace.arms.curve import SHARES, fit_curve, share_plan, write_curve
    from cistrace.arms.nets import Net
    from cistrace.arms.plan import drawn_comparison
    from cistrace.arms.reckon import plan_text, reckon
    from cistrace.evaluation.ceiling import ceilings
    from cistrace.evaluation.contenders import Contender

    kind: NetKind = call.curve  # type: ignore[assignment]
    for share in SHARES:
        at = share_plan(plan, share, len(comparison.training))
        part = drawn_comparison(comparison, at)
        arms = [Contender(kind, kind, Net(kind, at), seeded=True)]
        click.echo(plan_text(at, reckon(part, at, arms, call.seeds)), err=not call.dry_run)
    if call.dry_run:
        return None
    curve = fit_curve(comparison, plan, kind, SHARES, call.seeds)
    return write_curve(comparison, plan, kind, curve, ceilings(call.data), call.command)
