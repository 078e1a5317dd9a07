"""What bases do, as pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from cistrace.explain.base_effects import BaseEffects
from cistrace.plots.bases import PAGE, base_figure
from cistrace.plots.style import bound, save

PictureFormat = Literal["png", "svg"]
_LONGEST_NAME = 60


def draw_effects(found: BaseEffects, folder: Path, number: int, picture_format: PictureFormat) -> list[Path]:
    """Draw one sequence: a picture a cell type and `PAGE` bases, `NUMBER-ID-CELL[-START-END]`; positions from 1.

    Parameters
    ----------
    number : int
        Of the sequence in its file, from 1: ids may repeat, and not every letter of theirs may stand in a file's name.

    Raises
    ------
    OutputError
        A picture cannot be written.
    """
    paths = []
    for column, cell in enumerate(found.cell_types):
        for part, place in _pages(len(found.sequence.bases)):
            contributions = None if found.contributions is None else found.contributions[:, column]
            changes = found.changes[:, :, column]
            figure = base_figure(
                found.sequence.bases[part], changes[part], None if contributions is None else contributions[part],
                part.start, f"{found.sequence.id} in {cell}, log2(RNA/DNA)",
                (bound(changes), bound(0 if contributions is None else contributions)),
            )  # fmt: skip
            name = f"{number:04}-{_plain(found.sequence.id)}-{_plain(cell)}{place}.{picture_format}"
            paths.append(folder / name)
            save(figure, paths[-1])
    return paths


def _pages(length: int) -> Iterator[tuple[slice, str]]:
    for start in range(0, length, PAGE):
        end = min(start + PAGE, length)
        yield slice(start, end), "" if length <= PAGE else f"-{start + 1}-{end}"


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name)[:_LONGEST_NAME]
