"""How fits that stand side by side share the cores."""

from __future__ import annotations

from pathlib import Path

import pytest

from cistrace.training.towers import threads_of_each


@pytest.mark.parametrize(
    ("ended", "processes", "cores", "threads"),
    [
        (0, 2, 2, 1),
        (1, 2, 2, 2),  # what is left has the other's core too
        (0, 4, 8, 2),
        (2, 4, 8, 4),
        (0, 1, 2, 2),  # one after another
        (3, 4, 2, 2),
        (0, 4, 2, 1),  # never none
        (4, 4, 2, 2),
    ],
)
def test_cores_are_shared_among_the_fits_that_are_under_way(
    tmp_path: Path, ended: int, processes: int, cores: int, threads: int
) -> None:
    files = [tmp_path / str(number) for number in range(4 if processes > 2 else 2)]
    for file in files[:ended]:
        file.touch()
    assert threads_of_each(files, processes, cores) == threads
