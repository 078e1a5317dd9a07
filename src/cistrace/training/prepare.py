"""Records: what both stages read, made from a data set as the recipe says."""

from __future__ import annotations

from cistrace.errors import RunError
from cistrace.io.streams import shown
from cistrace.reasonbench.dataset import DataSet
from cistrace.training.cards import make_cards
from cistrace.training.examples import Example, read_examples
from cistrace.training.paper_cards import make_paper_cards
from cistrace.training.recipe import Recipe
from cistrace.training.run import Run
from cistrace.training.towers import tower_names


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
        return make_paper_cards(data, recipe.cards, recipe.model.layout, run, threads)
    missing = [name for name in tower_names(recipe.tower.folds) if not run.tower(name).exists()]
    if missing:
        raise RunError(
            f"{shown(run.folder)}: lacks the towers {', '.join(missing)}; expected them before cards; run `cistrace "
            "train tower` with the same recipe, data set and folder"
        )
    return make_cards(data, recipe.cards, recipe.model.layout, recipe.tower.folds, run, threads)


def records_for(run: Run, split: str) -> list[Example]:
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
    return read_examples(path)
