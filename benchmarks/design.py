"""Designers at equal calls of the model, scored by a judge that none of them saw.

    python benchmarks/design.py FOLDER [--judge FILE] [--calls 3000] [--count 20] [--only NAME] [--figure FILE]

Every way designs COUNT sequences of 200 bp for HepG2 against K562 and WTC11 within CALLS passes of sequences through
the same tower, a gradient counting as one, three times from other random sequences. `cistrace` is the shipped search;
`cistrace, no ...` the same without a kind of move. `random mutation`: every line keeps a mutant that is better.
`genetic algorithm`: tournaments of two, uniform crossover, a mutation rate of one in a hundred, the best 40 of old
and new live on. `ledidi` (PyPI, 2.2): a run a design from a random sequence, on the differentiable form of the same
reward, which knows no penalties; the best of its best batch. All but ledidi, which cannot, refuse children that break
a constraint; the search gives the best designs that are 80 edits apart, the two evolutions those that are 20.

FOLDER keeps a file for every way and seed: what is there is not done again. The judge is read on both strands: activity
in HepG2 minus the larger of the others. Intervals: 95 %, bootstrap over seeds, then designs. Markdown on stdout.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from cistrace.constraints.checker import ConstraintChecker
from cistrace.constraints.constraints import Constraints
from cistrace.design.archive import NOBODY, Archive, Found, Round, pair_differences
from cistrace.design.designer import Designer
from cistrace.design.judge import load_judge
from cistrace.design.mend import Mender, random_drafts
from cistrace.design.moves import Move, mutate
from cistrace.design.search import GC_OF_RANDOM
from cistrace.design.settings import MIX, SearchSettings
from cistrace.io.codes import Codes, bases_of, stacked
from cistrace.io.files import whole_file
from cistrace.reward.reward import Reward

LENGTH, SEEDS = 200, (0, 1, 2)
APART, RIVALS_APART = 80, 20  # edits
TARGET, AGAINST = "HepG2", ("K562", "WTC11")
CONSTRAINTS = Constraints(gc=(0.35, 0.65), forbidden_sites=("EcoRI", "BsaI", "BsmBI"), longest_run=6, sites_of_one=3)
BATCH = 40  # parents and children of a generation of the genetic algorithm
RATE = 0.01  # of mutation, a base of the genetic algorithm
GOAL = 8.0  # what ledidi is to reach: out of reach
LEDIDI_BATCH = 4
DRAWS = 2000  # of the bootstrap
Way = Callable[[Reward, int, int, int], list[str]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--judge", type=Path)
    parser.add_argument("--calls", type=int, default=3000)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--only", help="one of the ways")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--figure", type=Path)
    arguments = parser.parse_args()
    arguments.folder.mkdir(exist_ok=True)
    reward = Reward(TARGET, AGAINST, threads=1)
    for seed in arguments.seeds:
        for name, way in WAYS.items():
            path = _cell(arguments.folder, name, seed)
            if (arguments.only or name) == name and not path.exists():
                _run(path, reward, way, seed, arguments.calls, arguments.count)
                print(path.name, flush=True)
    _report(arguments.folder, reward, arguments.judge, arguments.figure)


def _cell(folder: Path, name: str, seed: int) -> Path:
    return folder / f"{name.replace(' ', '_').replace(',', '')}-{seed}.json"


def _run(path: Path, reward: Reward, way: Way, seed: int, calls: int, count: int) -> None:
    began = time.process_time()
    designs = way(Reward(TARGET, AGAINST, threads=1), seed, calls, count)
    made = {"designs": designs, "seconds": time.process_time() - began, "calls": calls, "count": count}
    with whole_file(path) as part:
        part.write_text(json.dumps(made), encoding="utf-8")


def _with_mix(mix: dict[Move, float] | None = None, planted: float = 2.0, apart: int = APART) -> Way:
    def way(reward: Reward, seed: int, calls: int, count: int) -> list[str]:
        settings = SearchSettings(count, LENGTH, calls, apart, seed, mix=mix or MIX, planted=planted)
        search = Designer(reward, CONSTRAINTS, settings).search
        while not search.done:
            search.step()
        return [search.archive.found[place].bases for place in search.chosen()]

    return way


def _without(move: Move) -> dict[Move, float]:
    return {name: share for name, share in MIX.items() if name != move}


class _Evolving:
    """What the rivals share: random sequences to begin with, and scoring what keeps to the constraints."""

    def __init__(self, reward: Reward, seed: int, calls: int) -> None:
        self.random = np.random.default_rng([seed, 1_000])
        self.archive = Archive()
        self._reward, self._calls = reward, calls
        self._checker = ConstraintChecker(CONSTRAINTS)
        mender = Mender(CONSTRAINTS, LENGTH)
        drafts = random_drafts(calls // 10, LENGTH, CONSTRAINTS.gc or GC_OF_RANDOM, self.random)
        self.score([codes for codes in mender.mended(drafts, self.random) if codes is not None])

    @property
    def done(self) -> bool:
        return self.archive.calls >= self._calls

    def score(self, children: list[Codes]) -> dict[str, float]:
        """Rewards of the children that are new and keep to the constraints, while calls last."""
        fresh = [bases for bases in dict.fromkeys(map(bases_of, children)) if bases not in self.archive]
        met = self._checker.met(fresh)
        kept = [bases for bases, good in zip(fresh, met.tolist()) if good][: self._calls - self.archive.calls]
        rewards = self._reward(kept).tolist() if kept else []
        number = self.archive.rounds
        self.archive.add(
            Round(number, tuple(Found(*pair, "", NOBODY, NOBODY, number) for pair in zip(kept, rewards)), ())
        )
        return dict(zip(kept, rewards))

    def designs(self, count: int) -> list[str]:
        return [self.archive.found[place].bases for place in self.archive.best(count, RIVALS_APART)]


def _random_mutation(reward: Reward, seed: int, calls: int, count: int) -> list[str]:
    evolving, free = _Evolving(reward, seed, calls), np.arange(LENGTH)
    lines = [evolving.archive.found[place] for place in evolving.archive.best(count, RIVALS_APART)]
    rows = [(line.reward, line.bases) for line in lines]
    while not evolving.done:
        children = [mutate(stacked([bases])[0], free, evolving.random) for _, bases in rows]
        scored = evolving.score(children)
        rows = [
            max(row, (scored.get(bases_of(child), -np.inf), bases_of(child)))
            for row, child in zip(rows, children, strict=True)
        ]
    return evolving.designs(count)


def _genetic(reward: Reward, seed: int, calls: int, count: int) -> list[str]:
    evolving = _Evolving(reward, seed, calls)
    random = evolving.random
    while not evolving.done:
        best = sorted(evolving.archive.found, key=lambda one: -one.reward)[:BATCH]
        codes, rewards = stacked(one.bases for one in best), np.array([one.reward for one in best])
        pairs = random.integers(len(best), size=(2, BATCH, 2))
        first, second = (np.where(rewards[pair[:, 0]] > rewards[pair[:, 1]], pair[:, 0], pair[:, 1]) for pair in pairs)
        children = np.where(random.random((BATCH, LENGTH)) < 0.5, codes[first], codes[second])
        changed = random.random(children.shape) < RATE
        children = np.where(changed, (children + random.integers(1, 4, children.shape)) % 4, children).astype(np.uint8)
        evolving.score(list(children))
    return evolving.designs(count)


def _ledidi(reward: Reward, seed: int, calls: int, count: int) -> list[str]:
    from ledidi import Ledidi

    random, module = np.random.default_rng([seed, 1_000]), reward.module(column=True)
    mender = Mender(CONSTRAINTS, LENGTH)
    drafts = random_drafts(count, LENGTH, CONSTRAINTS.gc or GC_OF_RANDOM, random)
    designs = []
    for number, codes in enumerate(codes for codes in mender.mended(drafts, random) if codes is not None):
        torch.manual_seed(1_000 * seed + number)
        hot = torch.eye(4)[torch.from_numpy(codes.astype(np.int64))].T[None].contiguous()
        # The start and the last batch are scored too.
        steps = (calls // count - 1 - LEDIDI_BATCH) // LEDIDI_BATCH
        designer = Ledidi(
            module, (4, LENGTH), batch_size=LEDIDI_BATCH, max_iter=steps, verbose=False, lr=LEDIDI_LR, l=LEDIDI_EDITS
        )
        made = designer.fit_transform(hot, torch.full((1, 1), GOAL))
        batch = [bases_of(row.numpy().astype(np.uint8)) for row in made.detach().argmax(dim=1)]
        designs.append(max(zip(reward(batch).tolist(), batch))[1])
    return designs


LEDIDI_LR, LEDIDI_EDITS = 1.0, 0.01

WAYS: dict[str, Way] = {
    "cistrace": _with_mix(),
    "cistrace, 20 edits apart": _with_mix(apart=RIVALS_APART),
    "cistrace, no climb": _with_mix(_without("climb")),
    "cistrace, no plant": _with_mix(_without("plant"), planted=0),
    "cistrace, no recombine": _with_mix(_without("recombine")),
    "random mutation": _random_mutation,
    "genetic algorithm": _genetic,
    "ledidi": _ledidi,
}


def _report(folder: Path, reward: Reward, judge: Path | None, figure: Path | None) -> None:
    judging = load_judge(judge)
    print(
        "| way | designs | specific activity, judge | the tower's own | lowest tenth, judge | bases that differ | "
        "broken | CPU seconds |\n|---|---|---|---|---|---|---|---|"
    )
    shown = {}
    for name in WAYS:
        cells = [json.loads(path.read_text()) for seed in SEEDS if (path := _cell(folder, name, seed)).exists()]
        if not cells:
            continue
        judged = [_specific(judging.scores(cell["designs"]), judging.cell_types) for cell in cells]
        own = [reward.components(cell["designs"]).objective for cell in cells]
        apart = [float(pair_differences(stacked(cell["designs"])).mean()) / LENGTH for cell in cells]
        broken = sum(int((~ConstraintChecker(CONSTRAINTS).met(cell["designs"])).sum()) for cell in cells)
        number = sum(len(cell["designs"]) for cell in cells)
        shown[name] = judged
        print(
            f"| {name} | {number} | {_interval(judged)} | {_interval(own)} | "
            f"{np.quantile(np.concatenate(judged), 0.1):.2f} | {np.mean(apart):.2f} "
            f"({min(apart):.2f}-{max(apart):.2f}) | {broken} of {number} | "
            f"{np.mean([cell['seconds'] for cell in cells]):.0f} |"
        )
    if figure is not None:
        _draw(shown, figure)


def _specific(activities: NDArray[np.float32], cell_types: tuple[str, ...]) -> NDArray[np.float64]:
    columns = {name: activities[:, place].astype(np.float64) for place, name in enumerate(cell_types)}
    return columns[TARGET] - np.maximum(*(columns[name] for name in AGAINST))


def _interval(groups: list[NDArray[np.float64]]) -> str:
    """Mean with a 95 % bootstrap interval, over seeds and designs."""
    random = np.random.default_rng(0)
    means = []
    for _ in range(DRAWS):
        drawn = [groups[place] for place in random.integers(len(groups), size=len(groups)).tolist()]
        means.append(np.mean([random.choice(one, len(one)).mean() for one in drawn]))
    low, high = np.quantile(means, [0.025, 0.975])
    return f"{np.mean([one.mean() for one in groups]):.2f} ({low:.2f}-{high:.2f})"


def _draw(shown: dict[str, list[NDArray[np.float64]]], path: Path) -> None:
    """A row a way: every design by what the judge says, and their median."""
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 0.5 * len(shown) + 1))
    random = np.random.default_rng(0)
    for row, judged in enumerate(shown.values()):
        values = np.concatenate(judged)
        axes.scatter(values, row + random.uniform(-0.2, 0.2, len(values)), s=9, alpha=0.5, linewidths=0)
        axes.plot([np.median(values)] * 2, [row - 0.35, row + 0.35], color="black", linewidth=1.5)
    axes.set_yticks(range(len(shown)), list(shown))
    axes.invert_yaxis()
    axes.set_xlabel(f"{TARGET} minus the larger of {' and '.join(AGAINST)}, log2, by the judge")
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, dpi=150, metadata={"Date": None} if path.suffix == ".svg" else None)


if __name__ == "__main__":
    main()
