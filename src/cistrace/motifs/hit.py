"""One match of a motif. Coordinates are 0-based half-open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Interval

Strand = Literal["+", "-"]
STRANDS: tuple[Strand, Strand] = ("+", "-")


@dataclass(frozen=True, slots=True, repr=False)
class MotifHit:
    """One match of a motif, at FIMO's score and p-value.

    Attributes
    ----------
    matrix_id, name : str
        JASPAR matrix id (`MA0079.5`) and TF name (`SP1`).
    families : frozenset of str
        The TF's families; a heterodimer has several, three JASPAR matrices have none.
    start, end : int
        0-based, half-open, on the forward strand.
    strand : `+` or `-`
    score : float
        Log-odds in bits, as FIMO rounds it.
    p_value : float or None
        Probability of at least this score under the background; None on a card in the paper's
        layout, which does not state it (and leaves `matrix_id` empty).
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    matrix_id: str
    name: str
    families: frozenset[str]
    start: Annotated[int, Ge(0)]
    end: Annotated[int, Ge(1)]
    strand: Strand
    score: float
    p_value: Annotated[float, Interval(ge=0, le=1)] | None

    @property
    def width(self) -> int:
        return self.end - self.start

    def __repr__(self) -> str:
        parts = [f"{self.score:.2f} bits"]
        if self.p_value is not None:
            parts.append(f"p {self.p_value:.1e}")
        name = f"{self.name} {self.matrix_id}".strip()
        return f"<MotifHit {name} [{self.start}:{self.end}] {self.strand}, {', '.join(parts)}>"
