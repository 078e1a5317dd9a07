"""Which rows are judged, and what stored predictions hold for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bench_helpers import a_table
from checkpoint_helpers import altered_checkpoint
from evaluation_helpers import a_comparison, off_by, rising

from cistrace.checkpoints.schema import TOWER_FILES, CheckpointConfig, Readout, shipped_checkpoint
from cistrace.errors import DataError
from cistrace.evaluation.comparison import open_comparison
from cistrace.evaluation.contenders import Contender, chosen, known_contenders, predictions_of
from cistrace.evaluation.predicted import with_interval
from cistrace.evaluation.specialists import Ensemble, composition_only, motif_boosting
from cistrace.mpra.table import MpraTable
from cistrace.reasonbench.files import DataSetFiles


def data_set(folder: Path, table: MpraTable, splits: tuple[str, ...]) -> Path:
    """A data set's folder without entries: manifest and elements."""
    with DataSetFiles(folder) as files:
        files.elements(table, splits)
        cuts = {cell: [-0.5, 0.0, 0.5] for cell in table.cell_types}
        files.finish({"cell_types": list(table.cell_types), "cuts": cuts}, "# card")
    return folder


def test_the_cell_types_that_the_model_knows_are_judged(tmp_path: Path) -> None:
    table = a_table(12, ("Liver", "K562"))
    folder = data_set(tmp_path / "set", table, ("train",) * 6 + ("val",) * 2 + ("test",) * 4)
    found = open_comparison(folder, "test", tmp_path / "out")
    assert (found.cell_types, found.not_judged, found.source) == (("K562",), ("Liver",), "set")
    np.testing.assert_array_equal(found.judged.activity[:, 0], table.activity[8:, 1])
    assert [len(each) for each in (found.training, found.val, found.judged)] == [6, 2, 4]


def test_a_data_set_may_have_nothing_to_fit_on_but_must_have_something_to_judge(tmp_path: Path) -> None:
    table = a_table(3, ("K562",))
    found = open_comparison(data_set(tmp_path / "set", table, ("test",) * 3), "test", tmp_path / "out")
    assert (len(found.training), len(found.val), len(found.judged)) == (0, 0, 3)
    with pytest.raises(DataError, match="split 'val': no rows"):
        open_comparison(tmp_path / "set", "val", tmp_path / "out")
    other = data_set(tmp_path / "other", a_table(3, ("Liver",)), ("test",) * 3)
    with pytest.raises(DataError, match="measured in Liver, but the model knows HepG2, K562, WTC11"):
        open_comparison(other, "test", tmp_path / "out")


def test_contenders_stand_in_the_reports_order_and_unknown_ones_are_named(tmp_path: Path) -> None:
    known = known_contenders(None, others=[("other", shipped_checkpoint())])
    assert list(known) == ["gc", "motifs", "legnet", "tower", "towers", "model", "other"]
    assert known["model"].sees == "the ledger that its trace adds up"
    assert [one.name for one in chosen(known, ["model", "gc"])] == ["gc", "model"]
    with pytest.raises(DataError, match="--contenders: found tree, expected names among gc, motifs"):
        chosen(known, ["gc", "tree"])
    with pytest.raises(DataError, match="--against gc: found a name that is taken"):
        known_contenders(None, others=[("gc", tmp_path)])


def with_a_head(*readouts: Readout) -> Callable[[CheckpointConfig], CheckpointConfig]:
    """A change to a model whose score a head reads from card and trace."""

    def change(config: CheckpointConfig) -> CheckpointConfig:
        scales = {
            name: replace(scale, calibrations=dict.fromkeys(readouts, scale.calibrations["towers"]))
            for name, scale in config.scales.items()
        }
        return replace(
            config, scales=scales, interface=replace(config.interface, arm="card+generated", readouts=readouts)
        )

    return change


def test_a_head_that_scores_the_card_alone_is_a_contender_too(tmp_path: Path) -> None:
    known = known_contenders(altered_checkpoint(tmp_path / "both", with_a_head("trace", "card", "towers")))
    assert [(name, known[name].sees) for name in list(known)[-2:]] == [
        ("card", "card, without a trace"), ("model", "card and self-written trace"),
    ]  # fmt: skip
    known = known_contenders(altered_checkpoint(tmp_path / "trace", with_a_head("trace", "towers")))
    assert list(known) == ["gc", "motifs", "legnet", "tower", "towers", "model"]


def test_stored_predictions_are_taken_again_for_the_same_data_alone(tmp_path: Path) -> None:
    activity = rising()
    calls = []

    def predict(comparison: object, seed: int) -> object:
        calls.append(seed)
        return off_by(activity, 0.25 + seed, 0.3).seeds[0]

    one = Contender("one", "nothing", predict, seeded=True)  # type: ignore[arg-type]
    comparison = a_comparison(tmp_path, activity)
    first = predictions_of(comparison, one, 2)
    again = predictions_of(comparison, one, 2)
    assert calls == [0, 1]
    np.testing.assert_array_equal(first.activity, again.activity)
    assert first.activity.shape == (2, 40, 2)
    with pytest.raises(DataError, match=r"made by one [0-9a-f]{16}; remove the file, or choose another -o"):
        predictions_of(a_comparison(tmp_path, activity + 0.1), one, 1)


@pytest.mark.pipeline
@pytest.mark.parametrize("predict", [composition_only, motif_boosting])
def test_a_cell_type_without_training_measurements_is_not_fitted(predict: object, tmp_path: Path) -> None:
    comparison = a_comparison(tmp_path, rising(6))
    comparison.training.activity[10:, 1] = np.nan
    found = predict(comparison, 0)  # type: ignore[operator]
    assert np.isfinite(found.activity[:, 0]).all() and np.isfinite(found.lower[:, 0]).all()
    assert np.isnan(found.activity[:, 1]).all() and np.isnan(found.upper[:, 1]).all()


@pytest.mark.parametrize("predict", [composition_only, motif_boosting])
def test_nothing_to_fit_on_is_no_crash(predict: object, tmp_path: Path) -> None:
    full = a_comparison(tmp_path, rising(6))
    empty = full.training.take(np.array([], dtype=int))
    found = predict(replace(full, training=empty, val=empty), 0)  # type: ignore[operator]
    assert np.isnan(found.activity).all()


def test_towers_that_do_not_know_the_cell_type_are_refused(tmp_path: Path) -> None:
    own = (shipped_checkpoint() / TOWER_FILES[0],)
    with pytest.raises(DataError, match="knows HepG2, K562, WTC11, not Liver"):
        Ensemble(own)(a_comparison(tmp_path, rising(6)), 0)


@pytest.mark.parametrize(("count", "rank"), [(8, None), (9, 9), (19, 18), (99, 90)])
def test_the_interval_has_the_exact_conformal_width_or_is_infinite(count: int, rank: int | None) -> None:
    residuals = np.append(np.random.default_rng(0).permutation(np.arange(1.0, count + 1)), np.nan)[:, None]
    found = with_interval(np.zeros((1, 1)), np.zeros_like(residuals), residuals)
    half = np.inf if rank is None else rank
    assert (found.lower.tolist(), found.upper.tolist()) == ([[-half]], [[half]])
