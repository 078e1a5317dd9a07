"""What differences are measured by: those of random substitutions, and of models trained anew.

A sequence model's number for a variant would be another one, had it been trained from another start. How far, follows
from what its own two strands make of the variant and from the size of the difference: a *spread*, to which the
differences that other trainings give of random substitutions were fitted, and a *factor* on it within which nine in ten
of them lie (split conformal prediction, as in `checkpoints.intervals`). `benchmarks/variant_scale.py` makes both.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray
from pydantic import Field, FiniteFloat, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from cistrace.errors import ModelError
from cistrace.io.shipped import shipped_file
from cistrace.io.small_files import parse_json, small_text
from cistrace.io.streams import shown

LEVELS: tuple[float, ...] = (*range(100), 99.5, 99.9, 100)
"""Of the quantiles, per cent; the last is that of the largest."""

_Weight = Annotated[FiniteFloat, Ge(0)]


@dataclass(frozen=True, config={"extra": "forbid"})
class CellVariantScale:
    """The scale of one cell type; log2 units.

    Attributes
    ----------
    quantiles : tuple of float
        Of the size of random substitutions' differences, at `LEVELS`.
    least, strands, size : float
        spread = least + strands x half the gap between the strands' differences + size x the difference's size.
    factor : float
        On the spread, for 90 %.
    """

    quantiles: Annotated[tuple[_Weight, ...], Field(min_length=len(LEVELS), max_length=len(LEVELS))]
    least: _Weight
    strands: _Weight
    size: _Weight
    factor: _Weight

    def percentile(self, difference: float) -> float:
        """0-100: how many of the random substitutions move the activity by less."""
        return float(np.interp(abs(difference), self.quantiles, LEVELS))

    def half_width(self, strands: NDArray[np.floating]) -> float:
        """Of the 90 % interval about the mean of what the two strands say, shape (2,)."""
        gap, size = abs(float(strands[1] - strands[0])) / 2, abs(float(strands.mean()))
        return self.factor * (self.least + self.strands * gap + self.size * size)


@dataclass(frozen=True, config={"extra": "forbid"})
class VariantScale:
    """The scale of one sequence model.

    Attributes
    ----------
    tower : str
        SHA-256 of the tower's file.
    substitutions, others : int
        Random substitutions, and models trained anew, that it was made from.
    cell_types : dict
        CellVariantScale of each.
    """

    tower: str
    substitutions: int
    others: int
    cell_types: dict[str, CellVariantScale]


@lru_cache(maxsize=4)
def read_scale(path: Path | None = None) -> VariantScale:
    """Read a scale, that of the shipped model unless told otherwise.

    Raises
    ------
    ModelError
        The file is missing or holds something else.
    """
    path = path or shipped_file("variant_scale.json")
    try:
        return TypeAdapter(VariantScale).validate_python(parse_json(small_text(path)))
    except (OSError, ValueError, ValidationError) as error:
        reason = str(error).splitlines()[0]
        raise ModelError(
            f"{shown(path)}: no scale of variants ({reason}); expected what benchmarks/variant_scale.py writes; make it"
        ) from error
