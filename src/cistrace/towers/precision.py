"""Which number format products are computed in: bf16 where the hardware has it, else float32."""

from __future__ import annotations

import torch

from cistrace.towers.recipe import Precision

# As `torch.cpu.get_capabilities` names them: x86 with AMX or AVX-512, ARM with NEON or SVE.
BF16_INSTRUCTIONS = ("amx_bf16", "avx512_bf16", "bf16", "sve_bf16")


def usable_here() -> torch.device:
    """The device that fits are computed on: the first CUDA device, or the processor."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def has_bf16(device: torch.device) -> bool:
    """Whether a device computes bf16 products by itself.

    A processor without such instructions emulates them a hundred times slower than float32. A release of PyTorch that
    cannot tell what its processor has is taken to have none.
    """
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    capabilities = getattr(torch.cpu, "get_capabilities", None)
    return device.type == "cpu" and capabilities is not None and any(map(capabilities().get, BF16_INSTRUCTIONS))


def use_bf16(precision: Precision, device: torch.device) -> bool:
    """Whether a training computes in bf16 on a device."""
    return has_bf16(device) if precision == "auto" else precision == "bf16"


def fast_autocast(device: torch.device) -> torch.autocast:
    """The context in which a net's products run in bf16 on devices that have it, and as they are on others."""
    return torch.autocast(device.type, torch.bfloat16, enabled=has_bf16(device))
