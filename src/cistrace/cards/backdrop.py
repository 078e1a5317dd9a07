"""What composition alone makes of a sequence without its sites: a line in GC and CpG, fitted to backdrops."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cistrace.cards.card import Composition
from cistrace.errors import DataError
from cistrace.io.files import whole_file
from cistrace.io.small_files import parse_json, small_text
from cistrace.io.streams import shown


@dataclass(frozen=True, slots=True)
class CompositionLine:
    """Backdrop, log2(RNA/DNA), as GC content and CpG observed/expected foretell it in one cell type."""

    intercept: float
    gc: float
    cpg: float

    def of(self, composition: Composition) -> float:
        """What it foretells, log2(RNA/DNA)."""
        return self.intercept + self.gc * composition.gc + self.cpg * min(composition.cpg, MOST_CPG)


MOST_CPG = 2.0  # observed/expected; beyond it a single CG stands in bases that are all but without C or G
NO_LINE = CompositionLine(0.0, 0.0, 0.0)
FEWEST = 30  # sequences: a plane through fewer says more of them than of composition


def fit_line(compositions: list[Composition], backdrops: NDArray[np.floating]) -> tuple[CompositionLine, ...]:
    """Least squares in every cell type; the mean alone where there are fewer than 30 sequences.

    Parameters
    ----------
    compositions : list of N Composition
    backdrops : ndarray, float, shape (N, cell types)
    """
    if len(compositions) < FEWEST:
        means = backdrops.mean(axis=0).tolist() if len(compositions) else [0.0] * backdrops.shape[1]
        return tuple(CompositionLine(mean, 0.0, 0.0) for mean in means)
    design = np.array([[1.0, one.gc, min(one.cpg, MOST_CPG)] for one in compositions])
    found, *_ = np.linalg.lstsq(design, np.asarray(backdrops, dtype=np.float64), rcond=None)
    return tuple(CompositionLine(*map(float, column)) for column in found.T)


def write_lines(path: Path, lines: Mapping[str, CompositionLine]) -> None:
    """Write the line of every cell type, as JSON."""
    plain = {cell_type: asdict(line) for cell_type, line in lines.items()}
    with whole_file(path) as part:
        part.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")


def read_lines(path: Path) -> dict[str, CompositionLine]:
    """Read what `write_lines` wrote.

    Raises
    ------
    DataError
        The file is missing or holds something else.
    """
    try:
        plain = parse_json(small_text(path))
        return {
            cell_type: CompositionLine(**{name: float(value) for name, value in line.items()})
            for cell_type, line in plain.items()
        }
    except (OSError, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise DataError(
            f"{shown(path)}: not a readable file of composition lines ({error}); expected that of the stage examples; "
            "run it again"
        ) from error
