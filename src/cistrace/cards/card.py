"""The card: everything that may be cited about one sequence in one cell type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Interval
from pydantic import StringConstraints

from cistrace.motifs.hit import MotifHit

CARD_VERSION: Literal["1"] = "1"

GrammarTagKind = Literal["homotypic", "pair", "cluster"]
"""One family, three or more hits; two families known to work together, near each other; five or more hits in 60 bp."""

Share = Annotated[float, Interval(ge=0, le=1)]
Count = Annotated[int, Ge(0)]


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

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    gc: Share
    cpg: float
    low_complexity: Share
    ambiguous: Count = 0


@dataclass(frozen=True, slots=True)
class GrammarTag:
    """How hits stand to one another.

    Attributes
    ----------
    kind : GrammarTagKind
    hits : tuple of int
        Positions in `Card.hits`, rising.
    label : str
        Family of a homotypic tag, the two families of a pair joined by ` + `; empty for a cluster.
    distance : int
        Bases between the two members of a pair; the span of a cluster or homotypic group, in bp.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    kind: GrammarTagKind
    hits: tuple[Count, ...]
    label: str
    distance: Count


@dataclass(frozen=True, slots=True)
class TfEffect:
    """Association of one TF's presence with activity in one cell type.

    Attributes
    ----------
    effect, standard_error : float
        log2 units.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    effect: float
    standard_error: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a sequence model says before any reasoning.

    Attributes
    ----------
    source : str
        Who spoke: an `EvidenceKind`, or the name of another model.
    estimate : float
        Its activity in the card's cell type, log2(RNA/DNA), 2 decimals.
    raising, lowering : float
        Sums of the positive and of the negative contributions on the card, 2 decimals.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    source: str
    estimate: float
    raising: float
    lowering: float


@dataclass(frozen=True, slots=True, repr=False)
class Card:
    """Everything a reasoner may cite about one sequence in one cell type.

    Attributes
    ----------
    bases : str
        Of the sequence, or of the window of it that the card describes.
    cell_type : str
    composition : Composition
    hits : tuple of MotifHit
        By falling score; overlapping hits of one family keep the best. Positions are those of `bases`.
    tags : tuple of GrammarTag
    effects : tuple of (TfEffect or None), one a hit
        The TF's known effect in this cell type.
    evidence : Evidence or None
    version : str
        Of the card's own rules.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    bases: Annotated[str, StringConstraints(pattern=r"^[ACGTRYSWKMBDHVN]+$")]
    cell_type: str
    composition: Composition
    hits: tuple[MotifHit, ...]
    tags: tuple[GrammarTag, ...]
    effects: tuple[TfEffect | None, ...]
    evidence: Evidence | None = None
    version: Literal["1"] = CARD_VERSION

    def __repr__(self) -> str:
        names = ", ".join(hit.name for hit in self.hits[:3]) + (", ..." if len(self.hits) > 3 else "")
        hits = f"{len(self.hits)} hits ({names})" if self.hits else "no hits"
        evidence = "no evidence" if self.evidence is None else f"estimate {self.evidence.estimate:+.2f}"
        return f"<Card {len(self.bases)} bp in {self.cell_type}: {hits}, {len(self.tags)} tags, {evidence}>"

    def _repr_html_(self) -> str:
        from cistrace.cards.html import card_html  # which needs this module

        return card_html(self)
