"""What a model adapted from a finished one reaches on few rows, beside its rivals on the same rows.

    python benchmarks/adapt.py native --data DIR -o WORK [--sizes 300,700] [--draws 5] [--only head,adapted]
    python benchmarks/adapt.py cell --data DIR -o WORK [--sizes 300,1000,3000]

`native`: DIR holds native_K562_val.tsv.gz, an episomal assay in K562 (Gosai et al. 2024): 1,000 elements that the
shipped model was not fitted on, though it knows the cell type. `cell`: DIR holds joint_mpra.tsv.gz. A LegNet is fitted
to HepG2 and WTC11 on half of the training chromosomes first, so that K562 is new to it; rows are drawn from the other
half, and what is said is held against the test split.

A draw is of so many rows, 85 % to learn from and the rest val, as a lab would split them; of `native` 300 further ones
are the test, families of related rows together, the same for every size. `head` is the last layer alone, `adapted`
what the recipe adapt makes. Rivals learn from all rows of the draw, val's too: a ridge on counts of 4-mers, and a light
tower from nothing. The nearest cell type is what the start says of K562 as it is (`native`), or of HepG2 or WTC11, the
better on val (`cell`). Each result is kept in WORK, so that the same command goes on; markdown on stdout: means over
draws, and their 95 % intervals (Student's t).
"""

from __future__ import annotations

import argparse
import json
import logging
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from cistrace.checkpoints.intervals import conformal_bounds
from cistrace.checkpoints.schema import file_hashes, read_config, shipped_checkpoint, write_config
from cistrace.engines.cores import use_threads
from cistrace.mpra.folds import RELATED, canonical_digest, deal_folds
from cistrace.mpra.formats import read_table
from cistrace.mpra.homology import groups
from cistrace.mpra.metrics import coverage, pearson, spearman
from cistrace.mpra.table import MpraTable, read_joint
from cistrace.reasonbench.dataset import DataSet
from cistrace.towers.adapt import PENALTIES, AdaptableTower, adapted, features
from cistrace.towers.cross_fit import LEGNET, WHOLE, new_tower
from cistrace.towers.encoding import base_codes
from cistrace.towers.files import AnyTower, load_tower, save_tower
from cistrace.towers.fit import fit_tower, predict
from cistrace.towers.recipe import LegNetFitRecipe, TowerFitRecipe
from cistrace.training.adapt import adapt_towers
from cistrace.training.recipe import Recipe
from cistrace.training.recipe_file import load_recipe
from cistrace.training.run import Run
from cistrace.training.start import Start, start_of

FILE, COLUMN, CELL, TEST_ROWS = "native_K562_val.tsv.gz", "K562_log2FC", "K562", 300
OTHERS = ("HepG2", "WTC11")
VAL_SHARE = 0.15
BODY = LegNetFitRecipe(epochs=3)
BODY_ROWS = 16_000
SCRATCH = TowerFitRecipe(epochs=20, batch_size=16)
T_95 = {2: 12.71, 3: 4.30, 4: 3.18, 5: 2.78, 6: 2.57, 8: 2.36, 10: 2.26}  # of Student's t, by the number of draws


