"""What cards will say beside their motifs: evidence and known effects for every row, from fits that never saw it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cistrace.cards.evidence import EvidenceKind
from cistrace.cards.known_effects import KnownEffects
from cistrace.engines.engine import Engine
from cistrace.engines.workers import blocks
from cistrace.errors import DataError
from cistrace.io.hashes import file_hash
from cistrace.io.streams import shown
from cistrace.io.track import Track
from cistrace.motifs.hit import MotifHit
from cistrace.mpra.associations import fit_associations
from cistrace.mpra.effects import carried_motifs, design_of
from cistrace.mpra.evidence_table import (
    EvidenceOrigin,
    EvidenceTable,
    digests_of,
    group_lines,
    load_evidence,
    save_evidence,
)
from cistrace.mpra.folds import Folds, deal_folds
from cistrace.mpra.hits import HitRows, hit_table
from cistrace.mpra.table import MpraTable
from cistrace.reasonbench.subjects import BLOCK, HitStage, LabelledTable, scanner

if TYPE_CHECKING:
    from cistrace.towers.evidence import Towers

ASSOCIATIONS: EvidenceKind = "associations"
NO_EVIDENCE: EvidenceKind = "none"
TOWERS: EvidenceKind = "towers"
SHIPPED, ADAPTED = "shipped", "adapted"


@dataclass(frozen=True, eq=False)
class CardEvidence:
    """What cards will say beside their motifs.

    Attributes
    ----------
    table : EvidenceTable or None
    known_effects : tuple of KnownEffects
        One a fold, then those of all training rows; none gives the paper's cards.
    folds : Folds or None
        Of the rows of the labelled table: which known effects a row's card has.
    name : str
        Where the evidence is from, for messages and the manifest.
    """

    table: EvidenceTable | None
    known_effects: tuple[KnownEffects, ...]
    folds: Folds | None
    name: str

    @property
    def source(self) -> str:
        """What a card calls the evidence."""
        return "" if self.table is None else self.table.about.source

    def plain(self) -> dict[str, object]:
        """For the manifest."""
        if self.table is None or self.folds is None:
            return {"kind": NO_EVIDENCE}
        arrays = self.table.arrays.values()
        return {
            "kind": self.source,
            "origin": self.name,
            "sha256": hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest(),
            "towers_sha256": self.table.about.towers,
            "folds": {"dealt": self.folds.rule, "count": self.folds.count, "torn_rows": int(self.folds.torn.sum())},
        }


def card_evidence(
    observed: LabelledTable, kind: str, towers: str | None, kept: Path, engine: Engine, progress: Track
) -> CardEvidence:
    """Evidence and known effects for a table.

    Parameters
    ----------
    kind : str
        An `EvidenceKind`, or a file of evidence.
    towers : str or None
        With the kind `towers`: `shipped`, `adapted`, or the folder of a training run.
    kept : Path
        Where evidence of towers is kept for the next build.

    Raises
    ------
    DataError
        No fit can leave a row's relatives out, a row was seen by every tower, or towers that do not fit the table.
    """
    if kind == NO_EVIDENCE:
        return CardEvidence(None, (), None, NO_EVIDENCE)
    table = observed.table
    training = np.array([name == "train" for name in observed.splits], dtype=bool)
    folds = deal_folds(table.sequences, table.chromosomes, training)
    library = scanner().library
    scanned = hit_table(_all_hits(table, engine, progress), library)
    hits = HitRows(scanned, library)
    fits = fit_associations(table, design_of(table.sequences, carried_motifs(hits, library)), folds)
    made = partial(CardEvidence, known_effects=fits.known_effects(table.cell_types), folds=folds)
    if kind == TOWERS:
        assert towers is not None
        evidence = _of_towers(table, folds, towers, kept, progress)
        return made(table=evidence, name=_called(table, towers))
    if kind == ASSOCIATIONS:
        evidence = fits.evidence(table.sequences, _origin(table, ASSOCIATIONS, ""), progress)
        return made(table=evidence, name="associations of the training rows, cross-fitted")
    return made(table=load_evidence(Path(kind)), name=shown(kind))


def _all_hits(table: MpraTable, engine: Engine, progress: Track) -> Iterator[tuple[MotifHit, ...]]:
    """Hits of every row, in order."""
    size = 4 * BLOCK
    found = engine.map(HitStage(), blocks(table.sequences, size))
    for _, block in progress(found, f"blocks of {size} sequences scanned", -(-len(table.sequences) // size)):
        yield from block


def _origin(table: MpraTable, source: str, towers: str) -> EvidenceOrigin:
    reader = scanner()
    return EvidenceOrigin(table.cell_types, source, reader.library.version, reader.version, towers)


def _of_towers(table: MpraTable, folds: Folds, towers: str, kept: Path, progress: Track) -> EvidenceTable:
    """Evidence of towers, taken from `kept` where it is of these towers, this table and these motifs."""
    from cistrace.towers.fold_towers import load_fold_towers, tower_evidence  # brings torch along

    if towers == SHIPPED:
        each, digest = _shipped()
        may_speak = np.ones((len(table), 1), dtype=bool)
    elif towers == ADAPTED:
        each, digest, may_speak = _adapted(table, folds)
    else:
        run = load_fold_towers(Path(towers))
        each, digest = run.towers, run.digest
        may_speak = run.dealt.may_speak(table)
    _check_fit(table, each[0])
    _check_unseen(table, may_speak)
    about = _origin(table, TOWERS, digest)
    if kept.exists():
        old = load_evidence(kept)
        if old.about == about and np.array_equal(old.digests, digests_of(table.sequences)):
            return old
    made = tower_evidence(table, each, may_speak, about, progress)
    if towers == SHIPPED:
        made = on_scale_of(table, folds, made)
    save_evidence(made, kept)
    return made


def _check_fit(table: MpraTable, towers: Towers) -> None:
    unknown = [cell for cell in table.cell_types if cell not in towers.cell_types]
    if unknown:
        raise DataError(
            f"towers: do not know {', '.join(unknown)}, only {', '.join(towers.cell_types)}; expected towers "
            "trained on this table; use --towers adapted or --evidence associations"
        )
    longest = max(map(len, table.sequences))
    if longest > towers.window:
        raise DataError(
            f"towers: read {towers.window} bp, but the table has sequences of up to {longest} bp; "
            "choose one length with --length, or use --evidence associations"
        )


def _check_unseen(table: MpraTable, may_speak: NDArray[np.bool_]) -> None:
    seen = np.flatnonzero(~may_speak.any(axis=1))
    if len(seen):
        raise DataError(
            f"towers: every one has seen {len(seen):,} of the {len(table):,} rows, first {table.names[seen[0]]!r}, or "
            "relatives of them (sharing 40 bases) or their chromosomes; expected one that saw none; leave these rows "
            "out, or use --evidence associations"
        )


def _called(table: MpraTable, towers: str) -> str:
    """What the evidence of towers is called; of the shipped ones, how much of the table they were fitted on."""
    if towers not in (SHIPPED, ADAPTED):
        return "towers, cross-fitted"
    from cistrace.checkpoints.schema import shipped_checkpoint
    from cistrace.checkpoints.seen import seen_by

    seen = seen_by(shipped_checkpoint(), table.sequences)
    told = "" if seen is None else f"; {int(seen.sum()):,} of {len(table):,} rows are elements that they were fitted on"
    return f"towers, {towers if towers == SHIPPED else 'adapted from the shipped ones, cross-fitted'}{told}"


def _adapted(table: MpraTable, folds: Folds) -> tuple[tuple[Towers, ...], str, NDArray[np.bool_]]:
    """The shipped LegNet with a last layer of the table's own, one a fold; a digest; and which speaks of which row."""
    from cistrace.checkpoints.schema import TOWER_FILES, shipped_checkpoint
    from cistrace.towers.adapt import adapted_by_fold
    from cistrace.towers.files import load_tower
    from cistrace.towers.legnet import LegNet

    path = shipped_checkpoint() / TOWER_FILES[0]
    tower = load_tower(path)
    assert isinstance(tower, LegNet)
    each, may_speak = adapted_by_fold(tower, table, folds)
    whole = hashlib.sha256(file_hash(path).encode())
    for array in (folds.own, folds.barred, table.activity):
        whole.update(np.ascontiguousarray(array).tobytes())
    return each, whole.hexdigest(), may_speak


