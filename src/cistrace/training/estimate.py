"""What a training would take, before any of it: parameters, tokens, memory, hours. Estimates, and their rules.

Operations: 6 a parameter and token for full training (2 forward, 4 backward), 4 where only adapters learn, 2 more with
gradient checkpointing (Kaplan et al. 2020; Korthikanti et al. 2022). Memory: weights, gradients and AdamW's two
moments of what learns, and activations of one micro-batch: 34 bytes a token, hidden unit and layer, 2 with gradient
checkpointing (Korthikanti et al. 2022, attention's own left out, as its kernels do not keep it). Hours: at UTILISATION
of a device's dense bf16 peak. Token counts come from a sample of the data set's own cards and traces.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerBase, Qwen3Config

from cistrace.errors import CistraceError, DataError, ModelError
from cistrace.motifs.library import load_library
from cistrace.reasonbench.dataset import DataSet
from cistrace.reasonbench.entries import Entry, read_entries
from cistrace.towers.precision import usable_here, use_bf16
from cistrace.towers.recipe import AdaptRecipe, Precision
from cistrace.traces.templates import THINK_END
from cistrace.training.adapt import chooser_of
from cistrace.training.language_models import COMPACT, SMOLLM2, smollm2_file
from cistrace.training.recipe import LoraRecipe, Recipe
from cistrace.writers.arms import LEDGER
from cistrace.writers.compact_model import LanguageModelShape, new_language_model
from cistrace.writers.layout import DOMAIN, ChatLayout, DomainLayout, Layout, prompt_of
from cistrace.writers.tokenizer import build_tokenizer
from cistrace.writers.vocabulary import VocabularyNames

SAMPLE = 200  # entries that are counted
UTILISATION = 0.4
SECONDS_A_ROW = 0.027  # of a pass in which LegNet (0.017) and the light tower learn on, float32 on a core without bf16
QUICK = 2e10  # operations a second, above which a larger product is timed
PEAKS = {"H100": 989e12, "A100": 312e12, "RTX 4090": 165e12}  # dense bf16 operations a second, as their makers state
CHARACTERS = 2.1  # a token, of cards and traces under byte-level BPE, where the tokenizer is not at hand
# Shapes of bases that recipes name, as their published configurations have them: a plan needs no weights.
SHAPES = {
    "Qwen/Qwen3-4B-Instruct-2507": Qwen3Config(
        vocab_size=151_936, hidden_size=2_560, intermediate_size=9_728, num_hidden_layers=36, num_attention_heads=32,
        num_key_value_heads=8, head_dim=128, tie_word_embeddings=True, max_position_embeddings=262_144,
    )
}  # fmt: skip


@dataclass(frozen=True)
class Size:
    """A model's parameters, those of its LoRA adapters, hidden units and layers."""

    parameters: int
    adapters: dict[str, int]
    hidden: int
    layers: int


@dataclass(frozen=True)
class Stage:
    """What one stage takes: rows (texts) a pass, mean tokens a text, passes, bytes, operations."""

    name: str
    rows: int
    tokens_a_text: float
    passes: float
    trained: int
    bytes: float
    operations: float

    @property
    def tokens(self) -> float:
        return self.rows * self.tokens_a_text * self.passes


def estimate_of(recipe: Recipe, data: DataSet, stage: str) -> str:
    """The plan as text, one line a fact.

    Raises
    ------
    ModelError
        The base's configuration is nowhere to be found.
    DataError
        The data set has no traces to count.
    """
    size = size_of(recipe, data)
    counted, exact = tokens_of(recipe, data)
    found = list(_stages(recipe, data, size, counted, stage))
    words = "counted with its tokenizer" if exact else f"taken as {CHARACTERS} characters each"
    lines = [
        f"recipe {recipe.name}, base {recipe.model.base}, data set {data.folder}",
        f"model: {size.parameters:,} parameters, weights in {recipe.model.weights}; tokens are {words}",
    ]
    lines += [_line(one, recipe) for one in found]
    if recipe.adapt.wanted and stage in ("tower", "all"):
        return "\n".join([*lines, _adapted_line(recipe.adapt, data)])
    if recipe.cards.evidence == "towers" and stage in ("tower", "all"):
        passes = f"{recipe.tower.light.epochs} passes each (LegNet {recipe.tower.legnet.epochs})"
        if recipe.tower.pretraining.sites is not None:
            lines.append(f"before them LegNet, {recipe.tower.pretraining.epochs} passes over the table of sites")
        lines.append(f"towers: {recipe.tower.folds + 2}, {passes}, about 1.5 min a pass of 30,000 rows on one core")
    return "\n".join(lines)


