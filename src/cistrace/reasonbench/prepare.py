"""From a table as read to one that a data set can be built on: who trains, and which level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cistrace.errors import DataError
from cistrace.mpra.levels import cuts_from_levels, fixed_cuts, levels_of, quantile_cuts
from cistrace.mpra.loaded import UNKNOWN_LEVEL, LoadedTable
from cistrace.mpra.splits import Split, by_chromosome, by_column, by_homology, with_counts
from cistrace.reasonbench.evidence import CardEvidence
from cistrace.reasonbench.subjects import CardSetting, LabelledTable

QUANTILES, COLUMN = "quantiles", "column"
DEFAULT_SHARE = 0.1


def split_rows(
    measured: LoadedTable, rule: str | None, val: Sequence[str], test: Sequence[str], shared_bases: int, seed: int
) -> Split:
    """Splits by `chromosome` (val and test name theirs), `column`, or `homology` (val and test are shares).

    Where no rule is asked for, chromosomes that are named decide; else the table's own split column, and a note says
    so.

    Raises
    ------
    DataError
        No usable row, nothing that says how to split, or names or shares that the rule cannot use.
    """
    if not len(measured.table):
        first = f"; the first was excluded because {measured.exclusions[0].reason}" if measured.exclusions else ""
        raise DataError(f"table: no row is usable{first}; check the columns that were chosen")
    if rule == "column":
        if val or test:
            second = f"--val {','.join(val)}" if val else f"--test {','.join(test)}"
            raise DataError(
                f"splits: the split column decides, and {second} would too; expected one of them; leave out --val "
                "and --test, or --split column and --split-column"
            )
        return by_column(measured)
    if rule == "homology":
        return by_homology(measured, shared_bases, _share(val, "val"), _share(test, "test"), seed)
    if rule is None and not val and not test and any(measured.table.splits):
        return with_counts(by_column(measured))
    shares = [name for name in (*val, *test) if _is_share(name)]
    if shares:
        raise DataError(
            f"splits by chromosome: found {shares[0]!r}, expected names such as chr19; for shares of the rows add "
            "--split homology (related sequences together)"
        )
    if val and test:
        return by_chromosome(measured, val, test)
    if val or test:
        missing = "--test" if val else "--val"
        raise DataError(
            f"splits by chromosome: {missing} is missing; expected chromosomes of val and of test; add {missing} CHR"
        )
    raise DataError(
        "splits: neither a split column nor chromosomes of val and test are there to say which rows train; "
        "expected one of three: --val chr19,chr21 --test chr5 (by chromosome), --split-column NAME, or --split "
        "homology (related sequences together); choose one"
    )


def _is_share(name: str) -> bool:
    """Whether a name is a number between 0 and 1, as no chromosome's is."""
    try:
        return 0 < float(name) < 1
    except ValueError:
        return False


def _share(given: Sequence[str], name: str) -> float:
    if not given:
        return DEFAULT_SHARE
    try:
        (share,) = map(float, given)
    except ValueError:
        raise DataError(
            f"splits by homology: found {','.join(given)!r} for {name}, expected one share such as 0.1; correct it"
        ) from None
    return share


Cuts = Sequence[float] | Mapping[str, Sequence[float]]


def setting_of(observed: LabelledTable, evidence: CardEvidence) -> CardSetting:
    """What is the same for all rows of a table."""
    cuts = tuple((float(low), float(middle), float(high)) for low, middle, high in observed.cuts)
    return CardSetting(observed.table.cell_types, cuts, evidence.known_effects, evidence.source)


def observe(measured: LoadedTable, split: Split, rule: str, cuts: Cuts) -> LabelledTable:
    """Levels of every measurement.

    Parameters
    ----------
    rule : str
        `quantiles` of the training rows, `column`, or `cuts`, which are given.
    """
    table = measured.table
    if rule == COLUMN:
        if measured.levels is None:
            raise DataError("levels: no level column was named; expected one; name it with --level-column")
        levels = np.where(np.isnan(table.activity), UNKNOWN_LEVEL, measured.levels).astype(np.int8)
        training = np.array([name == "train" for name in split.splits], dtype=bool)
        return LabelledTable(
            table, split.splits, cuts_from_levels(table.activity[training], levels[training], table.cell_types), levels
        )
    points = quantile_cuts(table, split.splits) if rule == QUANTILES else fixed_cuts(cuts, table.cell_types)
    return LabelledTable(table, split.splits, points, levels_of(table.activity, points))
