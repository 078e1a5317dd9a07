"""The ledger: a score told as a sum, in log2(RNA/DNA)."""

from __future__ import annotations

from dataclasses import dataclass

from cistrace.cards.sites import Site


@dataclass(frozen=True, slots=True)
class SiteAmount:
    """What one site is worth.

    Attributes
    ----------
    site : Site
    amount : float
        Mean of what its loss costs with all stronger sites there and with none of them (`towers.ledger`).
    alone : float
        What its loss costs while every other site is there.
    """

    site: Site
    amount: float
    alone: float


@dataclass(frozen=True, slots=True)
class Ledger:
    """One sequence's score in one cell type, as a sum.

    Attributes
    ----------
    cell_type : str
    backdrop : float
        The score with all sites neutralised.
    sites : tuple of SiteAmount
        By falling size of the amount.
    total : float
        The score: backdrop and amounts add up to it.
    """

    cell_type: str
    backdrop: float
    sites: tuple[SiteAmount, ...]
    total: float

    def rest(self, named: int) -> float:
        """The amounts of all sites behind the first `named`."""
        return sum(one.amount for one in self.sites[named:])

    def _repr_html_(self) -> str:
        from cistrace.cards.ledger_html import ledger_html  # which needs this module

        return ledger_html(self)