def _shipped() -> tuple[tuple[Towers, ...], str]:
    from cistrace.checkpoints.load import load_checkpoint

    checkpoint = load_checkpoint()
    assert checkpoint.towers is not None  # the shipped one has them
    return (checkpoint.towers,), checkpoint.hash


def on_scale_of(table: MpraTable, folds: Folds, made: EvidenceTable) -> EvidenceTable:
    """Evidence brought to the table's units: a line per cell type and fold, from the rows that the fold may see.

    Another assay has another scale.
    """
    estimates, backdrops, interplay = made.estimates.copy(), made.backdrops.copy(), made.interplay.copy()
    amounts = made.amounts.copy()
    row_of = np.repeat(np.arange(len(table)), np.diff(made.first))
    for fold in np.unique(folds.own):
        mine, seen = folds.own == fold, folds.seen_by(int(fold))
        for cell in range(len(table.cell_types)):
            rows = seen[np.isfinite(table.activity[seen, cell])]
            slope, level = np.polyfit(made.estimates[rows, cell], table.activity[rows, cell], 1)
            estimates[mine, cell] = level + slope * made.estimates[mine, cell]
            backdrops[mine, cell] = level + slope * made.backdrops[mine, cell]
            interplay[mine, cell] *= slope
            amounts[mine[row_of], cell] *= slope
    line_of, lines = group_lines(table.sequences, backdrops, folds.own)
    return replace(
        made, estimates=estimates, backdrops=backdrops, interplay=interplay, amounts=amounts, line_of=line_of,
        lines=lines,
    )  # fmt: skip