@dataclass(frozen=True)
class Reached:
    """What one contender reaches on the test rows of one draw; coverage and mean width of 90 % intervals, or NaN."""

    pearson: float
    spearman: float
    coverage: float = float("nan")
    width: float = float("nan")


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked: a table of which rows are drawn, test rows or None where they are drawn too, a recipe."""

    pool: MpraTable
    test: MpraTable | None
    recipe: Recipe


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("question", choices=("native", "cell"))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--sizes", default="")
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", default="4-mers,head,adapted,scratch", help="beside the nearest")
    parser.add_argument("--change", action="append", default=[], help="of the recipe, as adapt.epochs=4")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    use_threads(options.threads)
    options.output.mkdir(parents=True, exist_ok=True)
    ask = native if options.question == "native" else cell
    question = ask(options.data, options.output, options.change)
    sizes = options.sizes or ("300,700" if options.question == "native" else "300,1000,3000")
    for size, draw in product(map(int, sizes.split(",")), range(options.draws)):
        data, test = drawn(question, size, draw)
        for name in dict.fromkeys(["nearest", *options.only.split(",")]):
            folder = options.output / f"{options.question}-{size}-{draw}"
            kept = folder / f"{name}.json"
            if not kept.exists():
                folder.mkdir(exist_ok=True)
                kept.write_text(json.dumps(asdict(contend(name, question, data, test, folder, options.threads))))
    print("\n".join(table(options.output, options.question)))


def native(data: Path, work: Path, changes: Sequence[str]) -> Question:
    """The episomal assay, from the shipped model."""
    measured = read_table(data / FILE, "table", cell_types=(f"{CELL}={COLUMN}",)).table
    fitting = np.array([len(bases) <= 200 for bases in measured.sequences])
    return Question(measured.take(np.flatnonzero(fitting)), None, load_recipe("adapt", changes))


def cell(data: Path, work: Path, changes: Sequence[str]) -> Question:
    """K562 of the joint library, from a LegNet that knows it not."""
    joint = read_joint(data)
    training = np.array([split == "train" for split in joint.splits])
    folds = deal_folds(joint.sequences, joint.chromosomes, training, 2)
    start = work / "start"
    if not start.exists():
        _write_start(body(joint, folds.seen_by(0), work), start, work)
    named = [f"adapt.start={start}", *changes]
    only = replace(joint, activity=joint.activity[:, 1:2], cell_types=(CELL,))
    seen = np.isfinite(only.activity[:, 0])
    held = np.flatnonzero(training & (folds.own == 0) & ~folds.torn & seen)
    test = np.flatnonzero(np.array([split == "test" for split in joint.splits]) & seen)
    return Question(only.take(held), only.take(test), load_recipe("adapt", named))


def body(joint: MpraTable, rows: NDArray[np.int64], work: Path) -> AnyTower:
    """A LegNet of HepG2 and WTC11, on some rows; resumed where it was interrupted."""
    file = work / "body.safetensors"
    if not file.exists():
        places = [joint.cell_types.index(name) for name in OTHERS]
        two = replace(joint, activity=joint.activity[:, places], cell_types=OTHERS)
        chosen = np.sort(np.random.default_rng(0).permutation(rows)[:BODY_ROWS])
        tower = new_tower(LEGNET, OTHERS, joint.window, BODY.dropout, 0)
        fitted = fit_tower(tower, "body", chosen, two, two.split("val"), BODY, work / "body.state", 0)
        save_tower(fitted.tower, file, {})
    return load_tower(file)


def _write_start(tower: AnyTower, folder: Path, work: Path) -> None:
    """The shipped checkpoint with another LegNet, as far as its towers are adapted: scales and writer do not fit it."""
    part = work / "start.part"
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(shipped_checkpoint(), part)
    save_tower(tower, part / "cistrace" / "tower-legnet.safetensors", {})
    write_config(part, replace(read_config(part), files=file_hashes(part)))
    part.rename(folder)


def drawn(question: Question, size: int, draw: int) -> tuple[DataSet, MpraTable]:
    """A lab's data set of `size` rows, and the rows to be told."""
    pool = question.pool
    family = groups(pool.sequences, RELATED)
    place = np.random.default_rng(draw).permutation(len(pool))
    rows = np.argsort(place[family], kind="stable")  # families in a drawn order, each together
    test = question.test
    if test is None:
        rows, held = rows[:-TEST_ROWS], rows[-TEST_ROWS:]
        test = pool.take(held[~np.isin(family[held], family[rows[:size]])])
    chosen = pool.take(rows[:size])
    parts = groups(chosen.sequences, RELATED)
    val = np.isin(parts, np.unique(parts)[: round(VAL_SHARE * len(np.unique(parts)))])
    splits = tuple("val" if one else "train" for one in val.tolist())
    made = DataSet(
        Path("bench"), replace(chosen, splits=splits), np.arange(len(chosen)), np.zeros((1, 3)), None, ""  # type: ignore[arg-type]
    )  # fmt: skip
    return made, test


