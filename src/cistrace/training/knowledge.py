"""Make a run's knowledge table from the training rows.

The penalty is that of `mpra.associations`: of 30, 100, 300 and 1,000 the best on val for the joint lentiMPRA
table (docs/experiments.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from cistrace.cards.known_effects import KnownEffects, associate, read_known_effects, write_known_effects
from cistrace.io.files import whole_file
from cistrace.motifs.hit import MotifHit
from cistrace.motifs.library import MotifLibrary
from cistrace.mpra.associations import PENALTY, carried, design
from cistrace.mpra.table import MpraTable


def make_knowledge(
    training: MpraTable, hits: Iterable[Sequence[MotifHit]], library: MotifLibrary, path: Path
) -> KnownEffects:
    """Fit every cell type on the training rows and write the table; as read back from the file."""
    made = design(training, carried(hits, library))
    fits = [
        associate(made.presence, made.covariates, training.activity[:, cell], made.groups, PENALTY)
        for cell in range(len(training.cell_types))
    ]
    with whole_file(path) as part:
        write_known_effects(part, list(made.tfs), training.cell_types, fits, made.presence.sum(axis=0))
    return read_known_effects(path)
