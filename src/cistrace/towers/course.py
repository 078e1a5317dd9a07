"""The course of a fit: all that an epoch depends on, kept between two, so that a fit goes on to the same weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor
from torch.optim.lr_scheduler import LambdaLR

from cistrace.io.files import whole_file
from cistrace.towers.optimizers import MuonAdamW
from cistrace.towers.tower import Tower

NOTHING: Mapping[str, Tensor] = MappingProxyType({})
UNNOTED: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, eq=False)
class Kept:
    """What a state on disk held: epochs done, and what else `Course.keep` was given."""

    epoch: int
    further: dict[str, Tensor]
    notes: dict[str, str]


@dataclass(frozen=True, eq=False)
class Course:
    """All that an epoch depends on, and the file in which it is kept between two."""

    tower: Tower
    optimizer: MuonAdamW
    schedule: LambdaLR
    random: torch.Generator
    state: Path
    steps: int

    def keep(self, epoch: int, further: Mapping[str, Tensor] = NOTHING, notes: Mapping[str, str] = UNNOTED) -> None:
        """Write the state after an epoch, whole or not at all, with whatever else the fit needs to go on."""
        tensors = {f"tower/{name}": value for name, value in self.tower.state_dict().items()}
        tensors |= {f"optimizer/{name}": value for name, value in self.optimizer.tensors().items()}
        tensors |= {"random/order": self.random.get_state(), "random/dropout": torch.get_rng_state()}
        tensors |= {f"further/{name}": value for name, value in further.items()}
        packed = {
            name: value.detach().cpu().clone(memory_format=torch.contiguous_format) for name, value in tensors.items()
        }
        with whole_file(self.state) as part:
            save_file(packed, part, metadata={**notes, "epoch": str(epoch)})

    def resumed(self) -> Kept:
        """Take up the state on disk; no epoch is done where there is none that can be read."""
        try:
            with safe_open(self.state, framework="pt") as file:
                notes = dict(file.metadata() or {})
                epoch = int(notes.pop("epoch"))
                kept = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no dict)
        except (OSError, KeyError, ValueError, SafetensorError):
            return Kept(0, {}, {})
        self.tower.load_state_dict(_below(kept, "tower/"))
        self.optimizer.load_tensors(_below(kept, "optimizer/"))
        self.schedule.last_epoch = epoch * self.steps
        for group, highest, rate in zip(self.optimizer.param_groups, self.schedule.base_lrs, self.schedule.lr_lambdas):
            group["lr"] = highest * rate(self.schedule.last_epoch)
        self.random.set_state(kept["random/order"])
        torch.set_rng_state(kept["random/dropout"])
        return Kept(epoch, _below(kept, "further/"), notes)


def _below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
