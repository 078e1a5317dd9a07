"""The differentiable form in tools that design and attribute by gradients."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from checkpoint_helpers import dna

from cistrace.reward.reward import Reward
from cistrace.towers.encoding import base_codes, one_hot

pytestmark = pytest.mark.integration


def hot(*several: str) -> torch.Tensor:
    return one_hot(base_codes(list(several), len(several[0])))


def test_ledidi_raises_the_objective(reward: Reward) -> None:
    ledidi = pytest.importorskip("ledidi", exc_type=ImportError)
    start = hot(dna(120, 7))
    module = reward.module(column=True)
    before = module(start).item()
    designs = ledidi.ledidi(
        module, start, torch.tensor([[3.0]]), output_loss=torch.nn.MSELoss(), l=0.01, batch_size=8, max_iter=40,
        early_stopping_iter=40, verbose=False, device="cpu", random_state=0,
    )  # fmt: skip
    assert designs.shape == (8, 4, 120) and (designs.sum(dim=1) == 1).all()
    with torch.no_grad():
        after = module(designs)
    assert after.mean().item() > before + 0.5
    bases = ["".join("ACGT"[code] for code in one.argmax(dim=0).tolist()) for one in designs]
    np.testing.assert_allclose(reward.components(bases).objective, after[:, 0].numpy(), atol=1e-4)


def test_tangermeme_predicts_and_mutates(reward: Reward) -> None:
    pytest.importorskip("tangermeme", exc_type=ImportError)
    from tangermeme.predict import predict
    from tangermeme.saturation_mutagenesis import saturation_mutagenesis

    bases = [dna(60, 8), dna(60, 9)]
    x = hot(*bases)
    objective = reward.components(bases).objective
    found = predict(reward.module(column=True), x, device="cpu")
    np.testing.assert_allclose(found[:, 0].numpy(), objective, atol=1e-4)
    kept, mutated = saturation_mutagenesis(reward.module(column=True), x, device="cpu", raw_outputs=True)
    np.testing.assert_allclose(kept[:, 0].numpy(), objective, atol=1e-4)
    changed = bases[0][:10] + "ACGT".replace(bases[0][10], "")[0] + bases[0][11:]
    letter = "ACGT".index(changed[10])
    assert mutated[0, letter, 10, 0].item() == pytest.approx(reward.components([changed]).objective[0], abs=1e-4)


def test_tangermeme_attributes(reward: Reward) -> None:
    pytest.importorskip("tangermeme", exc_type=ImportError)
    from tangermeme.saliency import saliency

    x = hot(dna(60, 8))
    assert saliency(reward.module(column=True), x, device="cpu").abs().sum() > 0
