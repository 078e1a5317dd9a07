"""An explanation: one sequence and what its scores are made of."""

from __future__ import annotations

from dataclasses import dataclass

from cistrace.cards.ledger import Ledger
from cistrace.cards.ledger_text import ledger_text
from cistrace.io.dna_sequence import DnaSequence


@dataclass(frozen=True, eq=False, repr=False)
class Explanation:
    """One sequence and its ledgers; `print` shows them line by line.

    Attributes
    ----------
    sequence : DnaSequence
    ledgers : tuple of Ledger
        One a cell type that was asked for.
    """

    sequence: DnaSequence
    ledgers: tuple[Ledger, ...]

    def __repr__(self) -> str:
        totals = ", ".join(f"{one.cell_type} {one.total:+.2f}" for one in self.ledgers)
        count = len(self.ledgers[0].sites) if self.ledgers else 0
        return f"<Explanation of {self.sequence.id}, {len(self.sequence.bases)} bp, {count} sites: {totals}>"

    def __str__(self) -> str:
        return "\n\n".join(f"{self.sequence.id} in {ledger_text(one)}" for one in self.ledgers)

    def _repr_html_(self) -> str:
        from cistrace.cards.ledger_html import explanation_html  # which needs this module

        return explanation_html(self)
