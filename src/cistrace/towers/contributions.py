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

from cistrace.towers.encoding import one_hot, opposite_codes
from cistrace.towers.tower import Tower

STEPS, MOST_STEPS = 8, 64
TOLERANCE = 0.05  # log2 units: amounts of sites are told from there on
ROWS = 2 * STEPS  # of every pass, so that no row's result depends on its neighbours; a sequence fills one


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
        found[open_rows] = _integrated(tower, codes[open_rows], steps)
        lost = np.abs(differences[open_rows] - found[open_rows].sum(axis=1)).max(axis=1)
        open_rows, steps = open_rows[lost > tolerance], 2 * steps
    return found


def _integrated(tower: Tower, codes: NDArray[np.int64], steps: int) -> NDArray[np.float32]:
    """Contributions after so many steps on each strand: float32 (N, window, cell types)."""
    places, weights = np.polynomial.legendre.leggauss(steps)
    places, weights = ((places + 1) / 2).astype(np.float32), weights / 2
    strands = np.stack([codes, opposite_codes(codes)], axis=1)
    rows = [(row, strand, step) for row in range(len(codes)) for strand in (0, 1) for step in range(steps)]
    found = np.zeros((*strands.shape, len(tower.cell_types)))
    for start in range(0, len(rows), ROWS):
        row, strand, step = (np.array(part) for part in zip(*rows[start : start + ROWS], strict=True))
        added = slopes_on_bases(tower, strands[row, strand], places[step])
        np.add.at(found, (row, strand), weights[step][:, None, None] * added)
    return ((found[:, 0] + found[:, 1, ::-1]) / 2).astype(np.float32)


def slopes_on_bases(
    tower: Tower, codes: NDArray[np.int64], scale: NDArray[np.float32]
) -> NDArray[np.float32]:  # fmt: skip
    """Slope of the activity, as read from one strand, on each base of one-hot DNA.

    Parameters
    ----------
    codes : ndarray, int64, shape (N, window)
    scale : ndarray, float32, shape (N,)
        That the one-hot DNA is multiplied by, from 0, a blank window, to 1.

    Returns
    -------
    ndarray, float32, shape (N, window, cell types)
        0 where there is no base.
    """
    with torch.inference_mode(False), torch.enable_grad():
        device = tower.location.device
        bases = one_hot(codes).to(device)
        scaled = (bases * torch.from_numpy(scale).to(device)[:, None, None]).requires_grad_(True)
        outputs = tower(scaled).sum(dim=0).unbind()
        slopes = [torch.autograd.grad(output, scaled, retain_graph=True)[0] for output in outputs]
        return torch.stack([(slope * bases).sum(dim=1) for slope in slopes], dim=-1).cpu().numpy()
