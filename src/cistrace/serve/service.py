"""A model that answers questions: what the server and the tools for assistants have in common."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from cistrace.cards.cell_types import ALL, canonical_cell_types
from cistrace.cards.evidence import PredictingEvidence
from cistrace.cards.json import window_card_object
from cistrace.cards.maker import CardMaker
from cistrace.cards.windows import WindowChoice
from cistrace.checkpoints.card_maker import open_card_maker
from cistrace.errors import RecordError
from cistrace.explain.explainer import Explainer
from cistrace.io.dna_sequence import DnaSequence
from cistrace.io.hashes import json_hash
from cistrace.motifs.background import load_background
from cistrace.motifs.library import load_library
from cistrace.motifs.scanner import Scanner
from cistrace.predict import Predictor
from cistrace.predictions.prediction import Prediction
from cistrace.reward.explanation import RewardExplanation
from cistrace.reward.reward import Reward
from cistrace.serve.answers import explanation_object, hit_objects
from cistrace.serve.requests import AllelePair, RewardQuestion
from cistrace.variants.reading import VariantReader
from cistrace.variants.scorer import VariantScorer
from cistrace.variants.table import effect_object
from cistrace.writers.reasoner import OnWritten

KINDS_OF_REWARD, KEPT_REWARDS = 8, 10_000  # rewards of other settings that are kept; sequences that each remembers
EXAMPLE = "ACGTTGCAAGTCCGATAGCTTGCACCGTATTAGC"  # any sequence of which something is to be said


class Service:
    """One model, loaded once, and what it is asked for. Not meant for two threads at once.

    Parameters
    ----------
    model, threads, expressed
        As `Predictor` takes them.
    genome : path, optional
        FASTA that places of variants are of; without one they are given as pairs of sequences.

    Raises
    ------
    InputError, ModelError
        As `Predictor`.
    """

    def __init__(
        self,
        model: Path | None = None,
        threads: int | None = None,
        expressed: Iterable[str] | None = None,
        genome: Path | None = None,
    ) -> None:
        self._threads, self._genome = threads, genome
        self._expressed = None if expressed is None else frozenset(expressed)
        self.predictor = Predictor(model, threads, expressed=self._expressed)

    def warm(self) -> None:
        """Load what the first question would have to wait for."""
        self.predictor.predict(EXAMPLE, self.predictor.cell_types[0], self.predictor.writes)

    @property
    def window(self) -> int:
        """The longest sequence that the model reads at once, bp."""
        return self.predictor.checkpoint.window

    def cells(self, cell_types: Sequence[str]) -> tuple[str, ...]:
        """Names as the model spells them.

        Raises
        ------
        CellTypeError
            One that it does not know.
        """
        return canonical_cell_types(cell_types, self.predictor.cell_types)

    def predictions(
        self, records: Sequence[DnaSequence], cells: Sequence[str], trace: bool, windows: WindowChoice,
        on_written: OnWritten | None = None,
    ) -> list[Prediction]:  # fmt: skip
        """As `Predictor.stream`.

        Raises
        ------
        InputError, CellTypeError, ModelError
            As `Predictor.stream`.
        """
        return list(self.predictor.stream(list(records), cells, trace, windows, on_written))

    def cards(
        self, records: Sequence[DnaSequence], cells: Sequence[str], evidence: PredictingEvidence, windows: WindowChoice
    ) -> list[dict[str, Any]]:
        """Lines of `cistrace card --format json`."""
        maker = self.predictor.maker if evidence == "towers" else self._paper_cards
        found = maker.cards(records, canonical_cell_types(cells, maker.cell_types), windows)
        return [
            window_card_object(one.at.sequence.id, (one.at.window.start, one.at.window.end), one.flags, one.card)
            for one in found
        ]

    def explanations(self, records: Sequence[DnaSequence], cells: Sequence[str]) -> list[dict[str, Any]]:
        """What every sequence's score is made of, in each of `cells`, over all its sites.

        Raises
        ------
        InputError
            A sequence longer than the model's window.
        ModelError
            The model has no sequence model.
        """
        rows = map(explanation_object, self._explainer.explain(list(records)))
        return [{**row, "ledgers": _of_cells(row["ledgers"], cells)} for row in rows]

    def effects(
        self, variants: Sequence[AllelePair | str], cells: Sequence[str], trace: bool
    ) -> list[dict[str, Any]]:  # fmt: skip
        """Lines of `cistrace variants -o FILE.jsonl`.

        Raises
        ------
        InputError
            A variant that cannot be used; a place, and there is no genome.
        ModelError
            The model has no sequence model.
        """
        reader = VariantReader(self.window)
        try:
            placed = [
                one if isinstance(one, str) else next(reader.pairs([(one.id, one.ref, one.alt)])) for one in variants
            ]
            return [effect_object(one) for one in self._scorer.score(placed, cells, trace)]
        except RecordError as error:
            raise RecordError(error.record, error.reason) from None  # a question has no lines

    def rewards(self, question: RewardQuestion, sequences: Sequence[str]) -> list[RewardExplanation]:
        """Rewards of some of a question's sequences.

        Raises
        ------
        InputError, CellTypeError, ModelError
            As `Reward`.
        """
        asked = question.model_dump(exclude={"sequences", "explain", "traces"})
        key = json_hash(asked)
        if key not in self._rewards:
            reward = Reward(
                **asked, kept=KEPT_REWARDS, model=self.predictor.model, threads=self._threads, expressed=self._expressed
            )
            if len(self._rewards) == KINDS_OF_REWARD:
                del self._rewards[next(iter(self._rewards))]
            self._rewards[key] = reward
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # the answer says of each what is wrong
            return self._rewards[key].explain(sequences, question.explain and question.traces)

    def hits(self, records: Sequence[DnaSequence], p_threshold: float) -> list[dict[str, Any]]:
        """Rows of `cistrace scan`; a threshold above the default is no question that it has an answer for."""
        return hit_objects(_passing(self._scanner.iter_hits(records), p_threshold))

    @cached_property
    def _rewards(self) -> dict[str, Reward]:
        return {}

    @cached_property
    def _scanner(self) -> Scanner:
        return Scanner(load_library(), load_background("fimo"))

    @cached_property
    def _paper_cards(self) -> CardMaker:
        return open_card_maker("none", self.predictor.model, expressed=self._expressed)

    @cached_property
    def _scorer(self) -> VariantScorer:
        return VariantScorer(self._genome, self.predictor.model, self._threads, expressed=self._expressed)

    @cached_property
    def _explainer(self) -> Explainer:
        return Explainer(cell_types=ALL, expressed=self._expressed, model=self.predictor.model, threads=self._threads)


def _of_cells(ledgers: list[dict[str, Any]], cells: Sequence[str]) -> list[dict[str, Any]]:
    by_name = {one["cell_type"]: one for one in ledgers}
    return [by_name[cell] for cell in cells]


def _passing(scanned: Iterator[tuple[DnaSequence, Any]], p_threshold: float) -> Iterator[tuple[DnaSequence, Any]]:
    for record, hits in scanned:
        yield record, tuple(hit for hit in hits if hit.p_value <= p_threshold)
