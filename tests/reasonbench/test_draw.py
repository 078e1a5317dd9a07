from __future__ import annotations

import numpy as np
from bench_helpers import a_table

from cistrace.reasonbench.draw import LevelDraw, every_row
from cistrace.reasonbench.subjects import LabelledTable


def observed(rows: int = 80) -> LabelledTable:
    table = a_table(rows)
    random = np.random.default_rng(1)
    levels = random.integers(-1, 4, (rows, 2)).astype(np.int8)
    splits = tuple(random.choice(["train", "train", "val", ""], rows).tolist())
    return LabelledTable(table, splits, np.zeros((2, 3)), levels)


def test_every_row_leaves_out_what_has_no_split_or_level() -> None:
    seen = observed()
    found = [(row, cell) for row, cells in every_row(seen) for cell in cells]
    wanted = [(row, cell) for row in range(80) for cell in range(2) if seen.splits[row] and seen.levels[row, cell] >= 0]
    assert found == wanted


def take(seen: LabelledTable, wanted: int, seed: int, refuse: int = 0) -> dict[tuple[int, int], list[int]]:
    """Draw to the end, refusing every row divisible by `refuse`."""
    draw = LevelDraw(seen, wanted, seed)
    got: dict[tuple[int, int], list[int]] = {}
    while chosen := draw.next_round():
        for row, cells in chosen:
            for cell in cells:
                level = int(seen.levels[row, cell])
                assert seen.splits[row] == "train" and level >= 0
                if not refuse or row % refuse:
                    draw.accept(cell, level)
                    got.setdefault((cell, level), []).append(row)
    for (cell, level), missing in draw.missing().items():
        assert len(got.get((cell, level), [])) + missing == wanted
    return got


def test_every_level_gets_as_many_as_asked_while_rows_last() -> None:
    seen = observed()
    got = take(seen, 3, seed=0)
    assert all(len(rows) == len(set(rows)) == 3 for rows in got.values())
    assert len(got) == 8


def test_refused_rows_are_replaced() -> None:
    seen = observed()
    got = take(seen, 3, seed=0, refuse=2)
    assert all(len(rows) == 3 and all(row % 2 for row in rows) for rows in got.values())


def test_the_seed_draws_and_the_order_does_not_depend_on_other_rows() -> None:
    seen = observed()
    assert take(seen, 3, seed=0) == take(seen, 3, seed=0) != take(seen, 3, seed=1)
    fewer = LabelledTable(
        seen.table, tuple("" if row >= 60 else s for row, s in enumerate(seen.splits)), seen.cuts, seen.levels
    )
    drawn, kept = take(seen, 99, seed=0), take(fewer, 99, seed=0)
    for key, rows in kept.items():
        assert sorted(rows) == sorted(row for row in drawn[key] if row < 60)


def test_a_teacher_that_always_fails_is_not_asked_about_the_whole_table() -> None:
    seen = LabelledTable(a_table(400), ("train",) * 400, np.zeros((2, 3)), np.zeros((400, 2), dtype=np.int8))
    draw, asked = LevelDraw(seen, 5, seed=0), 0
    while chosen := draw.next_round():
        asked += sum(len(cells) for _, cells in chosen)
    assert asked == 2 * 4 * 5
    assert draw.missing()[0, 0] == 5
