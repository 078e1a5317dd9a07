"""A lab's small table: from rows to a model that predicts as the shipped one does."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from bench_helpers import a_table
from checkpoint_helpers import altered_checkpoint
from cli_helpers import invoke
from tower_helpers import random_domain

from cistrace.checkpoints.schema import DOMAIN_FILE, SEEN, TOWER_FILES, CheckpointConfig, file_hashes, read_config
from cistrace.checkpoints.seen import seen_by
from cistrace.reasonbench.dataset import read_data_set
from cistrace.towers.domain import load_domain, save_domain
from cistrace.towers.encoding import one_hot
from cistrace.towers.files import AnyTower, load_tower, save_tower
from cistrace.towers.legnet import LegNet, LegNetConfig
from cistrace.towers.recipe import AdaptRecipe
from cistrace.towers.residual import ResidualConfig, ResidualTower
from cistrace.training.adapt import chooser_of, over_folds
from cistrace.training.run import Run

CELLS = ("HepG2", "K562", "WTC11")


def test_errors_over_folds_are_of_all_their_rows_and_of_passes_that_all_made() -> None:
    assert over_folds([(10, (1.0, 0.8, 0.9)), (30, (1.0, 1.2, 0.9))]) == pytest.approx((1.0, 1.1, 0.9))
    assert over_folds([(10, (1.0, 1.2)), (10, (1.0, 0.9, 0.1))]) == pytest.approx((1.0, 1.05))  # the first one stopped


def a_start(folder: Path) -> Path:
    """The shipped writer over tiny towers with random weights."""

    def change(config: CheckpointConfig) -> CheckpointConfig:
        torch.manual_seed(0)
        towers: tuple[AnyTower, AnyTower] = (
            LegNet(LegNetConfig(CELLS, stem_channels=8, channels=(12, 16), expansion=2, top=24)),
            ResidualTower(ResidualConfig(CELLS, channels=16, stages=2)),
        )
        for tower, name in zip(towers, TOWER_FILES, strict=True):
            tower.train()
            with torch.no_grad():
                for _ in range(20):
                    tower(one_hot(torch.randint(0, 4, (32, 200))))
            tower.eval()
            save_tower(tower, folder / name, {})
        save_domain(random_domain(24), folder / DOMAIN_FILE)
        return replace(config, files=file_hashes(folder))

    return altered_checkpoint(folder, change)


def a_bench(folder: Path, rows: int) -> Path:
    """A data set of two new cell types; a quarter of the rows is not measured in the second."""
    table = a_table(rows, ("Liver", "Skin"), length=120)
    lines = ["\t".join(("sequence", "chromosome", "Liver", "Skin"))]
    chromosomes = ("chr1", "chr2", "chr3", "chr4", "chr5", "chr19", "chr7", "chr8")
    for row in range(rows):
        skin = f"{-table.activity[row, 1]:.3f}" if row % 16 < 12 else ""
        lines.append(f"{table.sequences[row]}\t{chromosomes[row % 8]}\t{table.activity[row, 0]:.3f}\t{skin}")
    folder.with_suffix(".tsv").write_text("\n".join(lines) + "\n")
    made = invoke(
        "reasonbench", "build", folder.with_suffix(".tsv"), "--cell-type", "Liver", "--cell-type", "Skin",
        "--val", "chr19", "--test", "chr5", "--all", "-o", folder,
    )  # fmt: skip
    assert made.exit_code == 0, made.output
    return folder


@pytest.mark.pipeline
def test_a_small_table_becomes_a_model_that_predicts_as_the_shipped_one_does(tmp_path: Path) -> None:
    bench, start, run = a_bench(tmp_path / "bench", 320), a_start(tmp_path / "start"), Run(tmp_path / "run")
    line = (
        "train", "all", "--recipe", "adapt", "--data", bench, "-o", run.folder, f"adapt.start={start}",
        "adapt.epochs=2", "cards.rows=24", "cards.pieces=12", "cards.val_rows=6", "rationale.most_steps=3",
        "--threads", "1",
    )  # fmt: skip
    made = invoke(*line)
    assert made.exit_code == 0, made.output
    data = read_data_set(bench)
    assert chooser_of(data, AdaptRecipe()) == "folds" and chooser_of(data, AdaptRecipe(fewest_to_choose=5)) == "val"
    told = json.loads(run.metrics.read_text())
    assert told["adapt"]["legnet"]["rows"] == {"Liver": 240, "Skin": 200}
    assert told["adapt"]["legnet"]["chosen_by"] == "folds" and 0 <= told["adapt"]["whole"]["passes"] <= 2
    for one in told["adapt"].values():
        assert one["errors"][one["passes"]] == min(one["errors"])
    assert told["rationale"]["steps"] == 3 and told["model"]["faults"] == []
    assert not list(run.folder.glob(".tower-*"))

    config = read_config(run.model)
    assert (config.cell_types, config.window) == (("Liver", "Skin"), 200)
    calibrations = [config.scales[name].calibrations["towers"] for name in config.cell_types]
    assert [one.calibrated for one in calibrations] == [40, 20]  # all that val has measured
    assert all(one.bounds is not None for one in calibrations)
    learnt = seen_by(run.model, [data.training.sequences[0], data.table.sequences[data.places("test")[0]]])
    assert learnt is not None and learnt.tolist() == [True, False]
    assert set(np.load(start / SEEN)) < set(np.load(run.model / SEEN))
    domain, first = load_domain(run.model / DOMAIN_FILE), load_domain(start / DOMAIN_FILE)
    np.testing.assert_array_equal(domain.direction, first.direction)
    assert domain.threshold != first.threshold  # of its own 280 elements
    assert isinstance(load_tower(run.model / TOWER_FILES[0]), LegNet)
    card = (run.model / "README.md").read_text()
    assert "240 measured rows of Liver" in card and "200 of Skin" in card and "3 weight updates" in card

    fasta = tmp_path / "new.fa"
    fasta.write_text("".join(f">s{row}\n{data.table.sequences[row]}\n" for row in range(6)))
    predicted = invoke("predict", fasta, "--model", run.folder, "--cell-type", "Skin", "-o", tmp_path / "out.jsonl")
    assert predicted.exit_code == 0, predicted.output
    rows = [json.loads(text) for text in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [row["id"] for row in rows] == [f"s{row}" for row in range(6)]
    for row in rows:
        assert (
            row["domain_percentile"] is not None
            and row["lower"] < row["activity"] < row["upper"]
            and row["level"] in range(4)
        )
        assert row["ledger"]["total"] == pytest.approx(row["activity"], abs=0.01)
        assert row["verification"]["supported"] == row["verification"]["claims"] > 0
    before = {path: path.stat().st_mtime_ns for path in run.folder.glob("tower-*.safetensors")}
    assert invoke(*line).exit_code == 0  # what is done is not done again
    assert before == {path: path.stat().st_mtime_ns for path in run.folder.glob("tower-*.safetensors")}
    other = invoke(*line, "adapt.batch_size=8")
    assert other.exit_code == 2 and "another recipe in adapt" in other.output