def _adapted_line(recipe: AdaptRecipe, data: DataSet) -> str:
    rows = len(data.places("train"))
    by_folds = chooser_of(data, recipe) == "folds"
    times = recipe.folds if by_folds else 1  # those that leave a fold out learn from (folds - 1) / folds, then all do
    minutes = times * recipe.epochs * rows * SECONDS_A_ROW / 60
    chosen = f"{recipe.folds} folds choose" if by_folds else "val chooses"
    return (
        f"towers: adapted, {recipe.epochs} passes of the whole at most, {chosen}; up to {minutes:.0f} min on one core"
    )


def size_of(recipe: Recipe, data: DataSet) -> Size:
    """Count parameters without making any."""
    if recipe.model.base == COMPACT:
        tokenizer = build_tokenizer(VocabularyNames.of(load_library(), data.cell_types, data.window))
        with torch.device("meta"):
            model = new_language_model(tokenizer, LanguageModelShape(), 0)
    else:
        with torch.device("meta"):
            model = AutoModelForCausalLM.from_config(_config(recipe.model.base))
    linear = [
        (module.in_features, module.out_features)
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and name != "lm_head"
    ]
    adapters = {name: _adapters(linear, lora) for name, lora in _loras(recipe).items()}
    weights = {id(weight): weight.numel() for weight in model.parameters()}
    return Size(sum(weights.values()), adapters, model.config.hidden_size, model.config.num_hidden_layers)


def _loras(recipe: Recipe) -> dict[str, LoraRecipe]:
    return {"rationale": recipe.rationale.lora, "regression": recipe.regression.lora}


def _adapters(linear: list[tuple[int, int]], lora: LoraRecipe) -> int:
    return sum(lora.rank * (inputs + outputs) for inputs, outputs in linear)


def _config(base: str) -> object:
    place, gguf = (base, None) if base != SMOLLM2 else smollm2_file()
    try:
        return AutoConfig.from_pretrained(place, gguf_file=gguf, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError) as error:
        if base in SHAPES:
            return SHAPES[base]
        raise ModelError(
            f"base model {base}: its configuration is not on this machine; expected it for a plan; name a local folder"
        ) from error


def tokens_of(recipe: Recipe, data: DataSet) -> tuple[tuple[float, float], bool]:
    """Mean tokens of a prompt and of a trace, over a sample, and whether a tokenizer counted them."""
    entries = _sample(data)
    layout = _layout(recipe, data)
    pairs = [_length(entry, recipe, layout) for entry in entries]
    prompt, trace = (sum(column) / len(pairs) for column in zip(*pairs, strict=True))
    return (prompt, trace), layout is not None


def traces(data: DataSet) -> int:
    """How many traces the data set has to train on."""
    with (data.folder / "train.jsonl").open("rb") as handle:
        return sum(1 for _ in handle)


def _sample(data: DataSet) -> list[Entry]:
    path = data.folder / "train.jsonl"
    entries = list(islice(read_entries(path), SAMPLE)) if path.exists() else []
    if not entries:
        raise DataError(
            f"{path}: holds no traces to count; expected some; build the data set with --all or --per-level"
        )
    return entries


def _layout(recipe: Recipe, data: DataSet) -> Layout | None:
    if recipe.model.base == COMPACT:
        return DomainLayout(build_tokenizer(VocabularyNames.of(load_library(), data.cell_types, data.window)))
    place, gguf = (recipe.model.base, None) if recipe.model.base != SMOLLM2 else smollm2_file()
    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
            place, gguf_file=gguf, local_files_only=True, trust_remote_code=False
        )
    except (OSError, ValueError):
        return None
    return ChatLayout(tokenizer)


