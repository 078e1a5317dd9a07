"""What designs came to: judged by a model that no search asked, checked, traced, and accounted for as a set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cistrace.design.account import SetAccount, account_of
from cistrace.design.agreement import Agreement, SiteLoss, agreement_of, site_losses
from cistrace.design.design import Design
from cistrace.design.figures import sequence_figures
from cistrace.design.judged import JudgedDesign, Judgement
from cistrace.design.natural import NaturalSet, nearest_elements
from cistrace.design.reference import natural_reference
from cistrace.design.verdict import verdict_flags
from cistrace.io.dna_sequence import DnaSequence
from cistrace.motifs.scanner import site_scanner
from cistrace.predict import Predictor
from cistrace.predictions.prediction import Prediction
from cistrace.reward.objective import Objective
from cistrace.towers.judge import Judge, percentiles_among

NATURAL_SAMPLE = 1_000  # natural elements whose motifs are counted: the first ones of the file

OnStep = Callable[[str, int, int], None]
"""What is done, how much of it, of how much."""


@dataclass(frozen=True, eq=False)
class DesignReport:
    """All that is said of a set of designs.

    Attributes
    ----------
    objective : Objective
        What the designs were to reach.
    target : str or None
        Cell type to be active in; None of an expression that names none.
    against : tuple of str
    designs : tuple of JudgedDesign
        In the order given.
    account : SetAccount
    agreement : Agreement or None
        Of all told sites of the target's traces; None without judge or traces.
    judge : Judge or None
    natural : str or None
        The file of natural elements.
    starts : dict of str to tuple of Prediction
        Predictions of the starts by their bases.
    """

    objective: Objective
    target: str | None
    against: tuple[str, ...]
    designs: tuple[JudgedDesign, ...]
    account: SetAccount
    agreement: Agreement | None
    judge: Judge | None
    natural: str | None
    starts: Mapping[str, tuple[Prediction, ...]]


def judge_designs(
    designs: Sequence[Design], objective: Objective, predictor: Predictor, judge: Judge | None,
    target: str | None = None, against: Sequence[str] = (), natural: NaturalSet | None = None, traces: bool = True,
    on_step: OnStep | None = None,
) -> DesignReport:  # fmt: skip
    """Judge, check, trace and account for designs, at least one, of at most the model's window.

    Parameters
    ----------
    designs : sequence of Design
    objective : Objective
        Of the predictor's cell types.
    predictor : Predictor
        Of the model that gave the designs' activities.
    judge : Judge or None
        That knows the objective's cell types: see `design.judge.judge_for`.
    target, against
        As the predictor spells them.
    natural : NaturalSet, optional
    traces : bool
        False tells no traces, and asks the judge about none.
    on_step : callable, optional
    """
    say = on_step or (lambda what, done, total: None)
    bases = [one.bases for one in designs]
    starts = list(dict.fromkeys(one.start_bases for one in designs if one.start_bases is not None))
    scanner = site_scanner()
    say("designs checked", 0, len(designs))
    figures = sequence_figures(bases, scanner)
    of_starts = sequence_figures(starts, scanner)
    of_natural = [] if natural is None else sequence_figures(natural.bases[:NATURAL_SAMPLE], scanner)
    near = None if natural is None else nearest_elements(bases, natural)
    said = None if judge is None else judgements(judge, objective, bases)
    said_of_starts = {} if judge is None else dict(zip(starts, judgements(judge, objective, starts), strict=True))
    excess = _excess(predictor, bases)
    cells = tuple(dict.fromkeys([*([target] if target else []), *objective.cell_types, *against]))
    told, told_of_starts = _traces(predictor, designs, starts, cells, say) if traces else ({}, {})
    losses = [] if judge is None else _losses(judge, designs, told, target or objective.cell_types[0], say)
    judged = []
    for row, one in enumerate(designs):
        mine = [loss for loss in losses if loss.design == str(row)]
        found = JudgedDesign(
            design=one,
            value=_value(objective, one.activities),
            judgement=None if said is None else said[row],
            start=said_of_starts.get(one.start_bases or ""),
            excess=None if excess is None else float(excess[row]),
            figures=figures[row],
            agreement=agreement_of(mine) if judge is not None and traces else None,
            nearest=None if near is None else near[row],
            predictions=told.get(row, ()),
        )
        judged.append(found.with_flags(tuple(verdict_flags(found, natural_reference(), target, against))))
    return DesignReport(
        objective, target, tuple(against), tuple(judged),
        account_of(bases, figures, of_starts, of_natural, None if near is None else [one.edits for one in near]),
        agreement_of(losses) if judge is not None and traces else None,
        judge, None if natural is None else natural.source, told_of_starts,
    )  # fmt: skip


def judgements(judge: Judge, objective: Objective, sequences: Sequence[str]) -> list[Judgement]:
    """What a judge that knows the objective's cell types says of sequences."""
    scores = judge.scores(sequences)
    percentiles = judge.percentiles(scores)
    values = _values(judge, objective, scores)
    ranks = percentiles_among(values, np.sort(_values(judge, objective, judge.natural)))
    return [
        Judgement(
            dict(zip(judge.cell_types, scores[row].tolist())), dict(zip(judge.cell_types, percentiles[row].tolist())),
            float(values[row]), float(ranks[row]),
        )
        for row in range(len(sequences))
    ]  # fmt: skip


