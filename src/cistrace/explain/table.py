"""What bases do, as files: TSV or CSV with a row a substitution, or arrays of NumPy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cistrace.errors import OutputError
from cistrace.explain.base_effects import BASES, BaseEffects
from cistrace.io.files import whole_file
from cistrace.predictions.table import text_rows

COLUMNS = ("id", "cell_type", "position", "ref", "alt", "change", "contribution", "window_start", "window_end")
ENDINGS = (".tsv", ".tsv.gz", ".csv", ".csv.gz", ".npz")

Write = Callable[[BaseEffects], object]


def check_ending(path: Path) -> None:
    """Find out before any work which format a file will have.

    Raises
    ------
    OutputError
        Its ending names none.
    """
    if not path.name.lower().endswith(ENDINGS):
        raise OutputError(f"{path}: found no ending that names a format; expected {', '.join(ENDINGS)}; choose one")


@contextmanager
def effects_output(path: Path | None) -> Iterator[Write]:
    """Open a table of what bases do and give the function that adds a sequence.

    Parameters
    ----------
    path : Path or None
        Its ending decides the format; None is TSV on standard output. Arrays are held in memory to the end.

    Raises
    ------
    OutputError
        An ending that names no format, or a file that cannot be written.
    """
    if path is not None:
        check_ending(path)
        if path.name.lower().endswith(".npz"):
            several: list[BaseEffects] = []
            yield several.append
            with whole_file(path) as part, part.open("wb") as handle:
                np.savez_compressed(handle, **arrays(several))
            return
    with text_rows(path, COLUMNS, _texts) as add:

        def add_all(found: BaseEffects) -> None:
            for row in table_rows(found):
                add(row)

        yield add_all


def table_rows(found: BaseEffects) -> Iterator[tuple[str, ...]]:
    """The values of `COLUMNS` as text: a row a cell type, position (1-based) and other base.

    A position without a known letter has one row, in which `alt` and `change` are empty. The contribution, the same in
    all rows of a position, is empty where nothing was attributed.
    """
    places = [(str(one.start + 1), str(one.end)) for one in found.windows]
    for column, cell in enumerate(found.cell_types):
        for at, own in enumerate(found.sequence.bases):
            added = "" if found.contributions is None else _figure(found.contributions[at, column])
            others = [(letter, _figure(found.changes[at, code, column]))
                      for code, letter in enumerate(BASES) if letter != own and own in BASES]  # fmt: skip
            for letter, change in others or [("", "")]:
                yield (
                    found.sequence.id, cell, str(at + 1), own, letter, change, added, *places[int(found.window_of[at])]
                )  # fmt: skip


def arrays(several: list[BaseEffects]) -> dict[str, Any]:
    """Sequences behind one another as arrays; that of number n has the rows offsets[n] to offsets[n + 1].

    Returns
    -------
    dict
        `ids` (N,), `cell_types` (C,), `offsets` int64 (N + 1,); of every base `bases` (one letter), `changes` float32
        (bases, 4, C; for A, C, G, T), `contributions` float32 (bases, C); of every window `window_sequence` (number of
        its sequence), `window_places` int64 (W, 2; 0-based, half-open), `window_activity`, `window_contributed`, both
        float32 (W, C), and `window_of` int64 (bases,), each base's window; `blank` float32 (C,).
    """
    counts = [len(one.sequence.bases) for one in several]
    spans = [(number, one) for number, found in enumerate(several) for one in found.windows]
    firsts = np.cumsum([0, *(len(found.windows) for found in several)])
    cells = several[0].cell_types if several else ()
    found: dict[str, Any] = {
        "ids": np.array([one.sequence.id for one in several], dtype=str),
        "cell_types": np.array(cells, dtype=str),
        "offsets": np.cumsum([0, *counts]),
        "bases": np.array([letter for one in several for letter in one.sequence.bases], dtype="U1"),
        "changes": _joined([one.changes for one in several], (0, len(BASES), len(cells))),
        "window_of": np.concatenate(
            [np.zeros(0, dtype=np.int64), *(one.window_of + first for one, first in zip(several, firsts))]
        ),
        "window_sequence": np.array([number for number, _ in spans], dtype=np.int64),
        "window_places": np.array([(one.start, one.end) for _, one in spans], dtype=np.int64).reshape(-1, 2),
        "window_activity": _joined([one.activity[None] for _, one in spans], (0, len(cells))),
    }
    contributions = [one.contributions for one in several if one.contributions is not None]
    if several and len(contributions) == len(several):
        found["contributions"] = _joined(contributions, (0, len(cells)))
        found["window_contributed"] = np.stack([one.contributed for _, one in spans if one.contributed is not None])
        found["blank"] = np.asarray(spans[0][1].blank)
    return found


def _joined(parts: list[NDArray[np.float32]], empty: tuple[int, ...]) -> NDArray[np.float32]:
    return np.concatenate([np.zeros(empty, dtype=np.float32), *parts])


def _texts(row: tuple[str, ...]) -> tuple[str, ...]:
    """A row's values as text, which they are."""
    return row


def _figure(value: float) -> str:
    return f"{value:.5f}"
