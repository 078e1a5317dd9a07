"""One prediction, and what made it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cistrace.cards.card import Card
from cistrace.io.streams import shown
from cistrace.predictions.ledger import TraceLedger
from cistrace.traces.trace import Trace, Verification, WrittenBy


@dataclass(frozen=True, slots=True)
class Provenance:
    """What made a prediction: versions and hashes.

    Attributes
    ----------
    cistrace : str
        Version of this package.
    checkpoint : str
        First 16 hex digits of the checkpoint's hash.
    motifs, scanner : str or None
        Library, with a hash of its content; rules, background and threshold. None where nothing was scanned.
    prompt : str or None
        Version of the words that the model reads; None where it read none.
    evidence : str
        Kind of the cards' evidence: `towers`, or `none`.
    seed : int or None
        Of the sampling that wrote the trace; None where nothing was drawn: a greedy writer, or no trace.
    """

    cistrace: str
    checkpoint: str
    motifs: str | None
    scanner: str | None
    prompt: str | None
    evidence: str
    seed: int | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Prediction:
    """One sequence in one cell type.

    Attributes
    ----------
    id, cell_type : str
    activity : float
        log2(RNA/DNA).
    lower, upper : float
        90 % interval of a measurement; -inf and inf, with the flag `no_interval`, where the model was calibrated on too
        few measurements to state one.
    percentile : float
        0-100, among natural elements of the training split: a measurement lies below it as likely as above.
    level : int
        The quartile of natural enhancers, 0 (weakest) to 3, in which a measurement most probably lies: the largest of
        `level_probabilities`.
    level_probabilities : tuple of 4 float
        Of each level for a measurement; they sum to 1. All three are of one distribution: see `checkpoints.levels`.
    flags : tuple of str
        What is unusual about the row: `padded`, `tiled:N`, `window:S-E`, `ambiguous:N`, ...
    start, end : int
        The window of the input that the row describes: 0-based, half-open; the whole input where it fits the model.
        Files and tables state it 1-based, inclusive.
    card_hash : str or None
        SHA-256 of the card's JSON; None where no card was made.
    provenance : Provenance
    trace : Trace or None
        None without traces, and where the writer's text has not the form of one.
    trace_text : str or None
        As it was written, with positions of the input; None without traces.
    verification : Verification or None
        What holds of the text, also where it is no trace; None without traces.
    written_by : WrittenBy or None
        Who wrote the trace; None without traces.
    domain_percentile : float or None
        How far the sequence lies from what the towers learnt from: percent of natural elements they never saw that lie
        nearer, 0-100. Above 95 the row has the flag `out_of_domain` and a wider interval. None where it is not known.
    ledger : TraceLedger or None
        The activity as the sum that the trace tells; None without traces, or where a head reads the trace.
    card : Card or None
        What the model read, with positions of the window; `card_hash` names its content. None where the towers alone
        were asked. No file of predictions holds it. `verify(trace_text, card, start)` judges again.
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
    start: int
    end: int
    card_hash: str | None
    provenance: Provenance
    trace: Trace | None = None
    trace_text: str | None = None
    verification: Verification | None = None
    written_by: WrittenBy | None = None
    domain_percentile: float | None = None
    ledger: TraceLedger | None = None
    card: Card | None = None

    def __repr__(self) -> str:
        if self.trace_text is None:
            trace = "no trace"
        elif self.verification is None:
            trace = "not a trace"
        else:
            trace = f"{self.verification.supported} of {self.verification.claims} claims verified"
        tiled = any(flag.startswith("window:") for flag in self.flags)
        place = f", {self.start + 1}-{self.end}," if tiled else ""
        return (
            f"<Prediction {shown(self.id)}{place} in {self.cell_type}: {self.activity:+.3f} ({interval(self)}), level "
            f"{self.level}, percentile {self.percentile:.1f}, {trace}>"
        )

    def _repr_html_(self) -> str:
        from cistrace.predictions.html import prediction_html  # which needs this module

        return prediction_html(self)


def interval(prediction: Prediction) -> str:
    """The 90 % interval in words: `+0.12 to +1.34`, or that there is none."""
    if not math.isfinite(prediction.upper - prediction.lower):
        return "no interval"
    return f"{prediction.lower:+.2f} to {prediction.upper:+.2f}"
