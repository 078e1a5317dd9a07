"""One prediction, and what made it."""

from __future__ import annotations

from dataclasses import dataclass

from cistrace.traces.trace import Trace, Verification


@dataclass(frozen=True, slots=True)
class Provenance:
    """What made a prediction."""

    cistrace: str
    checkpoint: str
    motifs: str
    scanner: str
    prompt: str
    evidence: str
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Prediction:
    """One sequence in one cell type.

    Attributes
    ----------
    activity : float
        log2(RNA/DNA).
    lower, upper : float
        90 % interval.
    percentile : float
        Share (0-100) of natural elements of the training split with a lower measured activity.
    level : int
        Quartile of natural enhancers, 0 (weakest) to 3.
    level_probabilities : tuple of 4 float
    flags : tuple of str
        What is unusual about the row: `padded`, `tiled:N`, `window:S-E`, `ambiguous:N`, ...
    trace : Trace or None
        None without traces, and where the writer's text did not parse.
    """

    id: str
    cell_type: str
    activity: float
    lower: float
    upper: float
    percentile: float
    level: int
    level_probabilities: tuple[float, float, float, float]
    flags: tuple[str, ...]
    card_hash: str
    provenance: Provenance
    trace: Trace | None = None
    trace_text: str | None = None
    verification: Verification | None = None
