"""From a table as read to a plan: who trains, which level, what speaks as evidence."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cistrace.cards.evidence import EvidenceKind
from cistrace.cards.known_effects import KnownEffects
from cistrace.errors import DataError
from cistrace.io.hashes import files_hash
from cistrace.io.streams import shown
from cistrace.io.workers import Workers, blocks
from cistrace.motifs.hit import MotifHit
from cistrace.mpra.associations import association_evidence, carried, design, fit_known_effects
from cistrace.mpra.evidence_table import (
    EvidenceOrigin,
    EvidenceTable,
    digests_of,
    load_evidence,
    save_evidence,
)
from cistrace.mpra.levels import cuts_from_levels, fixed_cuts, levels_of, quantile_cuts
from cistrace.mpra.loaded import UNKNOWN_LEVEL, LoadedTable
from cistrace.mpra.splits import Split, by_chromosome, by_column, by_homology, with_counts
from cistrace.mpra.table import MpraTable
from cistrace.reasonbench.subjects import (
    BLOCK,
    CardSetting,
    LabelledTable,
    scan_best,
    scanner,
)

if TYPE_CHECKING:
    from cistrace.towers.cross_fit import FoldTower

ASSOCIATIONS, NO_EVIDENCE, SHIPPED = "associations", "none", "shipped"
QUANTILES, COLUMN = "quantiles", "column"
TOWER_SOURCE: EvidenceKind = "towers"
DEFAULT_SHARE = 0.1

Show = Callable[[Iterable[Any], str], Iterator[Any]]
"""Wraps a stream of work, under a label, to show how far it is."""


@dataclass(frozen=True, eq=False)
class CardEvidence:
    """What cards will say beside their motifs.

    Attributes
    ----------
    evidence : EvidenceTable or None
    knowledge : KnownEffects or None
        None gives the paper's cards.
    name : str
        Where the evidence is from, for messages and the manifest.
    """

    evidence: EvidenceTable | None
    knowledge: KnownEffects | None
    name: str

    @property
    def source(self) -> str:
        """What a card calls the evidence."""
        return "" if self.evidence is None else self.evidence.about.source

    def plain(self) -> dict[str, str]:
        """For the manifest."""
        if self.evidence is None:
            return {"kind": NO_EVIDENCE}
        arrays = (self.evidence.estimates, self.evidence.contributions)
        digest = hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()
        return {"kind": self.source, "origin": self.name, "sha256": digest, "towers_sha256": self.evidence.about.towers}


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
        return by_column(measured)
    if rule == "homology":
        return by_homology(measured, shared_bases, _share(val, "val"), _share(test, "test"), seed)
    if rule is None and not val and not test and any(measured.table.splits):
        return with_counts(by_column(measured))
    if not val or not test:
        raise DataError(
            "splits: neither a split column nor chromosomes of val and test are there to say which rows train; "
            "expected one of three: --val chr19,chr21 --test chr5 (by chromosome), --split-column NAME, or --split "
            "homology (related sequences together); choose one"
        )
    return by_chromosome(measured, val, test)


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


def setting_of(observed: LabelledTable, spoken: CardEvidence) -> CardSetting:
    """What is the same for all rows of a table, from what speaks for it."""
    cuts = tuple((float(low), float(middle), float(high)) for low, middle, high in observed.cuts)
    return CardSetting(observed.table.cell_types, cuts, spoken.knowledge, spoken.source)


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


def all_hits(table: MpraTable, workers: Workers, progress: Show) -> Iterator[tuple[MotifHit, ...]]:
    """Hits of every row, in order."""
    found = workers.map(scan_best, blocks(table.sequences, 4 * BLOCK))
    for block in progress(found, "blocks of sequences scanned"):
        yield from block


def speak(
    observed: LabelledTable, kind: str, towers: str | None, kept: Path, workers: Workers,
    progress: Show,
) -> CardEvidence:  # fmt: skip
    """Evidence and knowledge for a table.

    Parameters
    ----------
    kind : str
        `associations`, `none`, or a file of evidence.
    towers : str or None
        `shipped`, or the folder of a training run; in the place of `kind`.
    kept : Path
        Where evidence of towers is kept for the next build.
    """
    if kind == NO_EVIDENCE and towers is None:
        return CardEvidence(None, None, NO_EVIDENCE)
    table = observed.table
    training = np.array([name == "train" for name in observed.splits], dtype=bool)
    hits = carried(all_hits(table, workers, progress), scanner().library)
    made = design(table, hits)
    knowledge = fit_known_effects(table, training, made)
    if towers is not None:
        evidence = _of_towers(table, training, towers, kept, workers, progress)
        return CardEvidence(evidence, knowledge, f"towers, {'shipped' if towers == SHIPPED else 'cross-fitted'}")
    if kind == ASSOCIATIONS:
        evidence = association_evidence(table, training, hits, made, _about(table, ASSOCIATIONS, ""))
        return CardEvidence(evidence, knowledge, "associations of the training rows, cross-fitted")
    return CardEvidence(load_evidence(Path(kind)), knowledge, shown(kind))


def _about(table: MpraTable, source: str, towers: str) -> EvidenceOrigin:
    reader = scanner()
    return EvidenceOrigin(table.cell_types, source, reader.library.version, reader.version, towers)


def _of_towers(
    table: MpraTable, training: np.ndarray, towers: str, kept: Path, workers: Workers,
    progress: Show,
) -> EvidenceTable:  # fmt: skip
    """Evidence of towers, taken from `kept` where it is of these towers, this table and these motifs."""
    from cistrace.towers.cross_fit import load_fold_towers, tower_evidence  # brings torch along

    if towers == SHIPPED:
        folds, digest = _shipped()
    else:
        folder = Path(towers)
        folds, digest = load_fold_towers(folder), files_hash(sorted(folder.glob("tower-fold*.safetensors")))
    unknown = [cell for cell in table.cell_types if cell not in folds[0].towers.cell_types]
    if unknown:
        raise DataError(
            f"towers: do not know {', '.join(unknown)}, only {', '.join(folds[0].towers.cell_types)}; expected towers "
            "trained on this table; use --evidence associations"
        )
    longest = max(map(len, table.sequences))
    if longest > folds[0].towers.window:
        raise DataError(
            f"towers: read {folds[0].towers.window} bp, but the table has sequences of up to {longest} bp; "
            "choose one length with --length, or use --evidence associations"
        )
    about = _about(table, TOWER_SOURCE, digest)
    if kept.exists():
        old = load_evidence(kept)
        if old.about == about and np.array_equal(old.digests, digests_of(table.sequences)):
            return old
    hits = list(all_hits(table, workers, progress))
    made = tower_evidence(table, hits, folds, about, progress)
    if towers == SHIPPED:
        made = on_scale_of(table, training, made)
    save_evidence(made, kept)
    return made


def _shipped() -> tuple[list[FoldTower], str]:
    from cistrace.checkpoints.load import load_checkpoint
    from cistrace.towers.cross_fit import FoldTower

    checkpoint = load_checkpoint()
    assert checkpoint.towers is not None  # the shipped one has them
    return [FoldTower(checkpoint.towers, frozenset())], checkpoint.hash


def on_scale_of(table: MpraTable, training: np.ndarray, made: EvidenceTable) -> EvidenceTable:
    """Evidence brought to the table's units: a line per cell type, fitted on the training rows.

    Another assay has another scale; two numbers a cell type cannot overfit the rows they are fitted on.
    """
    estimates, contributions = made.estimates.copy(), made.contributions.copy()
    for cell in range(len(table.cell_types)):
        rows = training & np.isfinite(table.activity[:, cell])
        slope, level = np.polyfit(made.estimates[rows, cell], table.activity[rows, cell], 1)
        estimates[:, cell] = level + slope * made.estimates[:, cell]
        contributions[:, cell] *= slope
    return replace(made, estimates=estimates, contributions=contributions)
