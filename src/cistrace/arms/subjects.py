"""What the language models that are fitted anew learn from and are judged on: examples of three splits, with traces.

A trace is what a teacher wrote about the element: the grounded writer, which tells a ledger in words. For the paper's
card the ledger is of TFs' associations with activity among the drawn training elements, which the card does not show,
as a teacher of the paper's knows what its TFs do; for the evidence card it is that of light towers on the same
elements. Both are cross-fitted: what is said of a training element comes from a fit that saw neither its chromosome nor
a relative. Of val and test every fit may speak.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cistrace.arms.plan import Plan
from cistrace.arms.wording import Family, card_words, paraphrase
from cistrace.arms.words import spaced
from cistrace.cards.card import Card
from cistrace.cards.known_effects import KnownEffects
from cistrace.errors import DataError
from cistrace.evaluation.comparison import Comparison
from cistrace.io.files import whole_file
from cistrace.io.json_lines import read_json_lines, write_json_lines
from cistrace.io.streams import shown
from cistrace.io.track import untracked
from cistrace.mpra.associations import Associations, fit_associations
from cistrace.mpra.effects import carried_motifs, design_of
from cistrace.mpra.evidence_table import EvidenceOrigin, EvidenceTable, load_evidence, save_evidence
from cistrace.mpra.folds import Folds, deal_folds
from cistrace.mpra.hits import HitRows, hit_table
from cistrace.mpra.metrics import levels
from cistrace.mpra.table import MpraTable
from cistrace.reasonbench.subjects import (
    BLOCK,
    CardSetting,
    ElementTasks,
    LabelledTable,
    Subject,
    scan_listed,
    scanner,
    subjects,
)
from cistrace.towers.cross_fit import TowerJob, fit_job, tower_rows
from cistrace.towers.evidence import Towers
from cistrace.towers.files import load_tower, save_tower
from cistrace.towers.fold_towers import fold_name, tower_evidence
from cistrace.towers.recipe import TowerFitRecipe, TowerRecipe
from cistrace.traces.grounded import write
from cistrace.traces.templates import LEVEL_LINE, THINK_END
from cistrace.traces.text import reasoning_of, render_trace
from cistrace.traces.trace import Trace
from cistrace.training.cards import Scale
from cistrace.training.examples import Example

log = logging.getLogger(__name__)
SPLITS = ("train", "val", "judged")
FOLDS = 3


@dataclass(frozen=True)
class ArmSubject:
    """An example, all texts spaced, and its card in other words."""

    example: Example
    paraphrase: str


def tables_of(comparison: Comparison, plan: Plan) -> dict[str, MpraTable]:
    """The elements by split: the drawn training elements, some of val, all that are judged."""
    return {"train": comparison.training, "val": comparison.val.sample(plan.val_rows), "judged": comparison.judged}


def subjects_of(comparison: Comparison, plan: Plan, family: Family) -> dict[str, list[ArmSubject]]:
    """The subjects of all splits, as kept in OUT/language or made now; cell types of an element stand together.

    Raises
    ------
    DataError
        A file there cannot be read.
    """
    folder = comparison.folder / "language"
    paths = {split: folder / f"{family}-{split}.jsonl" for split in SPLITS}
    if not all(path.exists() for path in paths.values()):
        folder.mkdir(parents=True, exist_ok=True)
        tables = tables_of(comparison, plan)
        made = list(_made(comparison, plan, family, tables))
        ends = np.cumsum([len(table) for table in tables.values()])
        for split, path in paths.items():
            number = SPLITS.index(split)
            first = 0 if number == 0 else int(ends[number - 1])
            mine = (one for one in made if first <= one.example.row < ends[number])
            write_json_lines(path, ({**asdict(one.example), "paraphrase": one.paraphrase} for one in mine))
    return {split: _read(path) for split, path in paths.items()}


def _read(path: Path) -> list[ArmSubject]:
    try:
        return [_parsed(plain) for _, plain in read_json_lines(path)]
    except (TypeError, KeyError) as error:
        raise DataError(f"{shown(path)}: not readable examples ({error}); remove the file and run again") from error


def _parsed(plain: dict[str, Any]) -> ArmSubject:
    other = plain.pop("paraphrase")
    return ArmSubject(Example(**{**plain, "features": tuple(plain["features"])}), other)


def _made(
    comparison: Comparison, plan: Plan, family: Family, tables: dict[str, MpraTable]
) -> Iterator[ArmSubject]:  # fmt: skip
    """Every element of the three tables, one after another, numbered from 0."""
    table = joined(tables.values())
    training = np.arange(len(table)) < len(tables["train"])
    measured = np.isfinite(table.activity)
    observed = np.stack([levels(table.activity[:, at], cuts) for at, cuts in enumerate(comparison.cuts)], axis=1)
    labelled = LabelledTable(
        table, tuple(table.splits), comparison.cuts, np.where(measured, observed, -1).astype(np.int8)
    )
    cuts = tuple((float(a), float(b), float(c)) for a, b, c in comparison.cuts)
    scale = Scale.of(comparison.training)
    folds = deal_folds(table.sequences, table.chromosomes, training, FOLDS)
    fits = associations_of(table, folds)
    known = fits.known_effects(table.cell_types)
    if family == "evidence":
        told = _tower_evidence(comparison, plan, table, folds)
    else:
        told = fits.evidence(table.sequences, _origin(table, "associations"))
    yield from _written(labelled, told, known, cuts, folds, family, scale, len(tables["train"]) + len(tables["val"]))


def _written(
    labelled: LabelledTable, told: EvidenceTable, known: tuple[KnownEffects, ...],
    cuts: tuple[tuple[float, float, float], ...], folds: Folds, family: Family, scale: Scale, judged_from: int,
) -> Iterator[ArmSubject]:  # fmt: skip
    table = labelled.table
    speaking = ElementTasks(labelled, told, folds.own, "evidence")
    silent = ElementTasks(labelled, None, None, "")
    setting = CardSetting(table.cell_types, cuts, known, told.about.source)
    bare = CardSetting(table.cell_types, cuts, (), "")
    measured = np.isfinite(table.activity)
    for begin in range(0, len(table), BLOCK):
        rows = range(begin, min(len(table), begin + BLOCK))
        cells = [
            range(len(table.cell_types)) if row >= judged_from else np.flatnonzero(measured[row]).tolist()
            for row in rows
        ]
        with_ledger = subjects([speaking.take(row, which) for row, which in zip(rows, cells)], setting)
        read = with_ledger if family == "evidence" else subjects(
            [silent.take(row, which) for row, which in zip(rows, cells)], bare)  # fmt: skip
        for teacher, one in zip(with_ledger, read, strict=True):
            yield _subject(family, one, teacher.card, scale, table.cell_types.index(one.card.cell_type))
        log.info("%s: %d of %d elements", family, rows[-1] + 1, len(table))


def _subject(family: Family, one: Subject, told: Card, scale: Scale, cell: int) -> ArmSubject:
    card, known = one.card, np.isfinite(one.activity)
    prompt = card_words(family, card)
    trace, oracle = spaced_trace(write(told)), spaced_trace(write(told, one.level)) if known else ""
    target = float((one.activity - scale.location[cell]) / scale.spread[cell]) if known else 0.0
    example = Example(
        one.row, one.id, card.cell_type, card.bases, prompt.shared, prompt.own, trace, oracle, (0.0, 0.0), target,
        float(one.activity) if known else 0.0, max(0, one.level),
    )  # fmt: skip
    return ArmSubject(example, paraphrase(family, card) + THINK_END)


def spaced_trace(trace: Trace) -> str:
    """A trace as these models write it: spaced steps, the end of reasoning, the level."""
    text = render_trace(trace)
    return spaced(reasoning_of(text)) + THINK_END + (f" {LEVEL_LINE.strip()} {trace.level}")


def joined(tables: Iterable[MpraTable]) -> MpraTable:
    """Tables of the same cell types, one after another."""
    every = list(tables)

    def column(name: str) -> tuple[str, ...]:
        return tuple(value for table in every for value in getattr(table, name))

    return MpraTable(
        column("names"), column("sequences"), column("chromosomes"), column("categories"), column("splits"),
        np.concatenate([table.activity for table in every]), every[0].cell_types,
    )  # fmt: skip


def associations_of(table: MpraTable, folds: Folds) -> Associations:
    """TFs' associations with activity, one fit a fold and one of all training elements."""
    library = scanner().library
    found = hit_table(iter(scan_listed(table.sequences)), library)
    return fit_associations(table, design_of(table.sequences, carried_motifs(HitRows(found, library), library)), folds)


