"""What the server answers, as JSON types, and the models that its OpenAPI description states them by.

A test holds every answer to its model.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from cistrace.cards.explanation import Explanation
from cistrace.cards.ledger import SiteAmount
from cistrace.io.dna_sequence import DnaSequence
from cistrace.motifs.fimo import write_fimo_table
from cistrace.motifs.hit import MotifHit, Strand


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Problem(_Answer):
    """Why there is no other answer, in one line: item, found, expected, mend."""

    error: str


class Health(_Answer):
    """That the server is there, and how many requests are worked on or wait."""

    status: str
    cistrace: str
    requests: int


class Allowed(_Answer):
    """What one request may ask."""

    mebibytes: float
    sequences: int
    length: int


class About(_Answer):
    """What answers: versions, the model, and what may be asked of it."""

    cistrace: str
    checkpoint: str
    cell_types: list[str]
    window: int = Field(description="Longest sequence that the model reads at once, bp.")
    traces: bool = Field(description="Whether the model writes traces.")
    limits: Allowed


class Step(_Answer):
    """A step of a trace; `values` are its fields as the template names them."""

    kind: str
    text: str
    values: dict[str, str]


class WrittenTrace(_Answer):
    """A trace; `steps` and `level` are null where the text has not the form of one."""

    steps: list[Step] | None
    level: int | None
    text: str
    positions: str
    written_by: str | None


class Term(_Answer):
    """A site that the trace tells; log2 units, positions 1-based, inclusive."""

    site: int
    tf: str
    archetype: str
    start: int
    end: int
    strand: Strand
    amount: float


class Together(_Answer):
    """What two sites are worth beyond their amounts."""

    sites: list[int]
    amount: float


class Sum(_Answer):
    """The activity as the sum that the trace tells, log2 units."""

    backdrop: float
    composition: float
    sites: list[Term]
    interplay: list[Together]
    rest: float
    correction: float | None
    total: float


class Row(_Answer):
    """A line of `cistrace predict -o FILE.jsonl`."""

    id: str
    cell_type: str
    activity: float = Field(description="log2(RNA/DNA)")
    lower: float | None
    upper: float | None
    percentile: float
    level: int
    flags: list[str]
    start: int = Field(description="Of the stretch described, 1-based.")
    end: int = Field(description="Inclusive.")
    level_probabilities: list[float]
    domain_percentile: float | None = Field(description="Percent of natural elements nearer to what was learnt from.")
    card_hash: str | None
    trace: WrittenTrace | None
    ledger: Sum | None
    verification: dict[str, Any] | None
    provenance: dict[str, str | int | None]


class Predictions(_Answer):
    """A row a sequence, or window, and cell type, in the order of the question."""

    predictions: list[Row]


class CardRow(_Answer):
    """A line of `cistrace card --format json`; positions are 0-based, half-open."""

    id: str
    window: list[int]
    flags: list[str]
    hash: str
    card: dict[str, Any]


class Cards(_Answer):
    """A card a sequence, or window, and cell type, in the order of the question."""

    cards: list[CardRow]


class Worth(_Answer):
    """What one site is worth; log2 units, positions 1-based, inclusive."""

    tf: str
    archetype: str
    matrix: str
    start: int
    end: int
    strand: Strand
    score: float
    p_value: float | None
    others: list[str]
    amount: float = Field(description="Its share of the sum.")
    alone: float = Field(description="What its loss costs while every other site is there.")


class WholeLedger(_Answer):
    """A score as a sum: backdrop and amounts add up to the total."""

    cell_type: str
    backdrop: float
    sites: list[Worth]
    total: float


class ExplanationRow(_Answer):
    """One sequence and its ledgers, one a cell type."""

    id: str
    ledgers: list[WholeLedger]


class Explanations(_Answer):
    """One a sequence, in the order of the question."""

    explanations: list[ExplanationRow]


class Effect(_Answer):
    """A line of `cistrace variants -o FILE.jsonl`."""

    chrom: str
    pos: int = Field(description="1-based.")
    id: str
    ref: str
    alt: str
    cell_type: str
    ref_activity: float
    alt_activity: float
    difference: float = Field(description="alt - ref, log2 units")
    lower: float | None
    upper: float | None
    percentile: float | None
    flags: list[str]
    window_start: int
    window_end: int
    sites: list[dict[str, Any]] | None
    trace: dict[str, Any] | None
    ledger: dict[str, Any] | None
    verification: dict[str, Any] | None
    provenance: dict[str, str | int | None]


class Effects(_Answer):
    """An effect a variant and cell type, in the order of the question."""

    effects: list[Effect]


class RewardRow(_Answer):
    """What a reward is made of; of text that cannot be scored, `fault` says why, and no more is known."""

    bases: str
    reward: float
    valid: bool
    fault: str | None
    objective: float | None
    activities: dict[str, float] = Field(description="log2(RNA/DNA) by cell type.")
    target: float | None
    off_targets: dict[str, float]
    specificity: float | None
    uncertainty: float | None = Field(description="A penalty.")
    out_of_domain: float | None = Field(description="A penalty.")
    constraints: dict[str, float]
    distance: float | None
    predictions: list[Row]


class Rewards(_Answer):
    """A reward a sequence, in the order of the question; explanations where they were asked for."""

    rewards: list[float]
    explanations: list[RewardRow] | None


class Hit(_Answer):
    """A row of `cistrace scan`, which has FIMO's columns; start and stop are 1-based, inclusive."""

    motif_id: str
    motif_alt_id: str
    sequence_name: str
    start: int
    stop: int
    strand: Strand
    score: float
    p_value: float
    q_value: float
    matched_sequence: str


class Hits(_Answer):
    """Motif hits in the order of the sequences."""

    hits: list[Hit]


def explanation_object(explanation: Explanation) -> dict[str, Any]:
    """An explanation as JSON types: an `ExplanationRow`."""
    ledgers = [
        {
            "cell_type": one.cell_type,
            "backdrop": one.backdrop,
            "sites": [_worth(term) for term in one.sites],
            "total": one.total,
        }
        for one in explanation.ledgers
    ]
    return {"id": explanation.sequence.id, "ledgers": ledgers}


def _worth(term: SiteAmount) -> dict[str, Any]:
    site = term.site
    return {
        "tf": site.symbol, "archetype": site.archetype, "matrix": site.hit.matrix_id, "start": site.start + 1,
        "end": site.end, "strand": site.hit.strand, "score": site.hit.score, "p_value": site.hit.p_value,
        "others": list(site.other_symbols), "amount": term.amount, "alone": term.alone,
    }  # fmt: skip


def hit_objects(scanned: Iterable[tuple[DnaSequence, tuple[MotifHit, ...]]]) -> list[dict[str, Any]]:
    """Scanned sequences as JSON types: a `Hit` a row of the table of `cistrace scan`, with its values."""
    table = io.StringIO(newline="")
    write_fimo_table(scanned, table)
    table.seek(0)
    rows = csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE)
    return [_hit(row) for row in rows]


def _hit(row: dict[str, str]) -> dict[str, Any]:
    plain: dict[str, Any] = {name.replace("-", "_"): value for name, value in row.items()}
    numbers = {name: float(plain[name]) for name in ("score", "p_value", "q_value")}
    return {**plain, "start": int(plain["start"]), "stop": int(plain["stop"]), **numbers}
