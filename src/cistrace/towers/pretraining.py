"""LegNet before it sees a measurement: fitted to what is known of many genomic sites, whose body it then starts from.

Sites that are open in some cells (DNase, ATAC) are many, and what tells where they are open tells something of what
they do. A part of them is also there with its letters shuffled, pairs of neighbours kept, as sites that are open
nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from cistrace.errors import DataError
from cistrace.mpra.shuffles import dinucleotides_shuffled
from cistrace.mpra.table import MpraTable
from cistrace.towers.fit import FittedTower, fit_tower
from cistrace.towers.legnet import LegNet, LegNetConfig
from cistrace.towers.pool import barred
from cistrace.towers.recipe import PretrainingRecipe
from cistrace.towers.sites_file import Sites

WATCHED = 20  # one site of so many is not learnt from, but watched
FEWEST = 100  # sites


@dataclass(frozen=True)
class RefusedSites:
    """How many sites are not learnt from: `related` share 40 bases, on either strand, with an element of val or test;
    `elsewhere` lie on a chromosome that the data set does not train on."""

    related: int
    elsewhere: int


def admitted(sites: Sites, table: MpraTable) -> tuple[Sites, RefusedSites]:
    """The sites that may be learnt from beside a data set, and a count of the others.

    Parameters
    ----------
    table : MpraTable
        All rows of the data set; `splits` are train, val and test.
    """
    related, elsewhere = barred(sites.sequences, sites.chromosomes, table)
    kept = np.flatnonzero(~related & ~elsewhere)
    return sites.take(kept), RefusedSites(int(related.sum()), int((elsewhere & ~related).sum()))


def with_shuffled(sites: Sites, share: float, seed: int) -> Sites:
    """The sites, and behind them shuffled ones: `share` of their number, drawn at random.

    A shuffled site is of no kind and open in no cell: 0 in every column of shares, and as low as the lowest site in
    every other.
    """
    random = np.random.default_rng(seed)
    drawn = random.permutation(len(sites.sequences))[: round(share * len(sites.sequences))]
    shuffled = tuple(dinucleotides_shuffled(sites.sequences[row], random) for row in drawn.tolist())
    nothing = np.where(sites.shares, 0.0, np.nanmin(sites.values, axis=0))
    return replace(
        sites,
        sequences=(*sites.sequences, *shuffled),
        chromosomes=(*sites.chromosomes, *(sites.chromosomes[row] for row in drawn.tolist())),
        values=np.concatenate([sites.values, np.broadcast_to(nothing, (len(drawn), len(sites.columns)))]),
    )


def pretrained(
    sites: Sites, window: int, recipe: PretrainingRecipe, state: Path, threads: Callable[[], int] | None = None
) -> FittedTower:
    """Fit a new LegNet to sites; of one in `WATCHED` nothing is learnt, and its figures are those of these.

    Parameters
    ----------
    sites : Sites
        Those that may be learnt from, without shuffled ones. Of long ones the middle is read.
    window : int
        bp, of the data set.
    state, threads
        As `fit_tower` has them.

    Raises
    ------
    DataError
        Fewer than `FEWEST` sites.
    """
    sites = _varying(sites)
    if len(sites.sequences) < FEWEST or not sites.columns:
        raise DataError(
            f"sites to pretrain on: found {len(sites.sequences):,} that may be learnt from, in {len(sites.columns)} "
            f"columns that vary; expected at least {FEWEST} in one; leave tower.pretraining.sites out, or name others"
        )
    order = np.random.default_rng(recipe.seed).permutation(len(sites.sequences))
    watched, learnt = np.sort(order[: len(order) // WATCHED]), np.sort(order[len(order) // WATCHED :])
    table = _as_table(with_shuffled(sites.take(learnt), recipe.shuffled, recipe.seed), window)
    torch.manual_seed(recipe.seed)
    tower = LegNet(LegNetConfig(sites.columns, window=window, dropout=recipe.dropout))
    rows, val = np.arange(len(table)), _as_table(sites.take(watched), window)
    return fit_tower(tower, "pretrained", rows, table, val, recipe, state, recipe.seed, threads=threads)


def start_from(tower: LegNet, body: LegNet) -> None:
    """Give a new tower another's weights, all but the last layer's and the scale of the outputs.

    Raises
    ------
    RuntimeError
        PyTorch's own, where the two are not of one shape.
    """
    own = ("location", "scale", f"head.{len(tower.head) - 1}.")
    kept = {name: value for name, value in body.state_dict().items() if not name.startswith(own)}
    missing = tower.load_state_dict(kept, strict=False).missing_keys
    assert all(name.startswith(own) for name in missing)


def _as_table(sites: Sites, window: int) -> MpraTable:
    names, blank = tuple(map(str, range(len(sites.sequences)))), ("",) * len(sites.sequences)
    middle = tuple(_middle(bases, window) for bases in sites.sequences)
    return MpraTable(
        names, middle, sites.chromosomes, blank, ("train",) * len(names), sites.values, sites.columns
    )  # fmt: skip


def _varying(sites: Sites) -> Sites:
    """Without columns that say the same of all sites, or nothing of any: they cannot be standardised."""
    varying = [
        at for at, column in enumerate(sites.values.T) if len(np.unique(column[np.isfinite(column)])) > 1
    ]  # fmt: skip
    columns = tuple(sites.columns[at] for at in varying)
    return replace(sites, columns=columns, values=sites.values[:, varying], shares=sites.shares[varying])


def _middle(bases: str, window: int) -> str:
    start = max(0, (len(bases) - window) // 2)
    return bases[start : start + window]


def told(figures: Sequence[float], columns: Sequence[str]) -> dict[str, float]:
    """Pearson on watched sites, by column; those that could not be computed left out."""
    return {name: value for name, value in zip(columns, figures, strict=True) if np.isfinite(value)}
