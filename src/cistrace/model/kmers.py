"""The k-mer model: counts of short words, whichever strand they lie on, through one hidden layer.

It sees no positions and no order beyond six letters, learns in a minute, and errs differently from the
convolutional tower, so that the two together say more than either (docs/results.md).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from cistrace.errors import ModelError


@dataclass(frozen=True)
class KmerConfig:
    """Shape of a k-mer model; `cell_types` names the outputs in order."""

    cell_types: tuple[str, ...]
    window: int = 200
    sizes: tuple[int, ...] = (2, 4, 6)
    hidden: int = 384
    dropout: float = 0.5
    input_dropout: float = 0.1


def canonical_words(size: int) -> tuple[Tensor, int]:
    """For each of the 4**size words the column it shares with its reverse complement, and the number of columns."""
    words = torch.arange(4**size)
    opposite, rest = torch.zeros_like(words), words.clone()
    for _ in range(size):
        opposite = opposite * 4 + (3 - rest % 4)
        rest = rest // 4
    columns, place = torch.unique(torch.minimum(words, opposite), return_inverse=True)
    return place, len(columns)


def count_words(codes: Tensor, size: int) -> Tensor:
    """Occurrences of every word on either strand: codes (N, L) with 0-4 -> float32 (N, columns).

    Words over code 4 (blank, ambiguous) are not counted.
    """
    place, columns = canonical_words(size)
    counts = torch.zeros((len(codes), columns + 1))
    length = codes.shape[1] - size + 1
    if length < 1:
        return counts[:, :columns]
    word = torch.zeros((len(codes), length), dtype=torch.long)
    known = torch.ones_like(word, dtype=torch.bool)
    for offset in range(size):
        letter = codes[:, offset : offset + length]
        known &= letter < 4
        word = word * 4 + letter.clamp_max(3)
    column = place[word].masked_fill(~known, columns)
    return counts.scatter_add_(1, column, torch.ones_like(column, dtype=torch.float32))[:, :columns]


class KmerModel(nn.Module):
    """Codes (N, window), int64, 0-4 -> (N, cell types) float32, log2(RNA/DNA)."""

    location: Tensor
    scale: Tensor
    mean: Tensor
    spread: Tensor

    def __init__(self, config: KmerConfig) -> None:
        super().__init__()
        self.config = config
        inputs = sum(canonical_words(size)[1] for size in config.sizes)
        outputs = len(config.cell_types)
        self.layers = nn.Sequential(
            nn.Dropout(config.input_dropout),
            nn.Linear(inputs, config.hidden),
            nn.SiLU(),
            nn.Dropout(config.dropout),
            nn.Linear(config.hidden, outputs),
        )
        self.register_buffer("mean", torch.zeros(inputs))
        self.register_buffer("spread", torch.ones(inputs))
        self.register_buffer("location", torch.zeros(outputs))
        self.register_buffer("scale", torch.ones(outputs))

    def roots(self, codes: Tensor) -> Tensor:
        """Square roots of all counts, not yet standardised: (N, inputs)."""
        return torch.cat([count_words(codes, size) for size in self.config.sizes], dim=1).sqrt()

    def standardised(self, roots: Tensor) -> Tensor:
        """Outputs before `location` and `scale` are put back: what training fits."""
        return self.layers(((roots - self.mean) / self.spread).clamp(-5, 5))

    def from_roots(self, roots: Tensor) -> Tensor:
        """Activities for the result of `roots`, which models of one configuration share."""
        return self.standardised(roots) * self.scale + self.location

    def forward(self, codes: Tensor) -> Tensor:
        return self.from_roots(self.roots(codes))


def save_kmers(model: KmerModel, path: Path, notes: dict[str, str]) -> None:
    """Write weights as float16 safetensors with the configuration in the metadata."""
    weights = {name: tensor.detach().to(torch.float16).contiguous() for name, tensor in model.state_dict().items()}
    save_file(weights, path, metadata={"config": json.dumps(asdict(model.config)), **notes})


def load_kmers(path: Path) -> KmerModel:
    """Read a k-mer model in evaluation mode, float32.

    Raises
    ------
    ModelError
        The file is missing, torn, or does not hold a k-mer model.
    """
    try:
        with safe_open(path, framework="pt") as file:
            config = json.loads((file.metadata() or {})["config"])
            weights = {name: file.get_tensor(name).float() for name in file.keys()}
        config["cell_types"], config["sizes"] = tuple(config["cell_types"]), tuple(config["sizes"])
        model = KmerModel(KmerConfig(**config))
        model.load_state_dict(weights)
    except (OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ModelError(f"{path}: not a readable k-mer model ({error}); restore the file or train it again") from error
    return model.eval()