def contend(
    name: str, question: Question, data: DataSet, test: MpraTable, folder: Path, threads: int
) -> Reached:  # fmt: skip
    """Fit a contender on a draw, and judge it on the test rows."""
    measured = test.activity[:, 0]
    val = data.table.split("val")
    if name == "nearest":
        return judged(_nearest(question, data, test, folder.parent), measured)
    if name == "4-mers":
        return judged(_four_mers(data.table, test), measured)
    if name == "scratch":
        tower = new_tower(WHOLE, (CELL,), 200, SCRATCH.dropout, 0)
        rows, state = np.arange(len(data.table)), folder / "scratch.state"
        fitted = fit_tower(tower, name, rows, data.table, data.table.split("val"), SCRATCH, state, 0)
        state.unlink(missing_ok=True)
        return judged(_said(fitted.tower, test), measured)
    told = _head(question, data, test, folder.parent) if name == "head" else None
    on_val, said = told or _adapted(question, data, test, folder / name, threads)
    nothing = np.empty(0)
    bounds = conformal_bounds((nothing, nothing), (on_val, val.activity[:, 0] - on_val))
    assert bounds is not None  # val has rows enough
    lower, upper = bounds.about(said)
    return replace(
        judged(said, measured), coverage=coverage(lower, upper, measured), width=float((upper - lower).mean())
    )


