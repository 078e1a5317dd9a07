"""Explain: the score of any sequence model, told as a sum over the sites of each sequence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from cistrace.cards.cell_types import ALL, canonical_cell_types
from cistrace.cards.explanation import Explanation
from cistrace.cards.sites import sites_of
from cistrace.checkpoints.load import load_checkpoint
from cistrace.errors import InputError, ModelError
from cistrace.io.dna_sequence import DnaSequence
from cistrace.io.in_memory import SequenceInput, as_sequences
from cistrace.motifs.scanner import site_scanner
from cistrace.towers.fillings import Filling, NeutralBases, blanks
from cistrace.towers.ledger import Score, ledgers

TOGETHER = 32  # sequences that are explained at once


class Explainer:
    """Tells the score of a sequence model as a sum: what is left without any site, and what every site adds.

    Parameters
    ----------
    score : callable, optional
        Any model: a list of str to an array (N, cell types), log2(RNA/DNA). It is asked for about 22 sequences for each
        that is explained, and sees letters A, C, G and T alone where its input did. Unless given, the sequence model of
        a checkpoint.
    cell_types : str or several
        The columns of `score`, in their order; of a checkpoint's model any, or `all`.
    expressed : several str, optional
        Human symbols of the factors that the cells express: no other names a site.
    model : path, optional
        Folder of the checkpoint, as `Predictor` takes it; the shipped one unless given. Not read beside a `score`.

    Raises
    ------
    CellTypeError
        A cell type that the checkpoint does not know.
    ModelError
        A score without names of its columns, or a checkpoint without a sequence model.

    Examples
    --------
    >>> import numpy as np
    >>> def score(sequences):
    ...     return np.array([[float("TGACTCA" in bases)] for bases in sequences])
    >>> explainer = Explainer(score, "mine")
    >>> (found,) = explainer.explain("ACGT" * 10 + "ATGACTCATC" + "ACGT" * 10)
    >>> (ledger,) = found.ledgers
    >>> ledger.sites[0].site.archetype, ledger.sites[0].amount, ledger.total
    ('AP-1', 1.0, 1.0)
    """

    def __init__(
        self,
        score: Score | None = None,
        cell_types: str | Iterable[str] = ALL,
        expressed: Iterable[str] | None = None,
        model: str | Path | None = None,
    ) -> None:
        names = (cell_types,) if isinstance(cell_types, str) else tuple(cell_types)
        self._scanner = site_scanner()
        self._expressed = None if expressed is None else frozenset(expressed)
        self.window: int | None = None
        self._fill: Filling = blanks
        if score is None:
            checkpoint = load_checkpoint(None if model is None else Path(model))
            if checkpoint.towers is None:
                raise ModelError(f"explainer: {model or 'the shipped model'} has no sequence model; give a score")
            self._score: Score = checkpoint.towers.estimate
            self._columns, self.window = checkpoint.cell_types, checkpoint.window
            names = canonical_cell_types(names, checkpoint.cell_types)
        elif names == (ALL,):
            raise ModelError("explainer: found a score without cell_types, expected its columns' names; give them")
        else:
            self._score, self._columns, self._fill = score, names, NeutralBases(self._scanner)
        self.cell_types = names

    def __repr__(self) -> str:
        model = "shipped model" if self.window is not None else "model of one's own"
        return f"<Explainer, {model}: {', '.join(self.cell_types)}>"

    def explain(self, sequences: SequenceInput) -> list[Explanation]:
        """What every sequence's score is made of, in the order of the input.

        Parameters
        ----------
        sequences
            As `Predictor.predict` takes them.

        Raises
        ------
        InputError
            What `Predictor.predict` refuses, and a sequence longer than the window of the checkpoint's model.
        ModelError
            Scores of another shape than (N, cell types).
        """
        return list(self.stream(sequences))

    def stream(self, sequences: SequenceInput) -> Iterator[Explanation]:
        """Like `explain`, for any number of `sequences` in constant memory: each is checked as it is reached."""
        records = as_sequences(sequences)
        while block := list(islice(records, TOGETHER)):
            for record in block:
                self._check(record)
            bases = [record.bases for record in block]
            sites = [sites_of(hits, self._expressed) for hits in self._scanner.scan(bases)]
            for record, found in zip(block, ledgers(self._score, self._columns, bases, sites, self._fill), strict=True):
                by_name = {one.cell_type: one for one in found}
                yield Explanation(record, tuple(by_name[name] for name in self.cell_types))

    def _check(self, record: DnaSequence) -> None:
        if self.window is not None and len(record.bases) > self.window:
            raise InputError(
                f"{record.id}: found {len(record.bases)} bp, expected at most {self.window}; take the part that matters"
            )
