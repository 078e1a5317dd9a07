"""Evaluate the shipped checkpoint on a split, and write docs/results.md from stored predictions.

python -m cistrace.evaluation predict --data DIR --split test -o OUT   (stores OUT/SPLIT.jsonl)
python -m cistrace.evaluation report --data DIR --split test -o OUT    (prints the tables)
python -m cistrace.evaluation alter --split test -o OUT                (prints what altered steps do to the score)
python -m cistrace.evaluation orientation --data DIR --split val       (prints what each tower and strand is worth)
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from cistrace.evaluation.alter import alterations
from cistrace.evaluation.orientation import orientation
from cistrace.evaluation.report import report
from cistrace.evaluation.store import store


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=("predict", "report", "alter", "orientation"))
    parser.add_argument("--data", type=Path)
    parser.add_argument("--split", default="test")
    parser.add_argument("--rows", type=int, help="a random sample of the split; all of it unless given")
    parser.add_argument("--model", type=Path)
    parser.add_argument("-o", "--out", type=Path, help="the folder of stored predictions")
    arguments = parser.parse_args()
    if arguments.out is None and arguments.step != "orientation":
        parser.error(f"{arguments.step}: -o OUT is missing, the folder of stored predictions")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    if arguments.step == "predict":
        store(arguments.data, arguments.split, arguments.out, arguments.model, arguments.rows)
    elif arguments.step == "alter":
        print(alterations(arguments.split, arguments.out, arguments.model))
    elif arguments.step == "orientation":
        print(orientation(arguments.data, arguments.split, arguments.model, arguments.rows))
    else:
        print(report(arguments.data, arguments.split, arguments.out, arguments.rows))


if __name__ == "__main__":
    main()
