"""The nouns that travel between stages. All are frozen; coordinates are 0-based half-open inside."""

from __future__ import annotations

from dataclasses import dataclass

CARD_VERSION = "1"


@dataclass(frozen=True, slots=True)
class Sequence:
    """One DNA sequence.

    Attributes
    ----------
    id : str
        The header up to the first blank, or the id column, kept exactly.
    bases : str
        Upper-case ACGT, N and IUPAC letters.
    source : str
        Where it came from: file, or file and region.
    """

    id: str
    bases: str
    source: str = ""


@dataclass(frozen=True, slots=True)
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
    strand : str
        `+` or `-`.
    score : float
        Log-odds in bits, as FIMO rounds it.
    p_value : float or None
        Probability of at least this score under the background; None on a card in the paper's
        layout, which does not state it (and leaves `matrix_id` empty).
    contribution : float or None
        Fall in predicted activity (log2 units) when the hit is replaced; None without evidence.
    """

    matrix_id: str
    name: str
    families: frozenset[str]
    start: int
    end: int
    strand: str
    score: float
    p_value: float | None
    contribution: float | None = None

    @property
    def width(self) -> int:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Composition:
    """Base composition over the unambiguous letters.

    Attributes
    ----------
    gc : float
        Share of G and C, 3 decimals.
    cpg : float
        CpG observed/expected (Gardiner-Garden & Frommer 1987), 2 decimals; 0 where C or G is absent.
    low_complexity : float
        Share of positions in low-complexity windows, 2 decimals.
    ambiguous : int
        Number of letters other than ACGT.
    """

    gc: float
    cpg: float
    low_complexity: float
    ambiguous: int = 0


@dataclass(frozen=True, slots=True)
class GrammarTag:
    """How hits stand to one another.

    Attributes
    ----------
    kind : str
        `homotypic` (one family, three or more hits), `pair` (a known pair of families, near each
        other) or `cluster` (five or more hits in 60 bp).
    hits : tuple of int
        Positions in `Card.hits`, rising.
    label : str
        Family of a homotypic tag, the two families of a pair joined by ` + `; empty for a cluster.
    distance : int
        Bases between the two members of a pair; the span of a cluster or homotypic group, in bp.
    """

    kind: str
    hits: tuple[int, ...]
    label: str
    distance: int


@dataclass(frozen=True, slots=True)
class TfEffect:
    """Association of one TF's presence with activity in one cell type (log2 units), and its error."""

    effect: float
    standard_error: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a sequence model says before any reasoning.

    Attributes
    ----------
    source : str
        Name of the model that spoke: `tower` for the shipped towers.
    estimate : float
        Its activity in the card's cell type, log2(RNA/DNA), 2 decimals.
    raising, lowering : float
        Sums of the positive and of the negative contributions on the card, 2 decimals.
    """

    source: str
    estimate: float
    raising: float
    lowering: float


@dataclass(frozen=True, slots=True)
class Claim:
    """One step of a trace: a kind and the values it asserts.

    `values` maps the fields of the kind (see `trace.KINDS`) to what the step says of them.
    """

    kind: str
    values: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str | None:
        return dict(self.values).get(name)


@dataclass(frozen=True, slots=True)
class Trace:
    """5-7 steps and the level 0-3 (None where the writer did not reach it)."""

    steps: tuple[Claim, ...]
    level: int | None


@dataclass(frozen=True, slots=True)
class Finding:
    """What verification says of one field of one step: supported, or what the card holds instead."""

    step: int
    field: str
    claimed: str
    found: str
    supported: bool


@dataclass(frozen=True, slots=True)
class Verification:
    """All findings of one trace.

    `claims` counts steps, `supported` the steps in which every field agrees with the card.
    """

    findings: tuple[Finding, ...]
    claims: int
    supported: int

    @property
    def verified(self) -> bool:
        return self.claims > 0 and self.supported == self.claims


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


@dataclass(frozen=True, slots=True)
class Card:
    """Everything a reasoner may cite about one sequence in one cell type.

    Attributes
    ----------
    bases : str
        Of the sequence, or of the window of it that the card describes.
    cell_type : str
    hits : tuple of MotifHit
        By falling score; overlapping hits of one family keep the best. Positions are those of `bases`.
    effects : tuple of (TfEffect or None), one a hit
        The TF's known effect in this cell type.
    evidence : Evidence or None
    """

    bases: str
    cell_type: str
    composition: Composition
    hits: tuple[MotifHit, ...]
    tags: tuple[GrammarTag, ...]
    effects: tuple[TfEffect | None, ...]
    evidence: Evidence | None = None
    version: str = CARD_VERSION
