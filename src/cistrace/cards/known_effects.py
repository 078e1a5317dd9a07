"""What each TF does in each cell type, as far as the training split tells: an association and its error.

For every TF the table holds the coefficient of its motif's presence (at least one hit at the scanner's
threshold) in a ridge regression of activity on the presence of all TFs at once (`mpra.effects`). An
association, not a cause: TFs of one family share a motif and so share its effect.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

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
    except (OSError, KeyError, TypeError, ValueError, csv.Error) as error:
        raise ModelError(f"{path}: not a readable table of known effects ({error}); restore the checkpoint") from error
    return KnownEffects(effects)


def write_known_effects(path: Path, known: KnownEffects, elements: Mapping[str, int]) -> None:
    """One row a cell type and TF: effect and standard error at 4 decimals, training elements that carry its motif."""
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle, delimiter="\t", lineterminator="\n")
        writer.writerow(COLUMNS)
        for cell_type, effects in known.effects.items():
            for tf, effect in effects.items():
                writer.writerow([tf, cell_type, f"{effect.effect:.4f}", f"{effect.standard_error:.4f}", elements[tf]])
