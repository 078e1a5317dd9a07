"""What RUN/README.md says of a model."""

from __future__ import annotations

from pathlib import Path

from cistrace.reasonbench.dataset import read_data_set
from cistrace.training.modelcard import model_card
from cistrace.training.recipe_file import load_recipe
from cistrace.training.run import Run


def test_further_measurements_are_counted_those_refused_by_their_reasons(bench: Path, tmp_path: Path) -> None:
    run, data, recipe = Run(tmp_path), read_data_set(bench), load_recipe("compact")
    assert "further" not in model_card(run, recipe, data, ())
    run.add_metrics("further", {"taken": 1200, "refused": {"held_out": 7, "related": 1003, "elsewhere": 20}})
    assert (
        "The towers learnt from 1,200 further measurements too. Refused: 1,030, of which 7 are elements of val or "
        "test, 1,003 share 40 bases with one, and 20 lie on chromosomes that the data set does not train on."
    ) in model_card(run, recipe, data, ())


def test_every_fault_is_listed_once(bench: Path, tmp_path: Path) -> None:
    run, data, recipe = Run(tmp_path), read_data_set(bench), load_recipe("compact")
    assert "speaks against" not in model_card(run, recipe, data, ())
    card = model_card(run, recipe, data, ("K562: too few.", "the writer: too few."))
    assert card.count("\n- K562: too few.\n- the writer: too few.\n") == 1 and card.count("speaks against") == 1