def _values(judge: Judge, objective: Objective, scores: NDArray[np.float32]) -> NDArray[np.float64]:
    """The objective of a judge's scores (N, its cell types); what it does not know no objective names."""
    columns = np.full((len(scores), len(objective.columns)), np.nan, dtype=np.float32)
    for place, name in enumerate(objective.columns):
        if name in judge.cell_types:
            columns[:, place] = scores[:, judge.cell_types.index(name)]
    return objective.values(columns)


def _value(objective: Objective, activities: Mapping[str, float]) -> float:
    return float(objective.values(np.array([[activities[name] for name in objective.columns]], dtype=np.float32))[0])


def _excess(predictor: Predictor, bases: Sequence[str]) -> NDArray[np.float32] | None:
    """How far designs lie beyond the domain; None of a model that does not know its own."""
    towers = predictor.checkpoint.towers
    if towers is None or towers.domain is None:
        return None
    return towers.domain.excess(towers.reading(bases).distances)


def _traces(
    predictor: Predictor, designs: Sequence[Design], starts: Sequence[str], cells: tuple[str, ...], say: OnStep
) -> tuple[dict[int, tuple[Prediction, ...]], dict[str, tuple[Prediction, ...]]]:
    """Predictions with traces of all designs, by place, and of their starts, by bases; ids are places meanwhile."""
    records = [DnaSequence(str(row), one.bases) for row, one in enumerate(designs)]
    records += [DnaSequence(f"start{row}", bases) for row, bases in enumerate(starts)]
    total, found = len(records) * len(cells), []
    for one in predictor.stream(records, cells):
        found.append(one)
        say("traces", len(found), total)
    sets = [tuple(found[at : at + len(cells)]) for at in range(0, total, len(cells))]
    return dict(enumerate(sets[: len(designs)])), dict(zip(starts, sets[len(designs) :], strict=True))


def _losses(
    judge: Judge, designs: Sequence[Design], told: Mapping[int, tuple[Prediction, ...]], cell: str, say: OnStep
) -> list[SiteLoss]:
    """What the judge loses with the sites that traces tell of one cell type; of each design by its place as id."""
    found: list[SiteLoss] = []
    for row, predictions in told.items():
        mine = [one for one in predictions if one.cell_type == cell]
        found += site_losses(mine, [designs[row].bases] * len(mine), judge)
        say("sites before the judge", row + 1, len(told))
    return found
