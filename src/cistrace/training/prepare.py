"""Records: what both stages read, made from a data set as the recipe says."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from cistrace.errors import DataError, RunError
from cistrace.model.prompt import Prompt
from cistrace.prompts import THINK_END
from cistrace.reasonbench.entries import Entry, read_entries
from cistrace.streams import shown
from cistrace.training.cards import Scale, make_cards
from cistrace.training.dataset import DataSet
from cistrace.training.recipe import CardsRecipe, Recipe
from cistrace.training.records import Record, read_records, write_records
from cistrace.training.run import Run
from cistrace.training.towers import tower_names

log = logging.getLogger(__name__)
NO_EVIDENCE = "none"


def prepare(data: DataSet, recipe: Recipe, run: Run, threads: int) -> dict[str, int]:
    """Write RUN/records-train.jsonl, records-val.jsonl and, from towers, records-pieces.jsonl.

    Returns
    -------
    dict
        How many records each file holds.

    Raises
    ------
    DataError
        The data set's cards cannot be made for new sequences.
    RunError
        Towers are missing.
    """
    if recipe.cards.source == "data":
        return _as_built(data, recipe.cards, run)
    missing = [name for name in tower_names(recipe.tower.folds) if not run.tower(name).exists()]
    if missing:
        raise RunError(
            f"{shown(run.folder)}: lacks the towers {', '.join(missing)}; expected them before cards; run `cistrace "
            "train tower` with the same recipe, data set and folder"
        )
    return make_cards(data, recipe.cards, recipe.model.layout, recipe.tower.folds, run, threads)


def records_for(run: Run, split: str) -> list[Record]:
    """The records of a split.

    Raises
    ------
    RunError
        The run has none yet.
    """
    path = run.records(split)
    if not path.exists():
        raise RunError(
            f"{shown(run.folder)}: holds no records of {split}; expected those of `cistrace train rationale`; run it "
            "first"
        )
    return read_records(path)


def _as_built(data: DataSet, recipe: CardsRecipe, run: Run) -> dict[str, int]:
    source = data.manifest.get("evidence", {}).get("source")
    if source != NO_EVIDENCE:
        raise DataError(
            f"{shown(data.folder)}: its cards hold evidence ({source}) that a new sequence would lack; expected a data "
            "set built with --evidence none --teacher chat; or train with cards.source=towers"
        )
    told = data.manifest.get("teacher", {}).get("condition") == "level"
    place_of = {int(row): place for place, row in enumerate(data.rows)}
    scale, counts = Scale.of(data.training), {}
    for split, most in (("train", recipe.rows), ("val", recipe.val_rows)):
        rows = _drawn(data, split, most, recipe.seed)
        counts[split] = write_records(run.records(split), _records(data, split, rows, place_of, scale, told))
        if not counts[split]:
            raise DataError(f"{shown(data.folder)}: has no traces in {split}.jsonl; expected some; build it with --all")
    counts["pieces"] = write_records(run.records("pieces"), ())
    return counts


def _drawn(data: DataSet, split: str, most: int | None, seed: int) -> set[int]:
    rows = np.random.default_rng(seed).permutation(data.rows[data.places(split)])
    return set(rows[:most].tolist())


def _records(
    data: DataSet, split: str, rows: set[int], place_of: dict[int, int], scale: Scale, told: bool
) -> Iterator[Record]:
    for entry in _entries(data.folder / f"{split}.jsonl"):
        if entry.row in rows and THINK_END in entry.trace:
            place, cell = place_of[entry.row], data.cell_types.index(entry.cell_type)
            target = float(scale.standardised(data.table.activity[place])[cell])
            prompt = Prompt(entry.system, entry.card)
            yield Record(
                entry.row, entry.id, entry.cell_type, data.table.sequences[place], prompt.shared, prompt.own,
                entry.trace, entry.trace if told else "", (0.0, 0.0), target, entry.activity, entry.level,
            )  # fmt: skip


def _entries(path: Path) -> Iterator[Entry]:
    if not path.exists():  # a split without traces has no file
        return iter(())
    return read_entries(path)
