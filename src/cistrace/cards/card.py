"""The card: everything that may be cited about one sequence in one cell type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Interval
from pydantic import StringConstraints

from cistrace.motifs.hit import MotifHit, Strand

CARD_VERSION: Literal["2"] = "2"

GrammarTagKind = Literal["homotypic", "pair"]
"""One archetype, three or more sites; two archetypes known to work together, near each other."""

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
    """How sites, on a paper card hits, stand to one another.

    Attributes
    ----------
    kind : GrammarTagKind
    members : tuple of int
        Positions in `Card.sites`, on a paper card in `Card.hits`; rising.
    label : str
        Archetype of a homotypic tag, the two archetypes of a pair joined by ` + `.
    distance : int
        Bases between the two members of a pair; the span of a homotypic group, in bp.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    kind: GrammarTagKind
    members: tuple[Count, ...]
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


@dataclass(frozen=True, slots=True, repr=False)
class CardSite:
    """A stretch that one or more motifs fit, and what it is worth; no two share a base.

    Attributes
    ----------
    tf : str
        Human symbol of the best supported factor.
    archetype : str
        Of matrices that look alike: see `motifs.archetypes`.
    matrix_id : str
        Of the best supported matrix, which may be another species'.
    start, end : int
        0-based, half-open: the bases that the site owns.
    strand : `+` or `-`
    score : float
        Of the best supported matrix, bits, 2 decimals.
    p_value : float
        3 digits.
    others : tuple of str
        Symbols of further factors that fit, best supported first.
    amount : float or None
        What the site adds to the activity, log2 units, 2 decimals; None of a site that is told among the rest.
    effect : TfEffect or None
        The factor's known effect in this cell type.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    tf: str
    archetype: str
    matrix_id: str
    start: Count
    end: Annotated[int, Ge(1)]
    strand: Strand
    score: float
    p_value: Share
    others: tuple[str, ...]
    amount: float | None
    effect: TfEffect | None

    def __repr__(self) -> str:
        amount = "among the rest" if self.amount is None else f"{self.amount:+.2f}"
        return f"<CardSite {self.tf} ({self.archetype}) [{self.start}:{self.end}] {self.strand}, {amount}>"


@dataclass(frozen=True, slots=True)
class Interplay:
    """What two sites are worth together beyond their amounts.

    Attributes
    ----------
    sites : tuple of two int
        Positions in `Card.sites`, rising.
    amount : float
        log2 units, 2 decimals.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    sites: tuple[Count, Count]
    amount: float


@dataclass(frozen=True, slots=True)
class CardLedger:
    """A sequence model's score as a sum; all figures log2 units, 2 decimals.

    Attributes
    ----------
    source : str
        Who spoke: an `EvidenceKind`, or the name of another model.
    composition : float
        What GC and CpG foretell of the sequence without its sites (`backdrop.CompositionLine`).
    bases : float
        What the sequence without its sites is beyond that.
    interplay : Interplay or None
        Only where it is clearly more or less than nothing.
    total : float
        The score, log2(RNA/DNA).
    level : int
        0-3, the level of the total.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    source: str
    composition: float
    bases: float
    interplay: Interplay | None
    total: float
    level: Annotated[int, Interval(ge=0, le=3)]


@dataclass(frozen=True, slots=True, repr=False)
class Card:
    """Everything a reasoner may cite about one sequence in one cell type.

    An *evidence card* has a ledger, and sites with amounts; a *paper card*, the R3LM paper's, has hits alone.

    Attributes
    ----------
    bases : str
        Of the sequence, or of the window of it that the card describes.
    cell_type : str
    composition : Composition
    hits : tuple of MotifHit
        By falling score; overlapping hits of one family keep the best. Positions are those of `bases`.
    sites : tuple of CardSite
        Those with an amount by falling size of it, then the others by rising start.
    tags : tuple of GrammarTag
    ledger : CardLedger or None
    version : str
        Of the card's own rules.
    """

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    bases: Annotated[str, StringConstraints(pattern=r"^[ACGTRYSWKMBDHVN]+$")]
    cell_type: str
    composition: Composition
    hits: tuple[MotifHit, ...]
    sites: tuple[CardSite, ...] = ()
    tags: tuple[GrammarTag, ...] = ()
    ledger: CardLedger | None = None
    version: Literal["2"] = CARD_VERSION

    @property
    def rest(self) -> float:
        """What the ledger's stated terms leave of its total, log2 units; 0 without a ledger."""
        if self.ledger is None:
            return 0.0
        stated = sum(site.amount or 0.0 for site in self.sites) + self.ledger.composition + self.ledger.bases
        stated += self.ledger.interplay.amount if self.ledger.interplay else 0.0
        return round(self.ledger.total - stated, 2) + 0.0  # never -0.0

    def __repr__(self) -> str:
        named = [site.tf for site in self.sites] or [hit.name for hit in self.hits]
        kind = "sites" if self.ledger is not None else "hits"
        names = ", ".join(named[:3]) + (", ..." if len(named) > 3 else "")
        found = f"{len(named)} {kind} ({names})" if named else f"no {kind}"
        total = "no ledger" if self.ledger is None else f"total {self.ledger.total:+.2f}"
        return f"<Card {len(self.bases)} bp in {self.cell_type}: {found}, {len(self.tags)} tags, {total}>"

    def _repr_html_(self) -> str:
        from cistrace.cards.html import card_html  # which needs this module

        return card_html(self)
