"""A design with all that is said of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from cistrace.design.agreement import Agreement
from cistrace.design.design import Design
from cistrace.design.figures import SequenceFigures
from cistrace.design.natural import NearestElement
from cistrace.predictions.prediction import Prediction


@dataclass(frozen=True)
class Judgement:
    """What the judge says of a sequence.

    Attributes
    ----------
    scores, percentiles : mapping of str to float
        By cell type: log2(RNA/DNA), and percent of natural elements that score below.
    value : float
        The objective of its scores.
    percentile : float
        Percent of natural elements whose objective is below.
    """

    scores: Mapping[str, float]
    percentiles: Mapping[str, float]
    value: float
    percentile: float


@dataclass(frozen=True, eq=False)
class JudgedDesign:
    """A design and its verdict.

    Attributes
    ----------
    design : Design
    value : float
        The objective of its activities, as the search saw them; penalties not taken off.
    judgement, start : Judgement or None
        Of the design, and of the sequence it began as; None without a judge, or without a start.
    excess : float or None
        How far beyond the model's domain, in thresholds; None where the model does not know its domain.
    figures : SequenceFigures
    agreement : Agreement or None
        Of the trace in the target cell type with the judge.
    nearest : NearestElement or None
        Among the natural elements given.
    predictions : tuple of Prediction
        With traces; their ids are the design's place.
    flags : tuple of str
        What speaks against it: see `design.verdict`.
    """

    design: Design
    value: float
    judgement: Judgement | None
    start: Judgement | None
    excess: float | None
    figures: SequenceFigures
    agreement: Agreement | None
    nearest: NearestElement | None
    predictions: tuple[Prediction, ...]
    flags: tuple[str, ...] = ()

    @property
    def gap(self) -> float | None:
        """By how much the optimised objective is above the judge's; None without a judge."""
        return None if self.judgement is None else self.value - self.judgement.value

    def with_flags(self, flags: tuple[str, ...]) -> JudgedDesign:
        """The same with its flags."""
        return replace(self, flags=flags)
