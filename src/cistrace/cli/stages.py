"""What commands have done with each block of their input, wherever an engine does it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from cistrace.cards.cell_types import canonical_cell_types
from cistrace.cards.evidence import PredictingEvidence
from cistrace.cards.windows import WindowChoice
from cistrace.cli.card_formats import CARD_FORMATS
from cistrace.engines.cores import cores, use_threads
from cistrace.engines.stage import STAYS, Stage
from cistrace.io.dna_sequence import DnaSequence
from cistrace.io.hashes import file_hash
from cistrace.predictions.table import prediction_object

if TYPE_CHECKING:
    from cistrace.cards.maker import CardMaker
    from cistrace.motifs.background import Background
    from cistrace.motifs.fimo import FimoBlock
    from cistrace.motifs.library import MotifLibrary
    from cistrace.motifs.scanner import Scanner
    from cistrace.predict import Predictor
    from cistrace.predictions.prediction import Prediction
    from cistrace.variants.effect import VariantEffect
    from cistrace.variants.scorer import VariantScorer
    from cistrace.variants.windows import PlacedVariant


@dataclass(frozen=True, eq=False)
class ScanStage(Stage[list[DnaSequence], "FimoBlock", "Scanner"]):
    """Sequences to what FIMO's table needs of them."""

    library: MotifLibrary
    background: Background
    p_threshold: float

    def open(self) -> Scanner:
        from cistrace.motifs.scanner import Scanner

        return Scanner(self.library, self.background, self.p_threshold)

    def work(self, task: list[DnaSequence]) -> list[FimoBlock]:
        from cistrace.motifs.fimo import fimo_block

        return [fimo_block(zip(task, self.opened.scan([one.bases for one in task]), strict=True))]


def _hash_of(model: Path | None) -> str:
    from cistrace.checkpoints.schema import checkpoint_hash  # for commands that open no model

    return checkpoint_hash(model)


@dataclass(frozen=True, eq=False)
class CardStage(Stage[list[DnaSequence], str, "CardMaker"]):
    """Sequences to the texts of their cards."""

    spreads: ClassVar[bool] = True

    evidence: PredictingEvidence
    model: Path | None
    threads: int | None
    device: str | None
    expressed: frozenset[str] | None
    cell_types: tuple[str, ...]
    windows: WindowChoice
    form: Literal["text", "json", "sharegpt"]

    def open(self) -> CardMaker:
        from cistrace.checkpoints.card_maker import open_card_maker

        if self.evidence == "towers":
            use_threads(self.threads)
        return open_card_maker(self.evidence, self.model, self.threads or cores(), self.expressed, self.device)

    def to_ask(self) -> Self:
        return replace(self, device=None)

    def identity(self) -> str:
        return _hash_of(self.model)

    def work(self, task: list[DnaSequence]) -> Iterator[str]:
        render, cells = CARD_FORMATS[self.form], canonical_cell_types(self.cell_types, self.opened.cell_types)
        for one in self.opened.cards(task, cells, self.windows):
            at = one.at
            yield render(at.sequence.id, (at.window.start, at.window.end), one.flags, one.card)


@dataclass(frozen=True, eq=False)
class PredictionStage(Stage[list[DnaSequence], "Prediction", "Predictor"]):
    """Sequences to predictions."""

    spreads: ClassVar[bool] = True

    model: Path | None
    threads: int | None
    device: str | None
    expressed: frozenset[str] | None
    cell_types: tuple[str, ...]
    trace: bool
    windows: WindowChoice
    within: Callable[[float, float], None] | None = field(default=None, metadata=STAYS)
    """Takes how many more sequences of a block are done, and how many it has."""

    def open(self) -> Predictor:
        from cistrace.predict import Predictor

        return Predictor(self.model, self.threads, self.device, expressed=self.expressed)

    def to_ask(self) -> Self:
        return replace(self, device=None)

    def identity(self) -> str:
        return _hash_of(self.model)

    def work(self, task: list[DnaSequence]) -> Iterator[Prediction]:
        cells = canonical_cell_types(self.cell_types, self.opened.cell_types)

        def written(traces: int) -> None:
            if self.within is not None:
                self.within(traces / len(cells), len(task))

        yield from self.opened.stream(task, cells, self.trace, self.windows, written)


@dataclass(frozen=True, eq=False)
class RowStage(Stage[list[DnaSequence], "dict[str, Any]", "Predictor"]):
    """Sequences to rows of a table of predictions."""

    spreads: ClassVar[bool] = True

    predictions: PredictionStage

    def open(self) -> Predictor:
        return self.predictions.opened

    def identity(self) -> str:
        return self.predictions.identity()

    def work(self, task: list[DnaSequence]) -> Iterator[dict[str, Any]]:
        return map(prediction_object, self.predictions.work(task))


@dataclass(frozen=True, eq=False)
class EffectStage(Stage[list["PlacedVariant"], "VariantEffect", "VariantScorer"]):
    """Variants to their effects."""

    spreads: ClassVar[bool] = True

    model: Path | None
    threads: int | None
    device: str | None
    expressed: frozenset[str] | None
    cell_types: tuple[str, ...]
    trace: bool
    shifts: int
    scale: Path | None

    def open(self) -> VariantScorer:
        from cistrace.variants.scorer import VariantScorer

        return VariantScorer(
            None, self.model, self.threads, self.device, expressed=self.expressed, windows=self.shifts, scale=self.scale
        )

    def to_ask(self) -> Self:
        return replace(self, device=None)

    def identity(self) -> str:
        model = _hash_of(self.model)
        return model if self.scale is None else f"{model} {file_hash(self.scale)}"

    def work(self, task: list[PlacedVariant]) -> Iterator[VariantEffect]:
        return self.opened.stream(task, self.cell_types, self.trace)
