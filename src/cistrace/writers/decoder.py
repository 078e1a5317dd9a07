"""The compact language model while it writes: a Llama's forward pass with a cache that rows can leave.

transformers trains and stores it (`writers.compact_model`). To write with, it takes four seconds to import; the pass
itself is these few lines, held against transformers' in the tests. Layers:
Llama 2 (Touvron et al. 2023), rotary positions in transformers' order of halves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.functional import linear, rms_norm, scaled_dot_product_attention, silu

from cistrace.errors import ModelError
from cistrace.io.small_files import parse_json, small_text
from cistrace.writers.past import Past

CONFIG, WEIGHTS = "config.json", "model.safetensors"  # as transformers names them


@dataclass(frozen=True)
class DecoderShape:
    """What the weights do not tell; names of fields as in the articles."""

    heads: int
    head_size: int
    epsilon: float
    theta: float

    @staticmethod
    def of(config: Mapping[str, Any]) -> DecoderShape:
        """From a configuration of transformers.

        Raises
        ------
        ModelError
            Another architecture, or a kind of Llama that the compact model is not.
        """
        for name, expected in (
            ("model_type", "llama"),
            ("tie_word_embeddings", True),
            ("num_key_value_heads", config.get("num_attention_heads")),
        ):
            if config.get(name) != expected:
                raise ModelError(
                    f"{CONFIG}: found {name} {config.get(name)!r}, expected {expected!r} of a domain model; export the "
                    "run again"
                )
        theta = float(config["rope_parameters"]["rope_theta"])
        return DecoderShape(config["num_attention_heads"], config["head_dim"], config["rms_norm_eps"], theta)


class _Layer(nn.Module):
    """Attention, then a gated linear unit; query, key and value lie in one matrix, gate and up in another."""

    def __init__(self, weights: Mapping[str, Tensor], prefix: str) -> None:
        super().__init__()
        own = {name.removeprefix(prefix): weight for name, weight in weights.items() if name.startswith(prefix)}
        projections = [own[f"self_attn.{name}_proj.weight"] for name in "qkv"]
        self.attend_norm = _parameter(own["input_layernorm.weight"])
        self.attend = _parameter(torch.cat(projections))
        self.attended = _parameter(own["self_attn.o_proj.weight"])
        self.widen_norm = _parameter(own["post_attention_layernorm.weight"])
        self.widen = _parameter(torch.cat([own["mlp.gate_proj.weight"], own["mlp.up_proj.weight"]]))
        self.narrow = _parameter(own["mlp.down_proj.weight"])


class Decoder(nn.Module):
    """Tokens to hidden states, float32, behind what was read before. The output layer is the embedding's."""

    def __init__(self, shape: DecoderShape, weights: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = _parameter(weights["model.embed_tokens.weight"])
        self.norm = _parameter(weights["model.norm.weight"])
        count = sum(name.endswith("input_layernorm.weight") for name in weights)
        self.layers = nn.ModuleList(_Layer(weights, f"model.layers.{at}.") for at in range(count))
        halves = torch.arange(0, shape.head_size, 2, dtype=torch.float32) / shape.head_size
        self.register_buffer("frequencies", shape.theta**-halves)
        self.eval().requires_grad_(False)

    frequencies: Tensor

    @property
    def hidden_size(self) -> int:
        return self.embedding.shape[1]

    @property
    def device(self) -> torch.device:
        return self.embedding.device

    def new_past(self, rows: int) -> Past:
        """Of rows that have read nothing."""
        return Past(len(self.layers), rows, self.shape.heads, self.shape.head_size, self.device)

    def forward(self, tokens: Tensor, positions: Tensor, seen: Tensor, past: Past) -> Tensor:
        """Read on.

        Parameters
        ----------
        tokens, positions : int64 tensors, shape (N, L)
        seen : bool tensor, shape (N, L, T)
            Which of all T places of the past, these tokens among them as the last, each token sees; at least one.
        past : Past
            Of N rows; these tokens are added.

        Returns
        -------
        float32 tensor, shape (N, L, hidden)
            Normed, as the output layer reads them.
        """
        shape, epsilon = self.shape, self.shape.epsilon
        angles = positions[:, None, :, None] * self.frequencies
        cosines, sines = angles.cos(), angles.sin()
        past.lengthen(tokens.shape[1])
        mask = torch.zeros(seen.shape, device=self.device).masked_fill(~seen, -torch.inf)[:, None]
        hidden = self.embedding[tokens]
        for at, layer in enumerate(self.layers):
            assert isinstance(layer, _Layer)
            narrow = linear(rms_norm(hidden, (self.hidden_size,), layer.attend_norm, epsilon), layer.attend)
            heads = narrow.view(*tokens.shape, 3, shape.heads, shape.head_size).permute(2, 0, 3, 1, 4)
            query, key = _rotated(heads[0], cosines, sines), _rotated(heads[1], cosines, sines)
            keys, values = past.add(at, key, heads[2])
            found = scaled_dot_product_attention(query, keys, values, attn_mask=mask)
            hidden = hidden + linear(found.transpose(1, 2).flatten(2), layer.attended)
            wide = linear(rms_norm(hidden, (self.hidden_size,), layer.widen_norm, epsilon), layer.widen)
            gate, up = wide.chunk(2, dim=-1)
            hidden = hidden + linear(silu(gate) * up, layer.narrow)
        return rms_norm(hidden, (self.hidden_size,), self.norm, epsilon)


def _parameter(weight: Tensor) -> nn.Parameter:
    return nn.Parameter(weight.detach().float(), requires_grad=False)


def _rotated(states: Tensor, cosines: Tensor, sines: Tensor) -> Tensor:
    """States (N, heads, L, size) turned by their positions' angles (N, 1, L, size / 2)."""
    first, second = states.chunk(2, dim=-1)
    return torch.cat([first * cosines - second * sines, second * cosines + first * sines], dim=-1)


def load_decoder(folder: Path) -> Decoder:
    """The decoder of a folder that transformers wrote.

    Raises
    ------
    ModelError
        A file is missing or torn, or holds another model.
    """
    try:
        config = parse_json(small_text(folder / CONFIG))
        if not isinstance(config, dict):
            raise ValueError(f"{CONFIG}: found a {type(config).__name__}, expected an object")
        weights = load_file(folder / WEIGHTS)
        return Decoder(DecoderShape.of(config), weights)
    except (OSError, TypeError, ValueError, KeyError, SafetensorError) as error:
        raise ModelError(f"{folder}: not a readable language model ({error}); restore the checkpoint") from error
