"""DNA as one-hot tensors, channels ACGT."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cistrace.errors import ModelError
from cistrace.io.codes import BLANK, codes_of

_ONE_HOT = torch.cat([torch.eye(4), torch.zeros(1, 4)])


def base_codes(sequences: list[str], window: int) -> NDArray[np.int64]:
    """Centre each sequence in a window of codes: ACGT = 0-3, any other letter and padding = 4.

    Parameters
    ----------
    sequences : list of str
        Upper-case, each at most `window` bp.

    Returns
    -------
    ndarray, int64, shape (N, window)
    """
    codes = np.full((len(sequences), window), BLANK, dtype=np.int64)
    for row, bases in enumerate(sequences):
        if len(bases) > window:
            raise ModelError(f"sequence {row}: found {len(bases)} bp, expected at most {window}; tile it first")
        left = (window - len(bases)) // 2
        codes[row, left : left + len(bases)] = codes_of(bases)
    return codes


def opposite_codes(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Codes (N, L) of the opposite strand."""
    return np.where(codes == BLANK, BLANK, 3 - codes)[:, ::-1]


def one_hot(codes: NDArray[np.int64] | Tensor) -> Tensor:
    """Codes (N, L) with values 0-4 -> float32 (N, 4, L); code 4 becomes a column of zeros."""
    return _ONE_HOT[torch.as_tensor(codes)].transpose(1, 2)


def reverse_complement(x: Tensor) -> Tensor:
    """One-hot of the opposite strand: channels ACGT and positions both turned round."""
    return x.flip(1, 2)
