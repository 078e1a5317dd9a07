"""Explain: the score of any sequence model, told as a sum over the sites of each sequence, and base by base."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import islice
from pathlib import Path

import torch

from cistrace.cards.cell_types import ALL, canonical_cell_types
from cistrace.cards.explanation import Explanation
from cistrace.cards.ledger import Ledger
from cistrace.cards.sites import Site, sites_of
from cistrace.checkpoints.load import load_checkpoint
from cistrace.engines.cores import use_threads
from cistrace.errors import InputError, ModelError
from cistrace.explain.base_effects import BaseEffects
from cistrace.explain.mutagenesis import AskedModel, base_effects
from cistrace.io.dna_sequence import DnaSequence
from cistrace.io.in_memory import SequenceInput, as_sequences
from cistrace.motifs.scanner import Scanner, site_scanner
from cistrace.towers.fillings import Filling, NeutralBases, blanks
from cistrace.towers.ledger import Score, ledgers

TOGETHER = 32  # sequences that are explained at once


class Explainer:
    """Tells what a sequence model's score is made of.

    `explain` tells it as a sum: what is left without any site, and what every site adds. `bases` tells what every base
    adds, and what each other base in its place would change.

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
    threads : int, optional
        Cores to use; all that the process may use unless given. A `score` of one's own is called from one thread.

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
        threads: int | None = None,
    ) -> None:
        names = (cell_types,) if isinstance(cell_types, str) else tuple(cell_types)
        self._expressed = None if expressed is None else frozenset(expressed)
        if score is None:
            use_threads(threads)
            checkpoint = load_checkpoint(None if model is None else Path(model))
            if checkpoint.towers is None:
                raise ModelError(f"explainer: {model or 'the shipped model'} has no sequence model; give a score")
            self._columns = checkpoint.cell_types
            names = canonical_cell_types(names, self._columns)
            asked = tuple(self._columns.index(name) for name in names)
            towers, cores = checkpoint.towers, torch.get_num_threads()
            self._model = AskedModel(towers.estimate, asked, names, checkpoint.window, towers, cores)
        elif names == (ALL,):
            raise ModelError("explainer: found a score without cell_types, expected its columns' names; give them")
        else:
            self._columns = names
            self._model = AskedModel(score, tuple(range(len(names))), names)
        self.cell_types = names
        self.window = self._model.window

    @cached_property
    def _scanner(self) -> Scanner:
        return site_scanner()

    @cached_property
    def _fill(self) -> Filling:
        return NeutralBases(self._scanner) if self._model.towers is None else blanks

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
            for record, found in zip(block, self._ledgers(bases, sites), strict=True):
                by_name = {one.cell_type: one for one in found}
                yield Explanation(record, tuple(by_name[name] for name in self.cell_types))

    def bases(self, sequences: SequenceInput) -> list[BaseEffects]:
        """What every base of every sequence does, in the order of the input.

        Sequences may have any length: longer ones than the model's window are read in windows that overlap by half.

        Parameters
        ----------
        sequences
            As `Predictor.predict` takes them.

        Raises
        ------
        InputError
            What `Predictor.predict` refuses.
        ModelError
            Scores of another shape than (N, cell types).
        """
        return list(self.stream_bases(sequences))

    def stream_bases(self, sequences: SequenceInput) -> Iterator[BaseEffects]:
        """Like `bases`, for any number of `sequences` in constant memory: each is checked as it is reached."""
        for record in as_sequences(sequences):
            yield base_effects(self._model, record)

    def _ledgers(self, bases: list[str], sites: list[tuple[Site, ...]]) -> list[tuple[Ledger, ...]]:
        return ledgers(self._model.score, self._columns, bases, sites, self._fill)

    def _check(self, record: DnaSequence) -> None:
        if self.window is not None and len(record.bases) > self.window:
            raise InputError(
                f"{record.id}: found {len(record.bases)} bp, expected at most {self.window}; take the part that matters"
            )
