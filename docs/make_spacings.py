"""Write src/cistrace/data/spacings.json: how far apart neighbouring sites lie in natural enhancers.

    python docs/make_spacings.py --data DIR

Of the training enhancers whose activity in a cell type is among the highest tenth: sites are hits of the TFs that go
with activity there (`design.sites`), of overlapping ones the best. Counted is the number of bases between the end of a
site and the start of the next, 0 to LONGEST.
"""

from __future__ import annotations

import csv
import gzip
import json
from itertools import pairwise
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from cistrace.cards.known_effects import read_known_effects
from cistrace.checkpoints.schema import KNOWN_EFFECTS, model_folder
from cistrace.constraints.motif_rules import MotifFinder
from cistrace.design.sites import SPACINGS, site_catalogue
from cistrace.io.shipped import DATA
from cistrace.motifs.hit import MotifHit
from cistrace.reward.objective import objective_of

LONGEST = 60
MOST_ACTIVE = 0.9
CELL_TYPES = ("HepG2", "K562", "WTC11")


def main(data: Path) -> None:
    """Count and write."""
    with gzip.open(data / "joint_mpra.tsv.gz", "rt", encoding="utf-8") as file:
        rows = [
            row for row in csv.DictReader(file, delimiter="\t") if row["split"] == "train" and "peak" in row["category"]
        ]
    effects = read_known_effects(model_folder(None) / KNOWN_EFFECTS)
    counts = np.zeros(LONGEST + 1, dtype=np.int64)
    elements = 0
    for name in CELL_TYPES:
        measured = [row for row in rows if row[name]]
        cut = np.quantile([float(row[name]) for row in measured], MOST_ACTIVE)
        chosen = [row["sequence"] for row in measured if float(row[name]) >= cut]
        catalogue = site_catalogue(effects, objective_of("activity", name, (), None, CELL_TYPES))
        assert catalogue is not None
        finder = MotifFinder([site.matrix_id for site in catalogue.sites])
        for hits in finder.hits(chosen):
            counts += _gaps(hits)
        elements += len(chosen)
    made = {"source": f"{elements} training elements of Agarwal et al. 2025", "gaps": counts.tolist()}
    (DATA / SPACINGS).write_text(json.dumps(made) + "\n", encoding="utf-8")


def _gaps(hits: tuple[MotifHit, ...]) -> NDArray[np.int64]:
    kept: list[MotifHit] = []
    for hit in sorted(hits, key=lambda hit: (-hit.score, hit.start)):
        if all(hit.end <= other.start or other.end <= hit.start for other in kept):
            kept.append(hit)
    kept.sort(key=lambda hit: hit.start)
    gaps = [second.start - first.end for first, second in pairwise(kept)]
    return np.bincount([gap for gap in gaps if gap <= LONGEST], minlength=LONGEST + 1)


@click.command()
@click.option("--data", type=click.Path(path_type=Path), envvar="CISTRACE_DATA", required=True)
def command(data: Path) -> None:
    """Write data/spacings.json."""
    main(data)


if __name__ == "__main__":
    command()
