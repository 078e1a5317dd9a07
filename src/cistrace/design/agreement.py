"""Whether the judge bears out what a trace tells: each told site's bases are replaced, and the judge is asked again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cistrace.predictions.prediction import Prediction
from cistrace.towers.fillings import Place, drawn_bases
from cistrace.towers.judge import Judge

LEAST = 0.1  # log2 units: amounts from there on have a sign that is asked after
DRAWS = 6  # of bases with the sequence's dinucleotides that a site's are replaced by


@dataclass(frozen=True, slots=True)
class SiteLoss:
    """A told site: what the trace says it adds, and what the judge loses without it, log2 units."""

    design: str
    tf: str
    start: int
    end: int
    amount: float
    loss: float


@dataclass(frozen=True)
class Agreement:
    """Traces against the judge.

    Attributes
    ----------
    sites : int
        Told sites of `LEAST` or more, either way.
    same_sign : int
        Of these, those whose loss moves the judge the way the trace says.
    r : float or None
        Correlation of amounts and losses over all told sites; None of fewer than three.
    """

    sites: int
    same_sign: int
    r: float | None


def site_losses(predictions: Sequence[Prediction], bases: Sequence[str], judge: Judge) -> list[SiteLoss]:
    """What the judge loses with every site that the traces tell.

    Parameters
    ----------
    predictions : sequence of Prediction
        In a cell type that the judge knows; without a ledger nothing is told.
    bases : sequence of str
        Of each prediction the sequence, which fits the judge's window.
    """
    told = [
        (one, text, site) for one, text in zip(predictions, bases) for site in (one.ledger.sites if one.ledger else ())
    ]
    altered = []
    for _, text, site in told:
        place = Place(text, site.start - 1, site.end)
        altered += [place.filled(filling) for filling in drawn_bases(place, DRAWS)]
    whole, without = judge.scores([text for _, text, _ in told]), judge.scores(altered)
    columns = [judge.cell_types.index(one.cell_type) for one, _, _ in told]
    means = without.reshape(len(told), DRAWS, len(judge.cell_types)).mean(axis=1)
    return [
        SiteLoss(one.id, site.tf, site.start, site.end, site.amount, float(whole[row, column] - means[row, column]))
        for row, ((one, _, site), column) in enumerate(zip(told, columns, strict=True))
    ]


def agreement_of(losses: Sequence[SiteLoss]) -> Agreement:
    """How often, and how closely, the judge bears the traces out."""
    clear = [one for one in losses if abs(one.amount) >= LEAST]
    same = sum(one.amount * one.loss > 0 for one in clear)
    amounts, lost = (np.array([getattr(one, name) for one in losses]) for name in ("amount", "loss"))
    known = len(losses) >= 3 and amounts.std() > 0 and lost.std() > 0
    return Agreement(len(clear), same, float(np.corrcoef(amounts, lost)[0, 1]) if known else None)