def _origin(table: MpraTable, source: str) -> EvidenceOrigin:
    reader = scanner()
    return EvidenceOrigin(table.cell_types, source, reader.library.version, reader.version)


def _tower_evidence(comparison: Comparison, plan: Plan, table: MpraTable, folds: Folds) -> EvidenceTable:
    """Ledgers of light towers, one a fold, fitted at the plan's passes on the drawn elements that each may see."""
    folder = comparison.folder / "language"
    path = folder / "evidence.npz"
    if path.exists():
        return load_evidence(path)
    rows = tower_rows(_by_split(table, folds.training), [], FOLDS)
    recipe = TowerRecipe(folds=FOLDS, light=TowerFitRecipe(epochs=plan.passes, batch_size=plan.batch))
    towers = []
    for fold in range(FOLDS):
        kept = folder / f"{fold_name(fold)}.safetensors"
        if not kept.exists():
            state = kept.with_suffix(".state")
            fitted = fit_job(TowerJob(fold_name(fold), fold, fold), rows, recipe, table.window, state)
            with whole_file(kept) as part:
                save_tower(fitted.tower, part, {"window": str(table.window)})
            state.unlink(missing_ok=True)
        tower = load_tower(kept)
        towers.append(Towers(tower, tower))
    evidence = tower_evidence(table, towers, may_speak(folds), _origin(table, "towers"), untracked)
    save_evidence(evidence, path)
    return evidence


def _by_split(table: MpraTable, training: NDArray[np.bool_]) -> MpraTable:
    """The table with splits `train` and `val`, as towers are fitted: what is judged is none of them."""
    others = ("val" if split == "val" else "test" for split in table.splits)
    return replace(table, splits=tuple("train" if mine else other for mine, other in zip(training, others)))


def may_speak(folds: Folds) -> NDArray[np.bool_]:
    """Which fold's tower speaks of which element: its own fold's, or all where no training element is near."""
    own = folds.own[:, None] == np.arange(FOLDS)
    return own | (folds.own == -1)[:, None]
