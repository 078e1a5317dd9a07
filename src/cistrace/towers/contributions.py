"""What every base adds to a tower's activity: integrated gradients (Sundararajan et al., ICML 2017).

The way leads from the blank window, which the towers read as nothing, to the sequence; contributions add up to the
difference between the two activities, but for what is lost between steps. Steps are those of Gauss and Legendre. On
50 val elements eight of them lose 0.04 (root mean square), sixteen 0.002; where more than `TOLERANCE` is lost, twice as
many are taken, which leaves 0.005. Blanks and N add nothing.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from cistrace.towers.encoding import BLANK, one_hot, opposite_codes
from cistrace.towers.tower import Tower

STEPS, MOST_STEPS = 8, 64
TOLERANCE = 0.05  # log2 units: amounts of sites are told from there on
# Every pass has this many rows, the last filled up: a row's result then cannot depend on its neighbours. LegNet's
# largest arrays (6 MiB at 200 bp) then stay in a CPU's cache.
ROWS = 32


def base_contributions(
    tower: Tower, codes: NDArray[np.int64], differences: NDArray[np.float32], tolerance: float = TOLERANCE
) -> NDArray[np.float32]:
    """What each base adds, mean of both strands.

    Parameters
    ----------
    tower : Tower
        In evaluation mode.
    codes : ndarray, int64, shape (N, window)
        As `base_codes` makes them.
    differences : ndarray, float32, shape (N, cell types)
        Activity, mean of both strands, minus that of the blank window: what contributions should add up to.
    tolerance : float
        How far from it they may be, log2 units, unless `MOST_STEPS` do not suffice.

    Returns
    -------
    ndarray, float32, shape (N, window, cell types)
        log2 units, a row of zeros where there is no base.
    """
    found = np.zeros((*codes.shape, len(tower.cell_types)), dtype=np.float32)
    open_rows, steps = np.arange(len(codes)), STEPS
    while len(open_rows) and steps <= MOST_STEPS:
        asked = codes[open_rows]
        given, other = _of_strand(tower, asked, steps), _of_strand(tower, opposite_codes(asked), steps)
        found[open_rows] = (given + other[:, ::-1]) / 2
        lost = np.abs(differences[open_rows] - found[open_rows].sum(axis=1)).max(axis=1)
        open_rows, steps = open_rows[lost > tolerance], 2 * steps
    return found


def _of_strand(tower: Tower, codes: NDArray[np.int64], steps: int) -> NDArray[np.float32]:
    """Contributions as read from one strand; every pass has `ROWS` rows, so that none depends on its neighbours."""
    places, weights = np.polynomial.legendre.leggauss(steps)
    places, weights = (places + 1) / 2, weights / 2
    rows = [(row, step) for row in range(len(codes)) for step in range(steps)]
    found = np.zeros((*codes.shape, len(tower.cell_types)), dtype=np.float64)
    for start in range(0, len(rows), ROWS):
        block = rows[start : start + ROWS]
        filled, scale = np.full((ROWS, tower.window), BLANK, dtype=np.int64), np.zeros(ROWS, dtype=np.float32)
        for at, (row, step) in enumerate(block):
            filled[at], scale[at] = codes[row], places[step]
        added = _gradient_times_bases(tower, filled, scale)
        for at, (row, step) in enumerate(block):
            found[row] += weights[step] * added[at]
    return found.astype(np.float32)


def _gradient_times_bases(
    tower: Tower, codes: NDArray[np.int64], scale: NDArray[np.float32]
) -> NDArray[np.float32]:  # fmt: skip
    """Slope of the activity on each base of the scaled one-hot DNA: float32 (N, window, cell types)."""
    with torch.inference_mode(False), torch.enable_grad():
        device = tower.location.device
        bases = one_hot(codes).to(device)
        scaled = (bases * torch.from_numpy(scale).to(device)[:, None, None]).requires_grad_(True)
        outputs = tower(scaled).sum(dim=0).unbind()
        slopes = [torch.autograd.grad(output, scaled, retain_graph=True)[0] for output in outputs]
        return torch.stack([(slope * bases).sum(dim=1) for slope in slopes], dim=-1).cpu().numpy()
