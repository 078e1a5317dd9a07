"""Train LegNets and the student that they teach, on a GPU, in slices that go on from one another.

    python benchmarks/gpu/ensemble.py FILE.npz FOLDER [--members 10] [--minutes 9] [--have FOLDER ...]

FILE.npz is of arrays.py. Needs torch, numpy, pydantic and safetensors of what cistrace needs, and none of the data. In
FOLDER come member0.safetensors, ... (float16, 2.6 MB each), student.safetensors, the state of what is under way (11 MB)
and figures.json with Pearson on val. Members in a folder of `--have` are not trained again. After `--minutes` it ends
with exit code 3, and the same command goes on after the last whole epoch. `--tiny` tries all of it on a CPU.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from arrays import Arrays, read_arrays

from cistrace.io.files import whole_file
from cistrace.towers.files import AnyTower, load_tower, save_tower
from cistrace.towers.fit import fit_tower
from cistrace.towers.legnet import LegNet, LegNetConfig
from cistrace.towers.lessons import ask, recombined
from cistrace.towers.recipe import LegNetFitRecipe, StudentRecipe
from cistrace.towers.student import fit_student, val_figures

GOES_ON = 3  # exit code where time is up and work is left
SEED = 100
# As the study of the assay trained its own (Agarwal et al. 2025): large batches, many passes. Rates of this kind of net
# grow less than the batch does.
MEMBER = LegNetFitRecipe(epochs=30, batch_size=1024, matrix_learning_rate=0.08, learning_rate=4e-3)
STUDENT = StudentRecipe(
    epochs=30, batch_size=1024, matrix_learning_rate=0.06, learning_rate=3e-3, start="random", recombined=300_000
)


class TimeIsUp(Exception):
    """Between two batches; the last whole epoch is kept."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("arrays", type=Path, metavar="FILE.npz")
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--members", type=int, default=10)
    parser.add_argument("--minutes", type=float, default=9.0)
    parser.add_argument("--have", type=Path, action="append", default=[], metavar="FOLDER")
    parser.add_argument("--tiny", action="store_true")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    member, student = MEMBER, STUDENT
    if asked.tiny:
        member = replace(MEMBER, epochs=1, batch_size=32)
        student = replace(STUDENT, epochs=1, batch_size=32, recombined=64)
    try:
        train(
            read_arrays(asked.arrays), asked.folder, asked.have, asked.members, member, student,
            until(time.monotonic() + 60 * asked.minutes),
        )  # fmt: skip
    except TimeIsUp:
        print("time is up; the same command goes on", file=sys.stderr)
        sys.exit(GOES_ON)


def until(end: float) -> Callable[[], int]:
    """What a fit asks now and then: one thread for what is left to a CPU, or an end."""

    def threads() -> int:
        if time.monotonic() > end:
            raise TimeIsUp
        return 1

    return threads


def train(
    arrays: Arrays, folder: Path, have: Sequence[Path], members: int, member: LegNetFitRecipe, student: StudentRecipe,
    threads: Callable[[], int],
) -> None:  # fmt: skip
    """Fit what neither `folder` nor those of `have` hold, members first, and write what each reaches on val."""
    files = [member_file(number, arrays, folder, have, member, threads) for number in range(members)]
    teachers = [load_legnet(file) for file in files]
    threads()
    sequences = [*arrays.training.sequences, *arrays.unmeasured]
    sequences += recombined(arrays.training.sequences, student.recombined, student.altered, student.seed)
    lessons = ask(teachers, "", sequences, folder / "lessons", threads())
    found = fit_student(lessons, teachers[0], arrays.val, student, folder / "student.state", threads)
    write(found, folder / "student.safetensors", folder / "student.state")
    figures = val_figures({file.name: one for file, one in zip(files, teachers, strict=True)}, found, arrays.val)
    (folder / "figures.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=1))


def member_file(
    number: int, arrays: Arrays, folder: Path, have: Sequence[Path], recipe: LegNetFitRecipe,
    threads: Callable[[], int],
) -> Path:  # fmt: skip
    """The file of a member, fitted where it is not there yet."""
    name = f"member{number}.safetensors"
    for place in (folder, *have):
        if (place / name).exists():
            return place / name
    import torch

    torch.manual_seed(SEED + number)
    tower = LegNet(LegNetConfig(arrays.training.cell_types, window=arrays.window, dropout=recipe.dropout))
    state, rows = folder / "member.state", np.arange(len(arrays.training))
    fitted = fit_tower(
        tower, f"member{number}", rows, arrays.training, arrays.val, recipe, state, SEED + number, print, threads
    )
    write(fitted.tower, folder / name, state)
    return folder / name


def write(tower: AnyTower, file: Path, state: Path) -> None:
    """Write a finished tower; the state that led to it goes."""
    with whole_file(file) as part:
        save_tower(tower, part, {})
    state.unlink(missing_ok=True)


def load_legnet(file: Path) -> LegNet:
    tower = load_tower(file)
    assert isinstance(tower, LegNet), file
    return tower


if __name__ == "__main__":
    main()
