"""Make a run's knowledge table from the training rows.

The penalty is that of `reasonbench.associations`: of 30, 100, 300 and 1,000 the best on val for the joint lentiMPRA
table (docs/experiments.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from cistrace.knowledge import Knowledge, associate, read_knowledge, write_knowledge
from cistrace.motifs import MotifLibrary
from cistrace.mpra import MpraTable
from cistrace.output import whole_file
from cistrace.reasonbench.associations import PENALTY, carried, design
from cistrace.records import MotifHit


def make_knowledge(
    training: MpraTable, hits: Iterable[Sequence[MotifHit]], library: MotifLibrary, path: Path
) -> Knowledge:
    """Fit every cell type on the training rows and write the table; as read back from the file."""
    made = design(training, carried(hits, library))
    fits = [
        associate(made.presence, made.covariates, training.activity[:, cell], made.groups, PENALTY)
        for cell in range(len(training.cell_types))
    ]
    with whole_file(path) as part:
        write_knowledge(part, list(made.tfs), training.cell_types, fits, made.presence.sum(axis=0))
    return read_knowledge(path)
