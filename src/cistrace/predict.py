"""Predict: sequences to activities with reasons."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import get_args

import numpy as np
import torch
from numpy.typing import NDArray

from cistrace.cards.card import Card
from cistrace.cards.cell_types import ALL, canonical_cell_types
from cistrace.cards.composition import composition
from cistrace.cards.json import card_hash
from cistrace.cards.maker import BLOCK, CardMaker, WindowCards
from cistrace.cards.windows import (
    MINIMUM_KNOWN,
    SequenceWindow,
    WindowChoice,
    best_windows,
    flags,
    reported_windows,
    scored_windows,
)
from cistrace.checkpoints.head_inputs import head_inputs
from cistrace.checkpoints.load import Checkpoint, load_checkpoint
from cistrace.checkpoints.schema import Readout
from cistrace.engines.cores import use_threads
from cistrace.engines.side_by_side import one_at_a_time, side_by_side
from cistrace.errors import InputError, ModelError
from cistrace.io.dna_sequence import DnaSequence
from cistrace.io.in_memory import SequenceInput, as_sequences
from cistrace.predictions.ledger import ledger_of
from cistrace.predictions.prediction import Prediction, Provenance
from cistrace.predictions.predictions import Predictions
from cistrace.predictions.report import reported
from cistrace.towers.evidence import Towers
from cistrace.traces.grounded import write
from cistrace.traces.ledger import activity_of
from cistrace.traces.positions import moved_text
from cistrace.traces.text import read_trace, render_trace
from cistrace.traces.verify import verify
from cistrace.version import __version__
from cistrace.writers.arms import LEDGER
from cistrace.writers.layout import DOMAIN, prompt_of
from cistrace.writers.prompts import PROMPT_VERSION, Prompt, sequence_prompt
from cistrace.writers.reasoner import OnWritten
from cistrace.writers.telling import Told, tell

TOGETHER = 32  # windows in one pass of the reasoner
SLICE = 24  # windows that one thread works on at a time
GROUNDED = "grounded_trace"  # flag of a row whose trace the model could not write


@dataclass(frozen=True, eq=False)
class ScoredWindow:
    """A window's cards with the reasoner's word on them, one a cell type.

    Attributes
    ----------
    scores : list of float
    texts : list of str
        Traces; none where none were asked for.
    told : list of Told
        How they came about, where they tell ledgers; else none.
    """

    cards: WindowCards
    scores: list[float]
    texts: list[str]
    told: list[Told]


class Predictor:
    """A checkpoint ready to predict.

    Parameters
    ----------
    model : path, optional
        Folder of a checkpoint, as `cistrace export` writes it, or of a training run that is done; the shipped one
        unless given.
    threads : int, optional
        Cores to use; all that the process may use unless given.
    device : str, optional
        `cpu`, `cuda`, `cuda:1`, `mps`: where towers and language model compute. Unless given, on the CPU, but a chat
        model on a CUDA GPU where there is one. Another device than the one a model was calibrated on rounds
        differently: figures may differ in the last digits, and with them, now and then, a word of a trace.
    expressed : several str, optional
        Human symbols of the factors that the cells express (`cards.expression.read_expressed`): no other names a site.

    Raises
    ------
    InputError
        `threads` is less than 1, or the device cannot be used.
    ModelError
        A checkpoint that is missing, torn or of another version.

    Examples
    --------
    >>> predictor = Predictor()
    >>> prediction, = predictor.predict("ACGT" * 50, "K562")
    >>> prediction.cell_type
    'K562'
    """

    def __init__(
        self,
        model: str | Path | None = None,
        threads: int | None = None,
        device: str | None = None,
        expressed: Iterable[str] | None = None,
    ) -> None:
        use_threads(threads)
        self.model = None if model is None else Path(model)
        self.checkpoint: Checkpoint = load_checkpoint(self.model, device)
        self.cell_types = self.checkpoint.cell_types
        # One thread keeps a GPU busy, and operations of a large model keep all cores busy by themselves.
        small = self.checkpoint.interface.layout == DOMAIN and (device or "cpu") == "cpu"
        self._threads = torch.get_num_threads() if small else 1
        self._expressed = None if expressed is None else frozenset(expressed)
        self.tells = self.checkpoint.interface.arm == LEDGER
        self.writes = self.tells or "trace" in self.checkpoint.interface.readouts
        self.reads_card_alone = "card" in self.checkpoint.interface.readouts

    @cached_property
    def maker(self) -> CardMaker:
        """Makes the cards that the model reads; the towers' own number needs none."""
        checkpoint = self.checkpoint
        return CardMaker(self.cell_types, checkpoint.window, checkpoint.towers, checkpoint.settings, self._expressed)

    @cached_property
    def _provenance_of_towers(self) -> Provenance:
        """Of a prediction by the towers alone."""
        interface = self.checkpoint.interface
        return Provenance(__version__, self.checkpoint.hash[:16], None, None, None, interface.evidence)

    @cached_property
    def provenance(self) -> Provenance:
        """Of a prediction from a card; a trace's seed is not in it."""
        scanner = self.maker.scanner
        return replace(
            self._provenance_of_towers, motifs=scanner.library.version, scanner=scanner.version, prompt=PROMPT_VERSION
        )

    def __repr__(self) -> str:
        model = "shipped model" if self.model is None else f"model {self.model}"
        traces = "writes traces" if self.writes else "writes no traces"
        return (
            f"<Predictor, {model} {self._provenance_of_towers.checkpoint}: {', '.join(self.cell_types)}; "
            f"{self.checkpoint.window} bp, {traces}>"
        )

    def predict(
        self,
        sequences: SequenceInput,
        cell_types: str | Iterable[str] = ALL,
        trace: bool = True,
        windows: WindowChoice = "best",
    ) -> Predictions:
        """Predictions of every sequence in every cell type, in that order; a notebook shows them as a table.

        Parameters
        ----------
        sequences : str, DnaSequence, list, dict, Series, DataFrame, ...
            As `cistrace.io.in_memory.as_sequences` takes them: one sequence or several, a dict from ids to sequences,
            a Series, or a table with a column of sequences and perhaps one of ids. At least 20 letters of ACGT each.
            What has no id is named `seq1`, `seq2`, ... by its place. Ids may repeat: results come in the order of the
            input.
        cell_types : str or several
            `all`, or names as in `Predictor.cell_types`.
        trace : bool
            False gives the sequence model's own number and runs nothing else: no motif is sought, and `card` is None. A
            model without towers scores the card alone then, as one of an arm without traces always does.
        windows : `best` or `all`
            Of a sequence longer than the model's window: in each cell type the window of the highest activity, or
            every window with at least 20 letters of ACGT, by rising start, each in all cell types.

        Raises
        ------
        InputError
            What is no sequence or table of them; an item that is no DNA, is shorter than 20 bp or holds fewer than 20
            letters of ACGT; another word for `windows`.
        CellTypeError
            A cell type that the checkpoint does not know.
        ModelError
            No traces are asked of a model that has no other readout.
        """
        return Predictions(self.stream(list(as_sequences(sequences, MINIMUM_KNOWN)), cell_types, trace, windows))

    def stream(
        self,
        sequences: SequenceInput,
        cell_types: str | Iterable[str] = ALL,
        trace: bool = True,
        windows: WindowChoice = "best",
        on_written: OnWritten | None = None,
    ) -> Iterator[Prediction]:
        """Like `predict`, for any number of sequences in constant memory: each is checked as it is reached.

        Parameters
        ----------
        sequences, cell_types, trace, windows
            As in `predict`.
        on_written : callable, optional
            Called while a block is worked on, with how many more traces are written: one a window and cell type.

        Raises
        ------
        InputError, CellTypeError, ModelError
            As `predict`.
        """
        asked = [cell_types] if isinstance(cell_types, str) else cell_types
        cells = canonical_cell_types(asked, self.cell_types)
        if windows not in get_args(WindowChoice):
            raise InputError(
                f"windows: found {windows!r}, expected {' or '.join(get_args(WindowChoice))}; name one of these"
            )
        readout, records = self.readout(trace), as_sequences(sequences, MINIMUM_KNOWN)
        towers = self.checkpoint.towers
        if not trace and readout == "towers" and towers is not None:
            return self._by_towers(towers, records, cells, windows)
        return self._from_cards(records, cells, trace and self.writes, windows, on_written)

    def readout(self, trace: bool) -> Readout:
        """What predictions with or without traces are read from.

        Raises
        ------
        ModelError
            `trace` is false, and the model has no towers and was trained to score at the end of a trace alone.
        """
        if trace and not self.tells:
            return "trace" if self.writes else "card"
        if self.checkpoint.towers is None and not self.reads_card_alone:
            raise ModelError(
                "this model was not trained to score the card alone (recipe: regression.without_trace 0), and no "
                "traces are asked for; expected traces; leave --no-trace (trace=False) out"
            )
        return "card" if self.checkpoint.towers is None else "towers"

    def _by_towers(
        self, towers: Towers, records: Iterable[DnaSequence], cells: tuple[str, ...], windows: WindowChoice
    ) -> Iterator[Prediction]:
        """The estimator tower's own activities; nothing else is run."""
        size = self.checkpoint.window
        columns = [self.cell_types.index(cell) for cell in cells]

        def read(several: Sequence[SequenceWindow]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
            parts = ([at.bases for at in several[begin : begin + SLICE]] for begin in range(0, len(several), SLICE))
            readings = list(side_by_side(towers.reading, parts, self._threads))
            activities = np.concatenate([one.activities[:, columns] for one in readings])
            return activities, np.concatenate([one.distances for one in readings])

        described: tuple[SequenceWindow, tuple[str, ...]] | None = None  # cell types mostly share a window
        for at, cell, activity, distance in scored_windows(records, size, windows, read, BLOCK):
            if described is None or described[0] is not at:
                described = at, flags(at, size, composition(at.bases), None)
            yield reported(
                self.checkpoint, "towers", at, cells[cell], activity, distance, described[1],
                self._provenance_of_towers,
            )  # fmt: skip

    def _from_cards(
        self, records: Iterable[DnaSequence], cells: tuple[str, ...], trace: bool, windows: WindowChoice,
        on_written: OnWritten | None,
    ) -> Iterator[Prediction]:  # fmt: skip
        asked_windows = reported_windows(
            records, self.maker.window, len(cells),
            None if windows == "all" else lambda sequence: self._choose(sequence, cells),
        )  # fmt: skip
        if trace or not self.tells:
            self.checkpoint.open_reasoner()
        slices = iter(lambda: list(islice(asked_windows, SLICE * len(cells))), [])
        written = one_at_a_time(on_written)
        yield from chain.from_iterable(
            side_by_side(lambda block: self._of_windows(block, cells, trace, written), slices, self._threads)
        )

    def _of_windows(
        self, block: list[tuple[SequenceWindow, int]], cells: tuple[str, ...], trace: bool, on_written: OnWritten | None
    ) -> list[Prediction]:  # fmt: skip
        wanted = list(dict.fromkeys(at for at, _ in block))
        scored = self.score(list(self.maker.window_cards(wanted, cells)), cells, trace, on_written)
        of_window = dict(zip(wanted, scored, strict=True))
        return [self.prediction(of_window[at], cell, cells, trace) for at, cell in block]

    def _choose(self, sequence: DnaSequence, cells: tuple[str, ...]) -> list[SequenceWindow]:
        """In each cell type the window of the highest activity: by the towers, or without them by the scores."""
        if self.maker.model is not None:
            return self.maker.choose(sequence, cells)
        return best_windows(sequence, self.maker.window, len(cells), lambda found: self._fast_scores(found, cells))

    def _fast_scores(self, windows: Sequence[SequenceWindow], cells: tuple[str, ...]) -> NDArray[np.float64]:
        """Scores of windows from their cards alone, or with traces where the model cannot do without: (N, cells)."""
        scored = self.score(list(self.maker.window_cards(windows, cells)), cells, not self.reads_card_alone)
        return np.array([one.scores for one in scored])

    def _prompt(self, card: Card) -> Prompt:
        interface = self.checkpoint.interface
        if interface.arm == "sequence":
            return sequence_prompt(card.bases, card.cell_type)
        return prompt_of(interface.layout, card)

    def _draft(self, card: Card) -> str:
        """What a trace of the card may come to be: the grounded writer's, of an evidence card."""
        return "" if card.ledger is None else render_trace(write(card))

    def score(
        self, windows: list[WindowCards], cells: tuple[str, ...], trace: bool, on_written: OnWritten | None = None
    ) -> list[ScoredWindow]:
        """Let the reasoner read `windows` of like length together; results, in `cells`, in the given order.

        Traces are written where `trace`; `on_written` as in `stream`.
        """
        order = sorted(range(len(windows)), key=lambda at: len(windows[at].cards[0].sites or windows[at].cards[0].hits))
        scored: list[ScoredWindow | None] = [None] * len(windows)
        for begin in range(0, len(order), TOGETHER):
            places = order[begin : begin + TOGETHER]
            block = [windows[at] for at in places]
            say = self._ledgers if self.tells else self._word
            word = say(block, cells, trace, on_written)
            for at, one in zip(places, word, strict=True):
                scored[at] = one
        return [entry for entry in scored if entry is not None]

    def _word(
        self, windows: list[WindowCards], cells: tuple[str, ...], trace: bool, on_written: OnWritten | None
    ) -> list[ScoredWindow]:
        """Scores by the head, with what it read of traces."""
        prompts, features = self.inputs(windows, cells)
        drafts = [[self._draft(card) for card in one.cards] for one in windows] if trace else None
        reasoned = self.checkpoint.reasoner.reason(prompts, features, write=trace, on_written=on_written, drafts=drafts)
        return [ScoredWindow(*one, []) for one in zip(windows, reasoned.scores.tolist(), reasoned.texts, strict=True)]

    def _ledgers(
        self, windows: list[WindowCards], cells: tuple[str, ...], trace: bool, on_written: OnWritten | None
    ) -> list[ScoredWindow]:
        """Scores that are what the traces' ledgers add up to, or, without traces, the towers' own."""
        if not trace:
            columns = [self.cell_types.index(cell) for cell in cells]
            estimates = self._estimates(windows)[:, columns].tolist()
            return [ScoredWindow(one, scores, [], []) for one, scores in zip(windows, estimates, strict=True)]
        prompts, _ = self.inputs(windows, cells)
        told = tell(self.checkpoint.reasoner, prompts, [one.cards for one in windows], on_written)
        texts = [[one.text for one in row] for row in told]
        scores = [[activity_of(read_trace(text).trace.steps) for text in row] for row in texts]
        return [ScoredWindow(*one) for one in zip(windows, scores, texts, told, strict=True)]

    def inputs(self, windows: list[WindowCards], cells: tuple[str, ...]) -> tuple[list[list[Prompt]], torch.Tensor]:
        """What the reasoner reads of `windows` in `cells`: prompts (N, cells), and features, float32 (N, cells, 2)."""
        columns = [self.cell_types.index(cell) for cell in cells]
        prompts = [[self._prompt(card) for card in one.cards] for one in windows]
        return prompts, head_inputs(self._estimates(windows), self.checkpoint)[:, columns]

    def _estimates(self, windows: list[WindowCards]) -> NDArray[np.float32]:
        """The towers' activities of windows, (N, cell types); zeros without towers."""
        blank = np.zeros(len(self.cell_types), dtype=np.float32)
        return np.stack([blank if one.evidence is None else one.evidence.estimates for one in windows])

    def prediction(self, scored: ScoredWindow, cell: int, cells: tuple[str, ...], trace: bool) -> Prediction:
        """What is reported of a `scored` window in one of `cells`, at place `cell`, with or without its `trace`."""
        found = self.maker.window_card(scored.cards, cell, cells)
        readout: Readout = "towers" if self.tells else "trace" if trace else "card"
        evidence = scored.cards.evidence
        told = reported(
            self.checkpoint, readout, found.at, cells[cell], scored.scores[cell],
            math.nan if evidence is None else evidence.distance, found.flags, self.provenance,
        )  # fmt: skip
        told = replace(told, card=found.card, card_hash=card_hash(found.card))
        if not trace:
            return told
        start = found.at.window.start
        text = moved_text(scored.texts[cell], start)
        read = read_trace(text)
        by = scored.told[cell].by if self.tells else "model"
        return replace(
            told,
            flags=(*told.flags, GROUNDED) if by == "grounded writer" else told.flags,
            provenance=replace(told.provenance, seed=self.checkpoint.reasoner.seed),
            trace=None if read.faults else read.trace,
            trace_text=text,
            written_by=by,
            verification=verify(text, found.card, start),
            ledger=ledger_of(read.trace) if self.tells else None,
        )
