"""The known effects of a run: one table of all training rows, for new sequences, and one a fold, for training rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from cistrace.cards.known_effects import KnownEffects, write_known_effects
from cistrace.io.files import whole_file
from cistrace.motifs.hit import MotifHit
from cistrace.motifs.library import MotifLibrary
from cistrace.mpra.associations import fit_associations
from cistrace.mpra.effects import carried_motifs, design_of
from cistrace.mpra.folds import Folds
from cistrace.mpra.table import MpraTable


def make_known_effects(
    training: MpraTable, hits: Iterable[Sequence[MotifHit]], folds: Folds, library: MotifLibrary, path: Path
) -> tuple[KnownEffects, ...]:
    """Fit every fold and the whole, and write those of the whole.

    Parameters
    ----------
    hits : iterable of length N
        Of every training row.
    folds : Folds
        Of the training rows.

    Returns
    -------
    tuple of KnownEffects
        One a fold, then those of all training rows.
    """
    design = design_of(training.sequences, carried_motifs(hits, library))
    known = fit_associations(training, design, folds).known_effects(training.cell_types)
    with whole_file(path) as part:
        write_known_effects(part, known[-1], dict(zip(design.tfs, design.elements.tolist(), strict=True)))
    return known
