"""What each TF does in each cell type, as far as the training split tells: an association and its error.

For every TF the table holds the coefficient of its motif's presence (at least one hit at the scanner's
threshold) in a ridge regression of activity on the presence of all TFs at once, with GC, its square
and CpG observed/expected beside them unpenalised. Standard errors come from leaving out one
chromosome at a time (delete-one jackknife, Efron & Stein 1981). An association, not a cause: TFs of
one family share a motif and so share its effect.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cistrace.cards.card import TfEffect
from cistrace.errors import ModelError

COLUMNS = ("tf", "cell_type", "effect", "standard_error", "elements")
FEWEST_ELEMENTS = 20


@dataclass(frozen=True)
class KnownEffects:
    """Effects by cell type and TF name, log2 units per presence."""

    effects: Mapping[str, Mapping[str, TfEffect]]

    def of(self, cell_type: str) -> Mapping[str, TfEffect]:
        """Effects of every TF in one cell type; empty for a cell type that was never measured."""
        return self.effects.get(cell_type, {})


def read_known_effects(path: Path) -> KnownEffects:
    """Read the table that `write_known_effects` wrote.

    Raises
    ------
    ModelError
        The file is missing or not such a table.
    """
    effects: dict[str, dict[str, TfEffect]] = {}
    try:
        with path.open(newline="", encoding="utf-8") as handle:
            for row in csv.DictReader(handle, delimiter="\t"):
                effect = TfEffect(float(row["effect"]), float(row["standard_error"]))
                effects.setdefault(row["cell_type"], {})[row["tf"]] = effect
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path}: not a readable knowledge table ({error}); restore the checkpoint") from error
    return KnownEffects(effects)


def write_known_effects(
    path: Path, tfs: list[str], cell_types: tuple[str, ...], fits: list[EffectFit], elements: np.ndarray
) -> None:
    """One row a TF and cell type: effect and standard error at 4 decimals, elements that carry the motif."""
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle, delimiter="\t", lineterminator="\n")
        writer.writerow(COLUMNS)
        for cell_type, fit in zip(cell_types, fits):
            for tf, effect, error, count in zip(tfs, fit.effects, fit.errors, elements):
                if count >= FEWEST_ELEMENTS:
                    writer.writerow([tf, cell_type, f"{effect:.4f}", f"{error:.4f}", int(count)])


@dataclass(frozen=True, eq=False)
class EffectFit:
    """Coefficients of the penalised columns and their jackknife errors: float64 (TFs,) each."""

    effects: np.ndarray
    errors: np.ndarray


def associate(
    presence: np.ndarray, covariates: np.ndarray, activity: np.ndarray, groups: np.ndarray, penalty: float
) -> EffectFit:
    """Ridge of activity on presence with covariates beside, errors by leaving out one group at a time.

    Parameters
    ----------
    presence : ndarray, shape (N, TFs)
        0 or 1.
    covariates : ndarray, shape (N, K)
        Not penalised; an intercept is added.
    activity : ndarray, float64, shape (N,)
        NaN rows are left out.
    groups : ndarray of str, shape (N,)
        Chromosomes.
    penalty : float
        Added to the diagonal of the presence block.
    """
    seen = np.isfinite(activity)
    design = _design(presence, covariates)[seen]
    target, groups = activity[seen], groups[seen]
    ridge = np.zeros(design.shape[1])
    ridge[: presence.shape[1]] = penalty
    gram, moment = design.T @ design, design.T @ target
    whole = _solve(gram, moment, ridge)
    left_out = []
    for group in np.unique(groups):
        rows = groups == group
        part = design[rows]
        left_out.append(_solve(gram - part.T @ part, moment - part.T @ target[rows], ridge))
    spread = np.array(left_out)[:, : presence.shape[1]]
    count = len(left_out)
    errors = np.sqrt((count - 1) / count * np.square(spread - spread.mean(axis=0)).sum(axis=0))
    return EffectFit(whole[: presence.shape[1]], errors)


@dataclass(frozen=True, eq=False)
class Ridge:
    """Coefficients of presence, float64 (TFs,), and of the covariates and the intercept, float64 (K + 1,)."""

    effects: np.ndarray
    others: np.ndarray

    def predict(self, presence: np.ndarray, covariates: np.ndarray) -> np.ndarray:
        """Activities of new rows: float64 (M,)."""
        return presence @ self.effects + covariates @ self.others[:-1] + self.others[-1]


def ridges(
    presence: np.ndarray, covariates: np.ndarray, activity: np.ndarray, penalties: tuple[float, ...]
) -> list[Ridge]:
    """Fits of `associate`, one a penalty, without errors."""
    seen = np.isfinite(activity)
    design = _design(presence, covariates)[seen]
    gram, moment = design.T @ design, design.T @ activity[seen]
    tfs = presence.shape[1]
    penalised = np.arange(design.shape[1]) < tfs
    solved = [_solve(gram, moment, penalised * penalty) for penalty in penalties]
    return [Ridge(coefficients[:tfs], coefficients[tfs:]) for coefficients in solved]


def _design(presence: np.ndarray, covariates: np.ndarray) -> np.ndarray:
    return np.hstack([presence, covariates, np.ones((len(presence), 1))]).astype(np.float64)


def _solve(gram: np.ndarray, moment: np.ndarray, ridge: np.ndarray) -> np.ndarray:
    # The smallest amount that keeps the covariates' block solvable when one of them is constant.
    return np.linalg.solve(gram + np.diag(ridge + 1e-6), moment)
