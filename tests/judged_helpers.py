"""What the tests of judged designs share."""

from __future__ import annotations

from dataclasses import replace

from cistrace.design.design import Design
from cistrace.design.figures import SequenceFigures
from cistrace.design.judged import JudgedDesign, Judgement

FIGURES = SequenceFigures(0.5, 4, 0.3, {"SP/KLF": 2, "AP-1": 2}, 7.0, 1.0, 200)
CELLS = ("HepG2", "K562", "WTC11")


def a_design(name: str = "design_1", bases: str = "ACGTTGCAAT" * 20, start: str | None = None) -> Design:
    return Design(name, bases, None if start is None else "s", start, 2.0, dict(zip(CELLS, (3.0, 1.0, 0.5))), {}, 0, 3)


def a_judgement(target: float = 99.5, off: float = 20.0, value: float = 1.5) -> Judgement:
    percentiles = dict(zip(CELLS, (target, off, off)))
    return Judgement(dict(zip(CELLS, (2.0, 0.5, 0.1))), percentiles, value, 99.0)


def a_judged(**changes: object) -> JudgedDesign:
    plain = JudgedDesign(a_design(), 2.0, a_judgement(), None, 0.0, FIGURES, None, None, ())
    return replace(plain, **changes)  # type: ignore[arg-type]
