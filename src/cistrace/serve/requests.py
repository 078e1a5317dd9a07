"""What can be asked of the server, and the sequences of a question."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, WithJsonSchema

from cistrace.cards.evidence import PredictingEvidence
from cistrace.cards.windows import WindowChoice
from cistrace.errors import InputError
from cistrace.io.dna_sequence import DnaSequence
from cistrace.io.ids import MAXIMUM_ID, SeenIds
from cistrace.io.in_memory import as_sequences
from cistrace.io.sequences import parse_sequences
from cistrace.motifs.scanner import DEFAULT_P_THRESHOLD
from cistrace.reward.expression import LONGEST
from cistrace.reward.reward import DOMAIN, FLOOR, UNCERTAINTY

MOST_BASES = 100_000  # letters of `contig:position:ref:alt`

_ITEM = {
    "type": "object",
    "properties": {"id": {"type": "string", "minLength": 1}, "bases": {"type": "string"}},
    "required": ["bases"],
    "additionalProperties": False,
}
_SEQUENCES = {
    "description": (
        "A text (FASTA, CSV, TSV or JSON Lines as in files, or bare bases of one sequence), a list of bases or of "
        "objects with id and bases, or an object from ids to bases."
    ),
    "anyOf": [
        {"type": "string"},
        {"type": "array", "items": {"anyOf": [{"type": "string"}, _ITEM]}},
        {"type": "object", "additionalProperties": {"type": "string"}},
    ],
}

Sequences = Annotated[Any, WithJsonSchema(_SEQUENCES)]
"""Sequences in any of these forms; `sequences_of` reads them."""

CellType = Annotated[str, MaxLen(100)]
"""A name as the model knows it, in any case."""

CellTypes = Annotated[list[CellType], MinLen(1), MaxLen(100)]
"""Names as the model knows them, in any case, or `all`."""


class Question(BaseModel):
    """Sequences, and nothing that is not known."""

    model_config = ConfigDict(extra="forbid")

    sequences: Sequences


class PredictQuestion(Question):
    """As the options of `cistrace predict`."""

    cell_types: CellTypes = ["all"]
    trace: bool = True
    windows: WindowChoice = "best"


class CardQuestion(Question):
    """As the options of `cistrace card`."""

    cell_types: CellTypes = ["all"]
    evidence: PredictingEvidence = "towers"
    windows: WindowChoice = "best"


class ExplainQuestion(Question):
    """As the arguments of `Explainer`; a sequence is at most as long as the model's window."""

    cell_types: CellTypes = ["all"]


class AllelePair(BaseModel):
    """Two sequences that differ: what stands between the bases that both begin and end with is the variant."""

    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, MinLen(1), MaxLen(MAXIMUM_ID)] = "variant"
    ref: str
    alt: str


_Place = Annotated[str, MaxLen(MOST_BASES)]
_Variant = Annotated[
    Annotated[AllelePair, Tag("pair")] | Annotated[_Place, Tag("place")],
    Discriminator(lambda given: "place" if isinstance(given, str) else "pair"),
]
Variants = Annotated[list[_Variant], MinLen(1)]
"""Pairs of sequences, or `contig:position:ref:alt` where the server was given a genome."""


class VariantQuestion(BaseModel):
    """As `cistrace variants`, for pairs of sequences, or for places of the genome that the server was given."""

    model_config = ConfigDict(extra="forbid")

    variants: Variants
    cell_types: CellTypes = ["all"]
    trace: bool = True

    @property
    def records(self) -> list[DnaSequence]:
        """Every sequence that is stated, for limits to look at."""
        pairs = [one for one in self.variants if isinstance(one, AllelePair)]
        return [DnaSequence(one.id, bases) for one in pairs for bases in (one.ref, one.alt)]


class RewardQuestion(BaseModel):
    """As the arguments of `Reward`; any text may stand among the sequences, and has a reward."""

    model_config = ConfigDict(extra="forbid")

    sequences: Annotated[list[str], MinLen(1)]
    target: CellType | None = None
    against: Annotated[list[CellType], MaxLen(100)] = []
    objective: Annotated[str, MaxLen(LONGEST)] | None = Field(None, description="A name, or an expression.")
    scales: dict[CellType, tuple[float, float]] | None = None
    uncertainty: Annotated[float, Ge(0)] = UNCERTAINTY
    domain: Annotated[float, Ge(0)] = DOMAIN
    floor: Annotated[float, Lt(0)] = FLOOR
    explain: bool = Field(False, description="Whether to say what every reward is made of.")
    traces: bool = Field(False, description="Whether to add predictions with traces to that.")


class ScanQuestion(Question):
    """As the options of `cistrace scan`: JASPAR 2026 at FIMO's background."""

    p_threshold: Annotated[float, Gt(0), Le(DEFAULT_P_THRESHOLD)] = Field(
        DEFAULT_P_THRESHOLD, description="Largest p-value of a hit."
    )


def sequences_of(given: object, minimum_known: int = 0) -> list[DnaSequence]:
    """The sequences of a question, in its order.

    Parameters
    ----------
    given
        JSON of one of the forms of `Sequences`. What has no id is called `seq1`, `seq2`, ... by its place.
    minimum_known : int
        Fewest letters A, C, G, T that a sequence must hold.

    Raises
    ------
    InputError
        Another form; an item that is no DNA or shorter than 20 bp; an id that is empty, too long or there twice.
    """
    if isinstance(given, str):
        return list(parse_sequences(given, minimum_known))
    if not isinstance(given, list | dict):
        raise InputError(f"sequences: found {_kind(given)}, expected a text, a list or an object; give one of these")
    items = given if isinstance(given, dict) else [_item(number, item) for number, item in enumerate(given, 1)]
    records = list(as_sequences(items, minimum_known))
    seen = SeenIds()
    for record in records:
        if fault := seen.fault(record.id):
            raise InputError(f"sequence {record.id[:40]!r}: {fault}")
    return records


def _item(number: int, item: object) -> str | DnaSequence:
    if isinstance(item, str):
        return item
    if not isinstance(item, Mapping) or not set(item) <= {"id", "bases"} or not isinstance(item.get("bases"), str):
        found = ", ".join(map(repr, item)) if isinstance(item, Mapping) else _kind(item)
        raise InputError(f"item {number}: found {found[:80]}, expected bases, or an object with id and bases; mend it")
    name = item.get("id", f"seq{number}")
    if not isinstance(name, str):
        raise InputError(f"item {number}: its id is {_kind(name)}, expected text; give it one")
    return DnaSequence(name, item["bases"].strip(), "request")


def _kind(value: object) -> Literal["nothing", "true or false", "a number", "text", "a list", "an object"]:
    """What a value is in JSON."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    return "text" if isinstance(value, str) else "a list" if isinstance(value, list) else "an object"
