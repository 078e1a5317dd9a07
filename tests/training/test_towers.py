"""How fits that stand side by side share the cores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cistrace.errors import DataError
from cistrace.reasonbench.dataset import read_data_set
from cistrace.towers.cross_fit import LEGNET
from cistrace.training.made_by import origin_of
from cistrace.training.recipe_file import load_recipe
from cistrace.training.run import Run, open_run
from cistrace.training.towers import do_pretraining, pretrained_body, threads_of_each, train_towers


@pytest.mark.parametrize(
    ("ended", "processes", "cores", "threads"),
    [
        (0, 2, 2, 1),
        (1, 2, 2, 2),  # what is left has the other's core too
        (0, 4, 8, 2),
        (2, 4, 8, 4),
        (0, 1, 2, 2),  # one after another
        (3, 4, 2, 2),
        (0, 4, 2, 1),  # never none
        (4, 4, 2, 2),
    ],
)
def test_cores_are_shared_among_the_fits_that_are_under_way(
    tmp_path: Path, ended: int, processes: int, cores: int, threads: int
) -> None:
    files = [tmp_path / str(number) for number in range(4 if processes > 2 else 2)]
    for file in files[:ended]:
        file.touch()
    assert threads_of_each(files, processes, cores) == threads


@pytest.mark.pipeline
def test_legnet_starts_from_sites_that_no_held_out_element_is_related_to(bench: Path, tmp_path: Path) -> None:
    data = read_data_set(bench)
    held = data.table.sequences[int(data.places("val")[0])]
    random = np.random.default_rng(0)
    drawn = ["".join(random.choice(list("ACGT"), 120)) for _ in range(160)]
    chromosome = data.table.chromosomes[int(data.places("train")[0])]
    rows = [f"{chromosome}\t{bases}\t{bases.count('G')}" for bases in [*drawn, held]]
    sites = tmp_path / "sites.tsv"
    sites.write_text("chrom\tsequence\tguanines\n" + "\n".join(rows) + "\n")
    few = ("tower.folds=0", "tower.light.epochs=1", "tower.legnet.epochs=1", "tower.pretraining.epochs=1")
    recipe = load_recipe("compact", (*few, f"tower.pretraining.sites={sites}", "tower.pretraining.columns=[guanines]"))
    run = Run(tmp_path / "run")
    open_run(run.folder, recipe, data.folder, data.hash)
    train_towers(data, recipe.tower, run, 2)
    body, metrics = pretrained_body(run), run.read_metrics()
    assert body is not None and body.cell_types == ("guanines",) and body.window == data.window
    assert metrics["pretraining"]["sites"] == 160 and metrics["pretraining"]["refused"]["related"] == 1
    assert run.tower(LEGNET).exists() and run.pretrained in run.files_of("tower")
    before = origin_of("tower", recipe, data.hash)
    sites.write_text(sites.read_text() + rows[0] + "\n")
    assert origin_of("tower", recipe, data.hash)["table of sites"] != before["table of sites"]
    torn = load_recipe("compact", (*few, f"tower.pretraining.sites={sites}", "tower.pretraining.columns=[adenines]"))
    with pytest.raises(DataError, match="has no column adenines"):
        do_pretraining(data, torn.tower, Run(tmp_path))
