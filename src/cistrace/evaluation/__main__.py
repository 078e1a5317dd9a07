"""Experiments on a model beside `cistrace evaluate`.

python -m cistrace.evaluation alter --split test -o OUT                (what altered steps do to the score)
python -m cistrace.evaluation orientation --data DIR --split val       (what each tower and strand is worth)

OUT is a folder of `cistrace evaluate` with the arm model.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from cistrace.evaluation.alter import alterations
from cistrace.evaluation.orientation import orientation


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=("alter", "orientation"))
    parser.add_argument("--data", type=Path)
    parser.add_argument("--split", default="test")
    parser.add_argument("--rows", type=int, help="a random sample of the split; all of it unless given")
    parser.add_argument("--model", type=Path)
    parser.add_argument("-o", "--out", type=Path, help="the folder of stored predictions")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    if arguments.step == "orientation":
        print(orientation(arguments.data, arguments.split, arguments.model, arguments.rows))
        return
    if arguments.out is None:
        parser.error("alter: -o OUT is missing, the folder of stored predictions")
    print(alterations(arguments.split, arguments.out, arguments.model))


if __name__ == "__main__":
    main()
