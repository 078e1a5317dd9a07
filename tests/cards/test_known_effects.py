from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cistrace.cards.card import TfEffect
from cistrace.cards.known_effects import EffectFit, associate, read_known_effects, ridges, write_known_effects
from cistrace.errors import ModelError


def simulated(rows: int = 4000) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    presence = (random.random((rows, 3)) < 0.3).astype(np.float32)
    gc = random.random((rows, 1))
    activity = presence @ [0.5, -0.3, 0.0] + 2.0 * gc[:, 0] + random.normal(0, 0.5, rows)
    return presence, gc, activity, random.choice(list("abcdefgh"), rows)


def test_effects_are_recovered_within_their_errors() -> None:
    presence, gc, activity, groups = simulated()
    fit = associate(presence, gc, activity, groups, penalty=1.0)
    truth = np.array([0.5, -0.3, 0.0])
    assert (np.abs(fit.effects - truth) < 4 * fit.errors).all()
    assert (fit.errors < 0.05).all()


def test_errors_are_the_jackknife_by_brute_force() -> None:
    presence, gc, activity, groups = simulated(300)
    fit = associate(presence, gc, activity, groups, penalty=2.0)
    left_out = []
    for group in np.unique(groups):
        keep = groups != group
        left_out.append(associate(presence[keep], gc[keep], activity[keep], groups[keep], penalty=2.0).effects)
    spread = np.array(left_out)
    count = len(spread)
    expected = np.sqrt((count - 1) / count * ((spread - spread.mean(axis=0)) ** 2).sum(axis=0))
    np.testing.assert_allclose(fit.errors, expected, rtol=1e-6)


def test_rows_without_a_measurement_are_left_out() -> None:
    presence, gc, activity, groups = simulated(500)
    activity[::7] = np.nan
    keep = np.isfinite(activity)
    whole = associate(presence, gc, activity, groups, penalty=1.0)
    np.testing.assert_allclose(
        whole.effects, associate(presence[keep], gc[keep], activity[keep], groups[keep], penalty=1.0).effects
    )


def test_predictions_are_those_of_an_independent_ridge() -> None:
    presence, gc, activity, _ = simulated(500)
    activity[::7] = np.nan
    found = [
        fit.predict(presence[400:], gc[400:]) for fit in ridges(presence[:400], gc[:400], activity[:400], (2.0, 50.0))
    ]
    seen = np.isfinite(activity[:400])
    design = np.hstack([presence[:400], gc[:400], np.ones((400, 1))])[seen]
    for penalty, predicted in zip((2.0, 50.0), found):
        # Ridge as ordinary least squares with a row of sqrt(penalty) for every penalised column.
        extra = np.hstack([np.eye(3) * np.sqrt(penalty), np.zeros((3, 2))])
        target = np.concatenate([activity[:400][seen], np.zeros(3)])
        weights, *_ = np.linalg.lstsq(np.vstack([design, extra]), target, rcond=None)
        expected = np.hstack([presence[400:], gc[400:], np.ones((100, 1))]) @ weights
        np.testing.assert_allclose(predicted, expected, rtol=0, atol=1e-4)


def test_the_table_comes_back_without_rare_motifs(tmp_path: Path) -> None:
    fit = EffectFit(np.array([0.12321, -1.0]), np.array([0.01, 0.2]))
    write_known_effects(tmp_path / "k.tsv", ["A", "B"], ("K562",), [fit], np.array([50, 3]))
    found = read_known_effects(tmp_path / "k.tsv")
    assert found.of("K562") == {"A": TfEffect(0.1232, 0.01)}
    assert found.of("HeLa") == {}


@pytest.mark.parametrize("text", ["", "tf\tcell_type\nA\tK562\n"])
def test_other_tables_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "k.tsv"
    path.write_text(text)
    if text:
        with pytest.raises(ModelError, match=r"k\.tsv"):
            read_known_effects(path)
    else:
        assert read_known_effects(path).effects == {}
    with pytest.raises(ModelError, match=r"none\.tsv"):
        read_known_effects(tmp_path / "none.tsv")