def _length(entry: Entry, recipe: Recipe, layout: Layout | None) -> tuple[float, float]:
    if layout is None:
        return (len(entry.system) + len(entry.card)) / CHARACTERS, len(entry.trace) / CHARACTERS
    try:
        card = entry.parsed_card()
    except CistraceError as error:
        raise DataError(f"entry {entry.id}: {error}") from error
    shared, own = layout.prompt_ids(prompt_of(recipe.model.layout, card))
    return len(shared) + len(own), len(layout.reasoning_ids(entry.trace.partition(THINK_END)[0])) + 4


def _stages(recipe: Recipe, data: DataSet, size: Size, counted: tuple[float, float], stage: str) -> Iterator[Stage]:
    cells = len(data.cell_types)
    every = (
        len(data.places("train")) if recipe.cards.rows is None else min(recipe.cards.rows, len(data.places("train")))
    )
    first, second = recipe.rationale, recipe.regression
    whole = sum(counted)
    if stage in ("rationale", "all"):
        most = recipe.cards.pieces if first.pieces is None else first.pieces
        taught = cells * min(first.rows or every, every) if recipe.cards.evidence == "towers" else traces(data)
        rows = taught + cells * min(recipe.cards.pieces, most, every)
        yield _stage("rationale", rows, whole, first.epochs, first.method, first.batch_size, recipe, size, cells)
    if stage in ("regression", "all") and second.arm != LEDGER:
        reads = counted[0] if second.arm in ("sequence", "card") else whole
        rows = cells * min(second.rows or every, every)
        yield _stage("regression", rows, reads, second.epochs, second.method, second.batch_size, recipe, size, cells)


def _stage(
    name: str, rows: int, tokens: float, passes: float, method: str, batch: int, recipe: Recipe, size: Size, cells: int
) -> Stage:
    lora = method == "lora"
    trained = size.adapters[name] if lora else size.parameters
    width = 2 if recipe.model.weights == "bfloat16" else 4
    texts = batch * (cells if recipe.model.layout == DOMAIN else 1)
    saved = 2 if recipe.model.gradient_checkpointing else 34
    activations = saved * texts * tokens * size.hidden * size.layers
    # Texts of one sequence share their prompt in the domain layout: an upper bound there.
    held = size.parameters * width + trained * (16 if lora else 3 * width) + activations
    operations = (4 if lora else 6) + (2 if recipe.model.gradient_checkpointing else 0)
    return Stage(name, rows, tokens, passes, trained, held, operations * size.parameters * rows * tokens * passes)


def _line(stage: Stage, recipe: Recipe) -> str:
    spent = {name: stage.operations / peak / UTILISATION / 3600 for name, peak in PEAKS.items()}
    hours = ", ".join(f"{value:,.1f} h on one {name}" for name, value in spent.items())
    here = stage.operations / own_speed(recipe.model.precision) / 3600
    share = f" ({stage.trained / 1e6:,.1f} M parameters in adapters)" if _is_lora(stage, recipe) else ""
    return (
        f"{stage.name}: {stage.rows:,} texts of {stage.tokens_a_text:,.0f} tokens, {stage.passes:g} passes, "
        f"{stage.tokens / 1e6:,.1f} M tokens{share}; {stage.bytes / 2**30:,.1f} GiB; about {hours}, {here:,.1f} h here"
    )


def _is_lora(stage: Stage, recipe: Recipe) -> bool:
    return {"rationale": recipe.rationale.method, "regression": recipe.regression.method}[stage.name] == "lora"


def own_speed(precision: Precision) -> float:
    """Operations a second of this machine's matrix products in the number format of a recipe, at UTILISATION.

    Large products are timed where small ones are quick: a processor that emulates bf16 takes seconds for one.
    """
    device = usable_here()
    dtype = torch.bfloat16 if use_bf16(precision, device) else torch.float32
    speed = _product_speed(256, dtype, device)
    return UTILISATION * (_product_speed(1_536, dtype, device) if speed > QUICK else speed)


def _product_speed(size: int, dtype: torch.dtype, device: torch.device, rounds: int = 3) -> float:
    a = torch.ones((size, size), dtype=dtype, device=device)
    _ = (a @ a).sum().item()
    began = time.perf_counter()
    for _ in range(rounds):
        (a @ a).sum().item()
    return rounds * 2 * size**3 / (time.perf_counter() - began)
