"""What every arm would take, before any of it: elements, weight updates, minutes on this machine.

Nets and language models are timed on one small batch. The rest goes by rates that were measured on one core of a
machine of 2 GHz with AVX2. All of it is reckoned for one core with nothing beside it, not promised.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from cistrace.arms.catalogue import SHIPPED
from cistrace.arms.language import MICRO, READ_GENERATED, LanguageArm
from cistrace.arms.nets import Net
from cistrace.arms.plan import Plan
from cistrace.arms.wording import Family
from cistrace.arms.words import build_words
from cistrace.evaluation.comparison import Comparison
from cistrace.evaluation.contenders import Contender
from cistrace.evaluation.specialists import motif_boosting
from cistrace.towers.encoding import one_hot
from cistrace.writers.compact_model import new_language_model

PROBE = 16  # elements that a net is timed on
TIMES = 3  # that it is: the quickest counts
SCANNED = 2_000  # elements a second
BOOSTED = 25.0  # seconds a cell type at 10,000 elements
TOLD = 10.0  # predictions with a trace a second, of the shipped model
NUMBERED = 250.0  # without one
WRITTEN = 8.0  # traces a second, of a language model fitted here
EVIDENCE = 25.0  # elements a second that light towers tell a ledger of
WORDS = 3_000  # of a tokenizer, about
TEXT: dict[Family, int] = {"sequence": 215, "paper": 340, "evidence": 330}  # words of an element in three cell types
BEHIND = 100  # words behind one of them, where any stand there


@dataclass(frozen=True)
class Reckoned:
    """One arm: training elements, weight updates (0 where nothing is updated), minutes, and whether it is kept."""

    arm: str
    rows: int
    steps: int
    minutes: float
    kept: bool


def reckon(comparison: Comparison, plan: Plan, arms: Sequence[Contender], seeds: int) -> list[Reckoned]:
    """Every arm, in order. What several share counts with the first that is not kept."""
    found, shared = [], set[str]()
    for arm in arms:
        times = seeds if arm.seeded else 1
        kept = all(comparison.predictions(arm.name, seed).exists() for seed in range(times))
        seconds = 0.0
        if not kept:
            seconds = _seconds(comparison, plan, arm, shared)
        fitted = arm.name not in SHIPPED
        stages = 1 if isinstance(arm.predict, Net) else 2 if isinstance(arm.predict, LanguageArm) else 0
        found.append(Reckoned(arm.name, plan.rows * fitted, plan.steps * stages, times * seconds / 60, kept))
    return found


def _seconds(comparison: Comparison, plan: Plan, arm: Contender, shared: set[str]) -> float:
    """One seed of an arm; `shared` holds the work that an earlier one has been charged with."""
    judged, val, cells = len(comparison.judged), len(comparison.val), len(comparison.cell_types)
    if isinstance(arm.predict, Net):
        learnt, read = _net_seconds(arm.predict, comparison)
        return plan.passes * (plan.rows * learnt + 2 * val * read) + 2 * (judged + val) * read
    if isinstance(arm.predict, LanguageArm):
        return _language_seconds(arm.predict, plan, judged, cells, shared)
    if arm.name == "tower":
        return judged * cells / NUMBERED
    if arm.name in SHIPPED:
        first = "shipped" not in shared
        shared.add("shipped")
        return judged * cells / TOLD if first else 0.0
    boosted = BOOSTED * plan.rows / 10_000 * cells if arm.predict is motif_boosting else 0.0
    return (plan.rows + val + judged) / SCANNED + boosted


def _language_seconds(arm: LanguageArm, plan: Plan, judged: int, cells: int, shared: set[str]) -> float:
    learnt, read = _model_seconds(plan, TEXT[arm.family] + (0 if arm.behind == "card" else cells * BEHIND))
    seconds = plan.passes * plan.rows * learnt + (6 * plan.val_rows + judged) * read
    every = plan.rows + plan.val_rows + judged
    if arm.family not in shared:
        shared.add(arm.family)
        seconds += plan.passes * plan.rows * learnt
        seconds += every / EVIDENCE if arm.family == "evidence" else 0.0
    if arm.behind in READ_GENERATED and f"{arm.family} traces" not in shared:
        shared.add(f"{arm.family} traces")
        seconds += every * cells / WRITTEN
    return seconds


def _net_seconds(net: Net, comparison: Comparison) -> tuple[float, float]:
    """Seconds to learn from an element, and to read one."""
    tower = net.untrained(comparison.cell_types, comparison.training.window, 0)
    x = one_hot(torch.randint(0, 4, (PROBE, tower.window), generator=torch.Generator().manual_seed(0)))
    learnt = _quickest(lambda: tower.standardised(x).square().mean(), True) / PROBE
    tower.eval()
    return learnt, _quickest(lambda: tower(x), False) / PROBE


def _model_seconds(plan: Plan, words: int) -> tuple[float, float]:
    """The same of a language model and texts of so many words."""
    model = new_language_model(build_words((), WORDS), plan.shape, 0)
    ids = torch.randint(5, WORDS, (MICRO, words), generator=torch.Generator().manual_seed(0))

    def hidden() -> Tensor:
        return model.base_model(input_ids=ids, use_cache=False).last_hidden_state.square().mean()

    return _quickest(hidden, True) / MICRO, _quickest(hidden, False) / MICRO


def _quickest(work: Callable[[], Tensor], learning: bool) -> float:
    taken = []
    for _ in range(TIMES):
        began = time.perf_counter()
        with torch.set_grad_enabled(learning):
            found = work()
            if learning:
                found.backward()
        taken.append(time.perf_counter() - began)
    return min(taken)


def plan_text(plan: Plan, reckoned: Sequence[Reckoned]) -> str:
    """The plan as lines of text."""
    lines = [
        f"{plan.rows:,} training elements, {plan.passes} passes at {plan.batch} an update: {plan.steps:,} updates "
        "a stage",
        f"{'arm':<22}{'elements':>10}{'updates':>10}{'minutes':>10}",
    ]
    for one in reckoned:
        minutes = "kept" if one.kept else f"{one.minutes:.1f}" if one.minutes >= 0.05 else "< 0.1"
        lines.append(f"{one.arm:<22}{one.rows or 'none':>10}{one.steps or 'none':>10}{minutes:>10}")
    lines.append(f"{'to do':<22}{'':>20}{sum(one.minutes for one in reckoned if not one.kept):>10.1f}")
    return "\n".join(lines)
