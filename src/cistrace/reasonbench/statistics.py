"""What a build counts: rows by split and level, faults by gate, agreement, how varied the traces are."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from cistrace.reasonbench.entries import Entry
from cistrace.reasonbench.gates import LEVEL, Judgement

LEVELS = 4
ERRORS = 2.0  # standard errors, beyond which an agreement is more than guessing


@dataclass
class BuildStatistics:
    """Counts, entry by entry. Distinct steps are counted by 8-byte digests."""

    entries: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # (split, cell type, kept or rejected)
    gates: Counter[tuple[str, str]] = field(default_factory=Counter)  # (split, gate): traces with such a fault
    agreeing: Counter[tuple[str, str]] = field(default_factory=Counter)  # (split, cell type)
    levels: Counter[tuple[str, str, str, int]] = field(default_factory=Counter)  # (split, cell, observed|stated, level)
    kinds: Counter[str] = field(default_factory=Counter)
    lengths: Counter[int] = field(default_factory=Counter)  # steps a trace
    steps: int = 0
    supported: int = 0
    distinct: set[bytes] = field(default_factory=set)
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def add(self, entry: Entry, judged: Judgement, kept: bool) -> None:
        """Count one entry; `judged` is what the gates saw of its trace alone."""
        self.entries[entry.split, entry.cell_type, "kept" if kept else "rejected"] += 1
        for gate in {fault.gate for fault in entry.faults if fault.gate != LEVEL}:
            self.gates[entry.split, gate] += 1
        self.agreeing[entry.split, entry.cell_type] += entry.stated_level == entry.level
        self.levels[entry.split, entry.cell_type, "observed", entry.level] += 1
        if entry.stated_level is not None:
            self.levels[entry.split, entry.cell_type, "stated", entry.stated_level] += 1
        self.kinds.update(judged.kinds)
        self.lengths[len(judged.steps)] += 1
        self.steps += len(judged.steps)
        self.supported += judged.supported
        self.distinct.update(hashlib.blake2b(step.encode(), digest_size=8).digest() for step in judged.steps)

    def plain(self) -> dict[str, Any]:
        """For the manifest: JSON values, keys sorted."""
        return {
            "entries": _nested(self.entries),
            "traces_with_fault": _nested(self.gates),
            "agreement_with_observed_level": {
                split: {cell: round(self.agreeing[split, cell] / total, 4) for cell, total in totals.items()}
                for split, totals in self._totals().items()
            },
            "levels": _nested(self.levels),
            "steps": self.steps,
            "steps_supported": self.supported,
            "distinct_step_texts": len(self.distinct),
            "steps_by_kind": dict(sorted(self.kinds.items())),
            "traces_by_steps": {str(count): self.lengths[count] for count in sorted(self.lengths)},
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
        }

    def _totals(self) -> dict[str, dict[str, int]]:
        totals: dict[str, dict[str, int]] = {}
        for (split, cell, _), count in sorted(self.entries.items()):
            totals.setdefault(split, {}).setdefault(cell, 0)
            totals[split][cell] += count
        return totals


def _nested(counts: Counter[Any]) -> dict[str, Any]:
    """Counts by tuples as dictionaries in dictionaries, keys sorted."""
    nested: dict[str, Any] = {}
    for key, count in sorted(counts.items()):
        inner = nested
        for part in key[:-1]:
            inner = inner.setdefault(str(part), {})
        inner[str(key[-1])] = count
    return nested


def summary(plain: dict[str, Any]) -> Iterable[str]:
    """Lines that a person reads after a build; `plain` as `BuildStatistics.plain` gives it."""
    for split, cells in plain["entries"].items():
        kept = sum(states.get("kept", 0) for states in cells.values())
        rejected = sum(states.get("rejected", 0) for states in cells.values())
        faults = plain["traces_with_fault"].get(split, {})
        by_gate = ", ".join(f"{gate} {count:,}" for gate, count in faults.items()) or "none"
        yield f"{split}: {kept:,} kept, {rejected:,} rejected; traces with faults by gate: {by_gate}"
        for cell, states in cells.items():
            agreement = plain["agreement_with_observed_level"][split][cell]
            levels = plain["levels"][split][cell]
            observed, stated = (_shares(levels.get(side, {})) for side in ("observed", "stated"))
            yield (
                f"  {cell}: {sum(states.values()):,} traces; level agrees with the observed one in {agreement:.1%}; "
                f"levels 0-3 observed {observed}, stated {stated}"
            )
            if warning := _chance(agreement, sum(states.values()), levels):
                yield f"  Warning: {cell}: {warning}"
    steps = max(1, plain["steps"])
    kinds = ", ".join(f"{kind} {count / steps:.1%}" for kind, count in plain["steps_by_kind"].items())
    yield (
        f"{plain['steps']:,} steps, {plain['steps_supported'] / steps:.2%} supported by their cards, "
        f"{plain['distinct_step_texts']:,} distinct texts; kinds: {kinds}"
    )
    if plain["prompt_tokens"]:
        yield f"tokens: {plain['prompt_tokens']:,} read, {plain['completion_tokens']:,} written"


def _chance(agreement: float, count: int, levels: dict[str, dict[str, int]]) -> str:
    """What is wrong where stated levels agree with observed ones no more than guessing would; empty where they do.

    Guessing knows how often each level was stated and observed, and not where. The agreement should be beyond it by
    two standard errors.
    """
    observed, stated = levels.get("observed", {}), levels.get("stated", {})
    total, told = sum(observed.values()), sum(stated.values())
    if not total or not told:
        return ""
    chance = sum(observed.get(str(level), 0) / total * stated.get(str(level), 0) / told for level in range(LEVELS))
    error = math.sqrt(chance * (1 - chance) / count)
    if agreement > chance + ERRORS * error:
        return ""
    return (
        f"stated levels agree with the observed ones in {agreement:.1%} of {count:,} traces, where guessing would in "
        f"{chance:.1%}: the evidence says next to nothing of the activity; expected clearly more; bring other evidence "
        "(--towers), or more rows"
    )


def _shares(counts: dict[str, int]) -> str:
    total = max(1, sum(counts.values()))
    return "/".join(f"{counts.get(str(level), 0) / total:.0%}" for level in range(LEVELS))
