from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from cistrace.cards.composition import composition
from cistrace.motifs.hit import MotifHit
from cistrace.mpra import effects
from cistrace.mpra.effects import CarriedMotifs, Design, carried_motifs, design_of, fit_effects


def carried(presence: NDArray[np.bool_]) -> CarriedMotifs:
    names = tuple(f"TF{column}" for column in range(presence.shape[1]))
    first = np.append(0, np.cumsum(presence.sum(axis=1)))
    return CarriedMotifs(names, first.astype(np.int64), np.nonzero(presence)[1].astype(np.int16))


def simulated(rows: int = 4000) -> tuple[Design, NDArray[np.float64], NDArray[np.int64]]:
    """Three TFs of effects 0.5, -0.3 and 0 beside GC; two cell types, the second the first's negative."""
    random = np.random.default_rng(0)
    presence = random.random((rows, 3)) < 0.3
    gc = random.random(rows)
    sequences = ["".join("G" if at < share * 50 else "A" for at in range(50)) for share in gc]
    activity = presence @ [0.5, -0.3, 0.0] + 2.0 * gc + random.normal(0, 0.5, rows)
    return (
        design_of(sequences, carried(presence)),
        np.stack([activity, -activity], axis=1),
        random.integers(0, 8, rows),
    )


def test_a_design_is_presence_and_composition() -> None:
    random = np.random.default_rng(1)
    presence = random.random((60, 4)) < [0.9, 0.1, 0.5, 0.7]  # the second in fewer than 20 rows
    sequences = ["".join(random.choice(list("ACGT"), 30)) for _ in range(60)]
    design = design_of(sequences, carried(presence))
    assert design.tfs == ("TF0", "TF2", "TF3")
    assert design.elements.tolist() == presence[:, [0, 2, 3]].sum(axis=0).tolist()
    rows = np.array([7, 3, 59])
    found = [composition(sequences[row]) for row in rows]
    expected = [[*presence[row, [0, 2, 3]], one.gc, one.gc**2, one.cpg, 1.0] for row, one in zip(rows, found)]
    np.testing.assert_array_equal(design.matrix(rows), expected)


class _Library:
    motifs = (
        MotifHit("M1", "B", frozenset(), 0, 8, "+", 9.0, 1e-6),
        MotifHit("M2", "A", frozenset(), 0, 8, "+", 9.0, 1e-6),
    )


def test_hits_of_one_tf_share_its_effect() -> None:
    a, b = _Library.motifs[1], _Library.motifs[0]
    hits = carried_motifs([(a, b, a), (), (b,)], _Library)  # type: ignore[arg-type]
    assert hits.names == ("A", "B") and hits.first.tolist() == [0, 3, 3, 4] and hits.tf.tolist() == [0, 1, 0, 1]
    assert hits.shares().tolist() == [0.5, 1.0, 0.5, 1.0]


def test_effects_are_recovered_within_their_errors() -> None:
    design, activity, blocks = simulated()
    one, other = fit_effects(design, np.arange(4000), activity, blocks, 1.0)
    assert (np.abs(one.effects - [0.5, -0.3, 0.0]) < 4 * one.errors).all()
    assert (one.errors < 0.05).all()
    np.testing.assert_allclose(other.effects, -one.effects, atol=1e-9)


def test_errors_are_the_jackknife_by_brute_force() -> None:
    design, activity, blocks = simulated(300)
    activity[::7, 0] = np.nan
    fit, _ = fit_effects(design, np.arange(300), activity, blocks, 2.0)
    spread = np.array(
        [fit_effects(design, np.flatnonzero(blocks != block), activity, blocks, 2.0)[0].effects for block in range(8)]
    )
    expected = np.sqrt(7 / 8 * ((spread - spread.mean(axis=0)) ** 2).sum(axis=0))
    np.testing.assert_allclose(fit.errors, expected, rtol=1e-6)


def test_fits_are_those_of_an_independent_ridge_cell_type_by_cell_type() -> None:
    design, activity, blocks = simulated(500)
    activity[::7, 0] = np.nan
    rows = np.arange(400)
    x = design.matrix(rows)
    for cell, fit in enumerate(fit_effects(design, rows, activity, blocks, 50.0)):
        seen = np.isfinite(activity[rows, cell])
        # Ridge as ordinary least squares with a row of sqrt(penalty) for every penalised column.
        extra = np.hstack([np.eye(3) * np.sqrt(50.0), np.zeros((3, 4))])
        target = np.concatenate([activity[rows[seen], cell], np.zeros(3)])
        weights, *_ = np.linalg.lstsq(np.vstack([x[seen], extra]), target, rcond=None)
        np.testing.assert_allclose(
            design.matrix(np.arange(400, 500)) @ np.concatenate([fit.effects, fit.others]),
            design.matrix(np.arange(400, 500)) @ weights, rtol=0, atol=1e-4,
        )  # fmt: skip


def test_blocks_of_rows_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    design, activity, blocks = simulated(300)
    activity[5, 1] = np.nan
    whole = fit_effects(design, np.arange(300), activity, blocks, 1.0)
    monkeypatch.setattr(effects, "BLOCK", 7)
    for one, other in zip(whole, fit_effects(design, np.arange(300), activity, blocks, 1.0), strict=True):
        np.testing.assert_allclose(one.effects, other.effects, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(one.errors, other.errors, rtol=1e-9, atol=1e-12)
