"""What evidence says of a table that no tower was trained on: associations of its own rows, the shipped LegNet on a
line, and the shipped LegNet with a last layer of the table's own.

    python benchmarks/adapted.py --data DIR [--sizes 100,300,1000]

DIR holds native_K562_val.tsv.gz: an episomal assay (Gosai et al. 2024), of which the first rows are taken as a table of
that size. Everything is cross-fitted as in `cistrace reasonbench build --evidence`: what is correlated with a row's
measurement never saw it. Intervals are 95 %, from 1,000 bootstraps. A minute for 1,000 rows; markdown on stdout.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from cistrace.engines.engine import LocalEngine
from cistrace.io.track import untracked
from cistrace.mpra.formats import read_table
from cistrace.reasonbench.evidence import ADAPTED, ASSOCIATIONS, SHIPPED, TOWERS, card_evidence
from cistrace.reasonbench.prepare import observe, split_rows
from cistrace.reasonbench.subjects import LabelledTable

FILE, COLUMN = "native_K562_val.tsv.gz", "K562_log2FC"
WAYS = ((ASSOCIATIONS, None), (TOWERS, SHIPPED), (TOWERS, ADAPTED))
BOOTSTRAPS = 1_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sizes", default="100,300,1000")
    options = parser.parse_args()
    measured = read_table(options.data / FILE, "table", cell_types=(f"K562={COLUMN}",))
    print("| rows | evidence | r with the measurement |\n|---|---|---|")
    for size in map(int, options.sizes.split(",")):
        where = split_rows(measured, "homology", ("0.1",), ("0.1",), 40, 0)
        whole = observe(measured, where, "quantiles", {})
        rows = np.flatnonzero(np.array([bool(name) for name in whole.splits]))[:size]
        splits = tuple("train" for _ in rows)
        table = LabelledTable(whole.table.take(rows), splits, whole.cuts, whole.levels[rows])
        for kind, towers in WAYS:
            with TemporaryDirectory() as folder, LocalEngine(1) as engine:
                made = card_evidence(table, kind, towers, Path(folder) / "evidence.npz", engine, untracked)
            assert made.table is not None
            told = made.table.estimates[:, 0].astype(np.float64)
            print(f"| {len(rows)} | {made.name} | {interval(told, table.table.activity[:, 0])} |", flush=True)


def interval(told: np.ndarray, measured: np.ndarray) -> str:
    random = np.random.default_rng(0)
    draws = [random.integers(0, len(told), len(told)) for _ in range(BOOTSTRAPS)]
    low, high = np.quantile([np.corrcoef(told[draw], measured[draw])[0, 1] for draw in draws], [0.025, 0.975])
    return f"{np.corrcoef(told, measured)[0, 1]:.3f} ({low:.3f}-{high:.3f})"


if __name__ == "__main__":
    main()
