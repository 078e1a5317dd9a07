"""Make the shipped knowledge table from the training split.

    python -m cistrace.training.knowledge --data DIR -o RUN

The penalty is chosen on val among a few. Writes RUN/knowledge.tsv.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

import numpy as np

from cistrace.composition import composition
from cistrace.evaluation.metrics import pearson
from cistrace.knowledge import associate, ridges, write_knowledge
from cistrace.motifs import MotifLibrary, load_library
from cistrace.mpra import MpraTable, read_joint
from cistrace.training.hits import HitTable, scan_table

log = logging.getLogger(__name__)
PENALTIES = (30.0, 100.0, 300.0, 1000.0)


def presence(table: HitTable, library: MotifLibrary, tfs: list[str]) -> np.ndarray:
    """Which TF has at least one kept hit in which row: float32 (N, TFs)."""
    column = {tf: index for index, tf in enumerate(tfs)}
    of_motif = np.array([column[motif.name] for motif in library.motifs])
    matrix = np.zeros((len(table), len(tfs)), dtype=np.float32)
    rows = np.repeat(np.arange(len(table)), np.diff(table.first))
    matrix[rows, of_motif[table.motif]] = 1
    return matrix


def covariates(table: MpraTable) -> np.ndarray:
    """GC, its square, and CpG observed/expected: float64 (N, 3)."""
    measured = [composition(bases) for bases in table.sequences]
    gc = np.array([entry.gc for entry in measured])
    return np.stack([gc, gc**2, np.array([entry.cpg for entry in measured])], axis=1)


def make(data: Path | None, out: Path) -> None:
    """Scan train and val, choose the penalty, fit every cell type, write the table."""
    out.mkdir(parents=True, exist_ok=True)
    joint, library = read_joint(data), load_library()
    train, val = joint.split("train"), joint.split("val")
    tfs = sorted({motif.name for motif in library.motifs})
    x = presence(scan_table(train, out / "hits-train.npz"), library, tfs)
    x_val = presence(scan_table(val, out / "hits-val.npz"), library, tfs)
    z, z_val = covariates(train), covariates(val)
    groups = np.array(train.chromosomes)
    scores = np.zeros((len(PENALTIES), len(train.cell_types)))
    for cell in range(len(train.cell_types)):
        seen = np.isfinite(val.activity[:, cell])
        fits = ridges(x, z, train.activity[:, cell], PENALTIES)
        scores[:, cell] = [pearson(fit.predict(x_val[seen], z_val[seen]), val.activity[seen, cell]) for fit in fits]
    for penalty, row in zip(PENALTIES, scores):
        log.info("penalty %g: val Pearson %s", penalty, " ".join(f"{score:.4f}" for score in row))
    penalty = PENALTIES[int(scores.mean(axis=1).argmax())]
    chosen = [associate(x, z, train.activity[:, cell], groups, penalty) for cell in range(len(train.cell_types))]
    write_knowledge(out / "knowledge.tsv", tfs, train.cell_types, chosen, x.sum(axis=0))
    log.info("penalty %g chosen; %s written", penalty, out / "knowledge.tsv")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    make(arguments.data, arguments.out)


if __name__ == "__main__":
    main()
