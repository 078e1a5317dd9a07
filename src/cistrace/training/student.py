"""`cistrace train student`: one net that says what several LegNets would.

    LegNet, further members, teachers' files -> answers on training elements and recombined ones -> the student

The mean of several nets errs less than any of them, and costs as much as all. A net of the same kind that is fitted
to their mean, on measured and unmeasured sequences alike, costs what one does.
"""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path

import numpy as np
import torch

from cistrace.engines.workers import Workers
from cistrace.errors import RunError
from cistrace.io.files import whole_file
from cistrace.io.hashes import files_hash
from cistrace.io.sequences import read_sequences
from cistrace.io.streams import shown
from cistrace.io.track import Track, untracked
from cistrace.mpra.folds import RELATED
from cistrace.mpra.homology import sharing
from cistrace.reasonbench.dataset import DataSet
from cistrace.towers.cross_fit import LEGNET, TowerRows, new_tower, tower_rows
from cistrace.towers.files import load_tower, save_tower
from cistrace.towers.fit import fit_tower
from cistrace.towers.legnet import LegNet
from cistrace.towers.lessons import ask, recombined
from cistrace.towers.pretraining import start_from
from cistrace.towers.recipe import LegNetFitRecipe, StudentRecipe
from cistrace.towers.student import fit_student, val_figures
from cistrace.training.recipe import Recipe
from cistrace.training.run import Run
from cistrace.training.towers import admitted_further, pretrained_body, threads_of_each

log = logging.getLogger(__name__)


def train_student(
    data: DataSet, recipe: Recipe, run: Run, workers: int, track: Track = untracked
) -> dict[str, dict[str, float]]:
    """Fit the members, have all teachers answer, fit the student; each part that the run holds is not done again.

    Returns
    -------
    dict
        Pearson on val by cell type: of every teacher, of their mean, of the student, and of it from the given strand.

    Raises
    ------
    DataError
        Further measurements or unmeasured sequences that cannot be read.
    """
    wanted = recipe.student
    rows = tower_rows(data.table, admitted_further(data, recipe.tower, run), recipe.tower.folds)
    fit_members(rows, wanted, recipe.tower.legnet, run, workers, data.window)
    files = teacher_files(run, wanted)
    teachers = [teacher_of(file, data) for file in files]
    if not run.student.exists():
        sequences = lesson_sequences(data, rows, wanted)
        lessons = ask(teachers, files_hash(files), sequences, run.lessons, workers, track)
        log.info("student: learns from %d sequences and %d teachers", len(lessons.sequences), len(teachers))
        student = fit_student(lessons, teachers[0], rows.val, wanted, run.student_state)
        with whole_file(run.student) as part:
            save_tower(student, part, {"teachers": str(len(teachers)), "window": str(data.window)})
        run.student_state.unlink(missing_ok=True)
    named = {f"{number} {file.name}": one for number, (file, one) in enumerate(zip(files, teachers, strict=True), 1)}
    return val_figures(named, teacher_of(run.student, data), rows.val)


def teacher_files(run: Run, wanted: StudentRecipe) -> list[Path]:
    """The run's LegNet, its further members, and the files that the recipe names."""
    return [run.tower(LEGNET), *(run.member(number) for number in range(wanted.members)), *map(Path, wanted.teachers)]


def check_teachers(wanted: StudentRecipe, data: DataSet) -> None:
    """Refuse, before long work, a teacher's file that is no LegNet of the data set's cell types and window.

    Sequences that nobody measured are read too.

    Raises
    ------
    ModelError
        It cannot be read.
    RunError
        It holds another tower.
    InputError
        The file of unmeasured sequences cannot be read.
    """
    for file in wanted.teachers:
        teacher_of(Path(file), data)
    unmeasured_sequences(data, None if wanted.unmeasured is None else Path(wanted.unmeasured))


def teacher_of(file: Path, data: DataSet) -> LegNet:
    """A teacher as its file has it; errors as `check_teachers`."""
    tower = load_tower(file)
    if not isinstance(tower, LegNet) or tower.cell_types != data.cell_types or tower.window != data.window:
        raise RunError(
            f"teacher {shown(file)}: of {', '.join(tower.cell_types)} at {tower.window} bp; expected a LegNet of "
            f"{', '.join(data.cell_types)} at {data.window} bp; leave it out of student.teachers"
        )
    return tower


def fit_members(
    rows: TowerRows, wanted: StudentRecipe, recipe: LegNetFitRecipe, run: Run, workers: int, window: int
) -> None:
    """Fit the members that the run does not hold yet, as its LegNet was, from other seeds."""
    files = [run.member(number) for number in range(wanted.members)]
    missing = [number for number, file in enumerate(files) if not file.exists()]
    processes = 1 if torch.cuda.is_available() or not missing else min(workers, len(missing))
    threads = partial(threads_of_each, files, processes, workers)
    task = partial(_fit_member, rows=rows, seed=wanted.seed, recipe=recipe, run=run, window=window, threads=threads)
    with Workers(processes) as pool:
        for number, r in pool.as_finished(task, missing):
            log.info("member %d: val %s", number, " ".join(f"{value:.4f}" for value in r))


def _fit_member(
    number: int, *, rows: TowerRows, seed: int, recipe: LegNetFitRecipe, run: Run, window: int,
    threads: partial[int],
) -> list[float]:  # fmt: skip
    """Fit one member and write it; Pearson on val per cell type. In a process of its own, or not."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    own = seed * 100 + number
    tower = new_tower(LEGNET, rows.training.cell_types, window, recipe.dropout, own)
    if (body := pretrained_body(run)) is not None:
        assert isinstance(tower, LegNet)
        start_from(tower, body)
    pooled, seen = rows.seen_by(-1)
    state, file = run.member_state(number), run.member(number)
    fitted = fit_tower(tower, f"member{number}", seen, pooled, rows.val, recipe, state, own, threads=threads)
    with whole_file(file) as part:
        save_tower(fitted.tower, part, {"window": str(window)})
    state.unlink(missing_ok=True)
    return fitted.val


def lesson_sequences(data: DataSet, rows: TowerRows, wanted: StudentRecipe) -> list[str]:
    """Training elements, recombined ones, and those of `unmeasured` that share no 40 bases with any of val or test."""
    pooled, seen = rows.seen_by(-1)
    measured = [pooled.sequences[row] for row in seen]
    made = recombined(measured, wanted.recombined, wanted.altered, wanted.seed)
    unmeasured = None if wanted.unmeasured is None else Path(wanted.unmeasured)
    return [*measured, *made, *unmeasured_sequences(data, unmeasured)]


def unmeasured_sequences(data: DataSet, file: Path | None) -> list[str]:
    """Sequences of a file that fit the window and share no 40 bases with any of val or test; none without a file."""
    if file is None:
        return []
    found = [one.bases for one in read_sequences(file) if len(one.bases) <= data.window]
    held = [data.table.sequences[row] for split in ("val", "test") for row in data.places(split)]
    related = sharing([*held, *found], np.arange(len(held) + len(found)) < len(held), RELATED)[len(held) :]
    return [bases for bases, near in zip(found, related.tolist(), strict=True) if not near]
