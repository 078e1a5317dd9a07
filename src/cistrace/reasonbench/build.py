"""Build a data set: rows to entries through a teacher, gates and reviews, into files.

LoadedTable -> LabelledTable -> ElementTask -> Subject -> JudgedTrace -> Entry
formats        splits, levels   evidence       cards      teachers       gates, reviews
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from cistrace.errors import DataError
from cistrace.mpra.homology import Leaks
from cistrace.mpra.loaded import UNKNOWN_LEVEL, Exclusion, LoadedTable
from cistrace.mpra.splits import Split
from cistrace.reasonbench.datacard import data_card
from cistrace.reasonbench.draw import Chosen, LevelDraw, every_row
from cistrace.reasonbench.entries import Entry
from cistrace.reasonbench.evidence import CardEvidence
from cistrace.reasonbench.files import DataSetFiles
from cistrace.reasonbench.gates import GATE_SETS, LEVEL, Gatekeeper, judge
from cistrace.reasonbench.manifest import FORMAT_VERSION, Manifest
from cistrace.reasonbench.reviews import Review, apply_review, read_reviews, reviews_object
from cistrace.reasonbench.statistics import BuildStatistics
from cistrace.reasonbench.subjects import ElementTask, ElementTasks, LabelledTable, scanner
from cistrace.reasonbench.teachers import JudgedTrace
from cistrace.version import __version__
from cistrace.writers.prompts import PROMPT_VERSION

TRAIN = "train"

TracesOf = Callable[[list[Chosen]], Iterator[JudgedTrace]]
Teach = Callable[[Iterable[ElementTask]], Iterator[JudgedTrace]]


@dataclass(frozen=True)
class Gating:
    """Which gates are in force.

    Attributes
    ----------
    name : str
        `full`, or `format`, the R3LM paper's filter.
    agreeing : bool
        Training traces must conclude the observed level.
    """

    name: str = "full"
    agreeing: bool = False

    @property
    def gates(self) -> frozenset[str]:
        return GATE_SETS[self.name] | ({LEVEL} if self.agreeing else frozenset())


@dataclass(frozen=True, eq=False)
class BuildPlan:
    """All that a build rests on, ready.

    Attributes
    ----------
    per_level : int or None
        Training traces a level and cell type; None builds every split whole.
    about : dict
        What the manifest should say of sources, levels, evidence and teacher.
    """

    measured: LoadedTable
    split: Split
    leaks: Leaks
    observed: LabelledTable
    exclusions: tuple[Exclusion, ...]
    evidence: CardEvidence
    gating: Gating
    per_level: int | None
    seed: int
    about: dict[str, Any]


@dataclass
class _Build:
    """One build on its way: gates what comes, counts it, writes it."""

    plan: BuildPlan
    files: DataSetFiles
    reviews: dict[tuple[str, str], Review]
    statistics: BuildStatistics = field(default_factory=BuildStatistics)
    stale: int = 0

    def __post_init__(self) -> None:
        self._keeper = Gatekeeper(self.plan.gating.gates)
        self._columns = {name: cell for cell, name in enumerate(self.plan.observed.table.cell_types)}

    def gate(self, one: JudgedTrace) -> tuple[Entry, bool]:
        """The entry with all faults and its review, and whether the data set keeps it."""
        entry = one.entry
        faults = self._keeper.faults(entry.id, entry.split, entry.cell_type, entry.level, one.judgement)
        reviewed = apply_review(replace(entry, faults=faults), self.reviews.get((entry.id, entry.cell_type)))
        self.stale += reviewed.stale
        accepted = not self._keeper.rejects(faults) if reviewed.kept is None else reviewed.kept
        self.statistics.prompt_tokens += one.answer.prompt_tokens
        self.statistics.completion_tokens += one.answer.completion_tokens
        kept = accepted or entry.split != TRAIN
        same = reviewed.entry.trace == entry.trace
        judgement = one.judgement if same else judge(reviewed.entry.trace, reviewed.entry.parsed_card())
        self.statistics.add(reviewed.entry, judgement, kept)
        return reviewed.entry, kept

    def put(self, entry: Entry, kept: bool) -> None:
        if kept:
            self.files.add(entry)
        else:
            self.files.reject(entry)

    def column(self, entry: Entry) -> int:
        return self._columns[entry.cell_type]


def build(
    plan: BuildPlan,
    teach: Teach,
    files: DataSetFiles,
    progress: Callable[[Iterator[JudgedTrace], int], Iterator[JudgedTrace]],
) -> Manifest:
    """Build the data set into its open files.

    Parameters
    ----------
    teach : callable
        From rows to judged traces, in order.
    progress : callable
        Wraps a stream of traces and their number, to show how far it is.

    Raises
    ------
    DataError
        Nothing is left to build from.
    """
    running = _Build(plan, files, read_reviews(files.folder))
    evidence = plan.evidence
    own = None if evidence.folds is None else evidence.folds.own
    rows = ElementTasks(plan.observed, evidence.table, own, evidence.name)

    def traces_of(chosen: list[Chosen]) -> Iterator[JudgedTrace]:
        tasks = (rows.take(row, cells) for row, cells in chosen)
        return progress(teach(tasks), sum(len(cells) for _, cells in chosen))

    short = _all(running, traces_of) if plan.per_level is None else _per_level(running, traces_of)
    if not running.statistics.entries:
        raise DataError(
            "table: no row with a split and a measured level is left; see its exclusions and the split rule"
        )
    files.exclude(plan.exclusions)
    files.elements(plan.observed.table, plan.observed.splits)
    about = _about(plan, running, short)
    return files.finish(about, data_card(about))


def _all(running: _Build, traces_of: TracesOf) -> dict[str, dict[str, int]]:
    for one in traces_of(list(every_row(running.plan.observed))):
        running.put(*running.gate(one))
    return {}


def _per_level(running: _Build, traces_of: TracesOf) -> dict[str, dict[str, int]]:
    plan = running.plan
    assert plan.per_level is not None
    draw = LevelDraw(plan.observed, plan.per_level, plan.seed)
    done: list[tuple[Entry, bool]] = []
    while chosen := draw.next_round():
        for one in traces_of(chosen):
            entry, kept = running.gate(one)
            done.append((entry, kept))
            if kept:
                draw.accept(running.column(entry), entry.level)
    for entry, kept in sorted(done, key=lambda pair: (pair[0].row, running.column(pair[0]))):
        running.put(entry, kept)
    short: dict[str, dict[str, int]] = {}
    for (cell, level), count in sorted(draw.missing().items()):
        short.setdefault(plan.observed.table.cell_types[cell], {})[str(level)] = count
    return short


def _about(plan: BuildPlan, running: _Build, short: dict[str, dict[str, int]]) -> dict[str, Any]:
    """The manifest but for the files: nothing in it depends on when or where it was made."""
    observed, table = plan.observed, plan.observed.table
    counted: dict[str, int] = {}
    for item in plan.exclusions:
        kind = item.cell_type or "whole row"
        counted[kind] = counted.get(kind, 0) + 1
    reader = scanner()
    return {
        "format": "cre-reasonbench",
        "version": FORMAT_VERSION,
        "cistrace": __version__,
        "prompt": PROMPT_VERSION,
        "motifs": reader.library.version,
        "scanner": reader.version,
        "sources": [{"name": name, "sha256": digest} for name, digest in plan.measured.sources],
        "cell_types": list(table.cell_types),
        **plan.about,
        "cuts": {name: observed.cuts[cell].tolist() for cell, name in enumerate(table.cell_types)},
        "split": {"rule": plan.split.rule, "rows": _count(observed.splits), "leaks": asdict(plan.leaks)},
        "levels": _observed_levels(observed),
        "excluded": dict(sorted(counted.items())),
        "gates": {"set": plan.gating.name, "observed_level_required_in_train": plan.gating.agreeing},
        "draw": {"per_level": plan.per_level, "short_of": short},
        "seed": plan.seed,
        "statistics": running.statistics.plain(),
        "reviews": {"decisions": reviews_object(running.reviews.values()), "no_longer_holding": running.stale},
    }


def _count(names: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name in names:
        counts[name or "left out"] = counts.get(name or "left out", 0) + 1
    return dict(sorted(counts.items()))


def _observed_levels(observed: LabelledTable) -> dict[str, dict[str, int]]:
    counts = {}
    inside = np.array([bool(split) for split in observed.splits])
    for cell, name in enumerate(observed.table.cell_types):
        levels = observed.levels[inside, cell]
        found = {str(level): int((levels == level).sum()) for level in range(4)}
        counts[name] = {**found, "not measured": int((levels == UNKNOWN_LEVEL).sum())}
    return counts