def _adapted(
    question: Question, data: DataSet, test: MpraTable, folder: Path, threads: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What the recipe's LegNet says of val and of the test rows."""
    run = Run(folder)
    run.folder.mkdir(exist_ok=True)
    adapt_towers(data, question.recipe, run, threads, (LEGNET,))
    tower = load_tower(run.tower(LEGNET))
    return _said(tower, data.table.split("val")), _said(tower, test)


def _head(
    question: Question, data: DataSet, test: MpraTable, work: Path
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The same of a head alone, by what its layers read, which is the same in every draw and so read once."""
    start = start_of(question.recipe.adapt)
    tower = start.open_tower(LEGNET)
    table, val = (data.table.split(name) for name in ("train", "val"))
    learnt, held, asked = (_read(start, tower, some.sequences, work) for some in (table, val, test))
    made = adapted(tower, (CELL,), start.config.window, learnt, table.activity)
    with torch.inference_mode():
        on_val, said = (made.activities_of(torch.from_numpy(one).float())[:, 0] for one in (held, asked))
    return on_val.double().numpy(), said.double().numpy()


def _read(start: Start, tower: AdaptableTower, sequences: Sequence[str], work: Path) -> NDArray[np.float64]:
    """`features`, kept in a file of WORK by the digests of the sequences."""
    file = work / f"read-{start.hash[:12]}.npz"
    digests, known = np.empty(0, dtype=np.uint64), np.empty((0, tower.feature_count))
    if file.exists():
        with np.load(file) as kept:
            digests, known = kept["digests"], kept["features"]
    wanted = np.array([canonical_digest(bases) for bases in sequences], dtype=np.uint64)
    missing = np.flatnonzero(~np.isin(wanted, digests))
    if len(missing):
        new = features(tower, [sequences[row] for row in missing.tolist()], start.config.window)
        digests, known = np.concatenate([digests, wanted[missing]]), np.concatenate([known, new])
        np.savez(file, digests=digests, features=known)
    order = np.argsort(digests, kind="stable")
    return np.asarray(known[order[np.searchsorted(digests, wanted, sorter=order)]], dtype=np.float64)


def judged(predicted: NDArray[np.float64], measured: NDArray[np.float64]) -> Reached:
    return Reached(pearson(predicted, measured), spearman(predicted, measured))


def _said(tower: AnyTower, table: MpraTable, cell: int = 0) -> NDArray[np.float64]:
    return predict(tower, base_codes(list(table.sequences), tower.window))[:, cell].astype(np.float64)


def _nearest(question: Question, data: DataSet, test: MpraTable, work: Path) -> NDArray[np.float64]:
    """What the start says of the cell type, as it is; of the best one on val where it does not know it."""
    start = start_of(question.recipe.adapt)
    tower = start.open_tower(LEGNET)
    val = data.table.split("val")
    with torch.inference_mode():
        on_val, said = (
            tower.activities_of(torch.from_numpy(_read(start, tower, some.sequences, work)).float()).double().numpy()
            for some in (val, test)
        )
    if CELL in tower.cell_types:
        return said[:, tower.cell_types.index(CELL)]
    best = max(range(len(tower.cell_types)), key=lambda cell: pearson(on_val[:, cell], val.activity[:, 0]))
    return said[:, best]


def _four_mers(table: MpraTable, test: MpraTable) -> NDArray[np.float64]:
    """A ridge on shares of 4-mers of both strands, its penalty by leaving out one row."""
    from sklearn.linear_model import RidgeCV

    learnt, asked = counts(table.sequences), counts(test.sequences)
    location, spread = learnt.mean(axis=0), np.maximum(learnt.std(axis=0), 1e-6)
    fit = RidgeCV(PENALTIES).fit((learnt - location) / spread, table.activity[:, 0])
    return np.asarray(fit.predict((asked - location) / spread), dtype=np.float64)


def counts(sequences: Sequence[str], k: int = 4) -> NDArray[np.float64]:
    """Shares of k-mers, strands together: (N, 4^k)."""
    names = {"".join(letters): place for place, letters in enumerate(product("ACGT", repeat=k))}
    turned = str.maketrans("ACGT", "TGCA")
    found = np.zeros((len(sequences), len(names)))
    for row, bases in enumerate(sequences):
        for strand in (bases, bases.translate(turned)[::-1]):
            for start in range(len(strand) - k + 1):
                place = names.get(strand[start : start + k])
                if place is not None:
                    found[row, place] += 1
    return found / np.maximum(found.sum(axis=1, keepdims=True), 1)


def table(work: Path, question: str) -> Iterator[str]:
    """What is there of a question, as markdown."""
    yield "| rows | what | draws | Pearson | less the nearest's | Spearman | 90 % intervals hold | mean width |"
    yield "|---|---|---|---|---|---|---|---|"
    places = sorted({int(path.name.split("-")[1]) for path in work.glob(f"{question}-*-*")})
    for size, name in product(places, ("nearest", "4-mers", "scratch", "head", "adapted")):
        kept = sorted(work.glob(f"{question}-{size}-*/{name}.json"))
        if kept:
            found, nearest = (
                [Reached(**json.loads(path.read_text())) for path in some]
                for some in (kept, [path.with_name("nearest.json") for path in kept])
            )
            less = [one.pearson - other.pearson for one, other in zip(found, nearest, strict=True)]
            columns = [[getattr(one, key) for one in found] for key in ("spearman", "coverage", "width")]
            figures = [over_draws([one.pearson for one in found]), "" if name == "nearest" else over_draws(less)]
            yield f"| {size:,} | {name} | {len(kept)} | " + " | ".join([*figures, *map(over_draws, columns)]) + " |"


def over_draws(values: Sequence[float]) -> str:
    """The mean with its 95 % interval."""
    if np.isnan(values).any():
        return ""
    mean = float(np.mean(values))
    if len(values) not in T_95:
        return f"{mean:.3f}"
    half = T_95[len(values)] * float(np.std(values, ddof=1)) / len(values) ** 0.5
    return f"{mean:.3f} ± {half:.3f}"


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
