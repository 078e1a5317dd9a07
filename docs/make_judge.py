"""Make src/cistrace/data/judge.safetensors: what designs are judged by. An hour on one core.

    OMP_NUM_THREADS=1 python docs/make_judge.py --data DIR -o src/cistrace/data/judge.safetensors

DIR holds joint_mpra.tsv.gz and single_library_mpra.tsv.gz. After an interruption the same command goes on. Pearson on
val, which chooses nothing, and, once the file stands, on test are printed.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from cistrace.io.hashes import file_hash
from cistrace.mpra.table import data_folder, read_joint
from cistrace.towers.fit import pearson
from cistrace.towers.judge import load_judge_file
from cistrace.towers.pool import admit, read_further
from cistrace.towers.recipe import JudgeRecipe
from cistrace.training.judge import train_judge

FURTHER = "single_library_mpra.tsv.gz"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE")
    asked = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    table = read_joint(asked.data)
    further, _ = admit(read_further(data_folder(asked.data) / FURTHER, table.cell_types), table)
    state = asked.output.with_suffix(".state")
    val = train_judge(table, further, JudgeRecipe(), state, asked.output)
    test = table.split("test")
    found = pearson(load_judge_file(asked.output).scores(test.sequences), test.activity)
    print("val", val)
    print("test", dict(zip(table.cell_types, found, strict=True)), f"n = {len(test):,}")
    print("SHA-256", file_hash(asked.output))


if __name__ == "__main__":
    main()
