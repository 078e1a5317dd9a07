"""Evaluate the shipped checkpoint on a split, and write docs/results.md from stored predictions.

python -m cistrace.evaluation predict --data DIR --split test -o OUT   (stores OUT/SPLIT.jsonl)
python -m cistrace.evaluation report --data DIR --split test -o OUT    (prints the tables)
python -m cistrace.evaluation alter --split test -o OUT                (prints what altered steps do to the score)
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from cistrace.evaluation.alter import alterations
from cistrace.evaluation.report import report
from cistrace.evaluation.store import store


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=("predict", "report", "alter"))
    parser.add_argument("--data", type=Path)
    parser.add_argument("--split", default="test")
    parser.add_argument("--rows", type=int, help="a random sample of the split; all of it unless given")
    parser.add_argument("--checkpoint", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    if arguments.step == "predict":
        store(arguments.data, arguments.split, arguments.out, arguments.checkpoint, arguments.rows)
    elif arguments.step == "alter":
        print(alterations(arguments.split, arguments.out, arguments.checkpoint))
    else:
        print(report(arguments.data, arguments.split, arguments.out, arguments.rows))


if __name__ == "__main__":
    main()
