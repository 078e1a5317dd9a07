from __future__ import annotations

import pytest
import torch

from cistrace.towers.optimizers import LAST_SHARE, MuonAdamW, Rates, as_matrix, warm_cosine
from cistrace.towers.residual import ResidualConfig, ResidualTower


def small_tower() -> ResidualTower:
    torch.manual_seed(0)
    return ResidualTower(ResidualConfig(("HepG2", "K562"), channels=16, stages=2, dropout=0.0))


def test_a_convolution_as_a_matrix_is_the_same_memory() -> None:
    weight = small_tower().get_parameter("stages.1.convolution.0.weight").detach()
    matrix = as_matrix(weight)
    assert matrix.shape == (16, 80)
    matrix.zero_()
    assert not weight.any()


@pytest.mark.pipeline
def test_every_weight_learns_and_a_small_task_is_learnt() -> None:
    tower = small_tower().train()
    before = {name: parameter.detach().clone() for name, parameter in tower.named_parameters()}
    random = torch.Generator().manual_seed(1)
    x = torch.eye(4)[torch.randint(0, 4, (64, 200), generator=random)].transpose(1, 2)
    target = torch.stack([x[:, 1].mean(1) - 0.25, x[:, 2].mean(1) - 0.25], dim=1) * 10
    optimizer = MuonAdamW(tower, tower.edges(), Rates(0.04, 2e-3, 0.05))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: warm_cosine(step, 80, 0.15))
    losses = []
    for _ in range(80):
        loss = (tower.standardised(x) - target).square().mean()
        loss.backward()
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    assert all(not torch.equal(before[name], parameter) for name, parameter in tower.named_parameters())
    assert losses[-1] < losses[0] / 10
    assert all(parameter.grad is None for parameter in tower.parameters())


def test_the_schedule_rises_to_one_and_falls_to_its_end() -> None:
    shares = [warm_cosine(step, 100, 0.1) for step in range(100)]
    assert max(shares) == 1.0 == shares[9]
    assert shares[:10] == sorted(shares[:10])
    assert shares[9:] == sorted(shares[9:], reverse=True)
    assert warm_cosine(100, 100, 0.1) == pytest.approx(LAST_SHARE)


def test_muon_with_adamw_goes_on_where_its_state_was_kept() -> None:
    def made() -> tuple[torch.nn.Sequential, MuonAdamW]:
        torch.manual_seed(0)
        model = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
        return model, MuonAdamW(model, [], Rates(0.02, 1e-3, 0.01))

    def steps(model: torch.nn.Sequential, optimizer: MuonAdamW, numbers: range) -> None:
        for number in numbers:
            x = torch.randn(5, 6, generator=torch.Generator().manual_seed(number))
            (model(x) - x.sum(1, keepdim=True)).square().mean().backward()
            optimizer.step()
            optimizer.zero_grad()

    whole, optimizer = made()
    steps(whole, optimizer, range(8))
    first, optimizer = made()
    steps(first, optimizer, range(5))
    second, fresh = made()
    second.load_state_dict(first.state_dict())
    fresh.load_state_dict(optimizer.state_dict())
    steps(second, fresh, range(5, 8))
    for a, b in zip(whole.parameters(), second.parameters(), strict=True):
        assert torch.equal(a, b)
