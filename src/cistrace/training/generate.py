"""Offline generation: the model writes its own traces for every example, which stage II and all figures read.

Traces are appended to a part of each process's own as they come, so that a killed run goes on and loses at most one
batch; when all are there they are added to the file (`trace_file`) in the examples' order. It then depends neither on
batches nor on the order of work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import PreTrainedModel

from cistrace.io.hashes import files_hash
from cistrace.io.track import Track, untracked
from cistrace.traces.templates import THINK_END
from cistrace.training import processes
from cistrace.training.examples import Example
from cistrace.training.recipe import GenerationRecipe
from cistrace.training.trace_file import TraceSource, add_lines, cut_torn_line, key_of, texts_by_key, trace_line
from cistrace.writers.batches import batches_by_length
from cistrace.writers.causal import write
from cistrace.writers.decoder import Decoder, DecoderShape
from cistrace.writers.domain_reasoner import DomainReasoner
from cistrace.writers.head import Head
from cistrace.writers.layout import Layout
from cistrace.writers.sampling import Sampling
from cistrace.writers.seeds import seed_of
from cistrace.writers.vocabulary import VocabularyNames

TOGETHER = 40  # sequences a pass of the grammar's writer
BY_GRAMMAR = "greedy, by grammar"

Batch = list[tuple[int, str]]  # places and texts


@dataclass(frozen=True)
class Counts:
    """What a generation did: examples, of which written now; texts that ended their reasoning."""

    examples: int
    written: int
    ended: int


@dataclass(frozen=True, eq=False)
class Writing:
    """Who writes, and how: from examples and the places of those wanted to batches of (place, text)."""

    source: TraceSource
    write: Callable[[Sequence[Example], Sequence[int]], Iterator[Batch]]


def by_grammar(reasoner: DomainReasoner, identity: str) -> Writing:
    """The domain layout's: greedy under the form grammar, the cell types of a sequence sharing their prompt.

    The teacher's traces are its drafts; the model's own words are what is written.
    """

    def batches(examples: Sequence[Example], wanted: Sequence[int]) -> Iterator[Batch]:
        groups = [list(group) for _, group in groupby(wanted, key=lambda at: examples[at].row)]
        groups.sort(key=lambda group: (len(group), len(examples[group[0]].shared)))
        for block in _blocks(groups):
            prompts = [[examples[at].prompt for at in group] for group in block]
            drafts = [[examples[at].trace for at in group] for group in block]
            texts = reasoner.reason(prompts, torch.zeros((len(block), len(block[0]), 2)), drafts=drafts).texts
            yield [(at, text) for group, row in zip(block, texts) for at, text in zip(group, row, strict=True)]

    return Writing(TraceSource(identity, BY_GRAMMAR), batches)


def _blocks(groups: list[list[int]]) -> Iterator[list[list[int]]]:
    """Groups of one size, at most TOGETHER of them."""
    for _, same in groupby(groups, key=len):
        alike = list(same)
        yield from (alike[begin : begin + TOGETHER] for begin in range(0, len(alike), TOGETHER))


def by_model(model: PreTrainedModel, layout: Layout, recipe: GenerationRecipe, identity: str) -> Writing:
    """Any layout's: greedy or sampled, each example seeded by its own prompt, batched by length."""
    sampling = Sampling(
        recipe.sampling == "greedy", recipe.temperature, recipe.top_p, recipe.top_k, recipe.most_tokens
    )  # fmt: skip

    def batches(examples: Sequence[Example], wanted: Sequence[int]) -> Iterator[Batch]:
        prompts = [layout.whole_prompt(examples[at].prompt) for at in wanted]
        seeds = [seed_of(examples[at].prompt.text, recipe.seed) for at in wanted]
        for places in batches_by_length(list(map(len, prompts)), recipe.batch_tokens):
            written = write(
                model, layout.pad, layout.end, [prompts[at] for at in places], sampling, [seeds[at] for at in places]
            )
            texts = layout.tokenizer.batch_decode(written, skip_special_tokens=False)
            yield [(wanted[at], text) for at, text in zip(places, texts, strict=True)]

    return Writing(TraceSource(identity, sampling_words(recipe)), batches)


def writing_of(
    model: PreTrainedModel, layout: Layout, names: VocabularyNames | None, recipe: GenerationRecipe, identity: str
) -> Writing:
    """By grammar where the recipe says so and the layout has one."""
    if names is not None and is_by_grammar(recipe):
        decoder = Decoder(DecoderShape.of(model.config.to_dict()), model.state_dict()).to(model.device)
        tokens: Tokenizer = layout.tokenizer.backend_tokenizer  # type: ignore[attr-defined]
        reasoner = DomainReasoner(decoder, tokens, Head(decoder.hidden_size), names)
        return by_grammar(reasoner, identity)
    return by_model(model, layout, recipe, identity)


def is_by_grammar(recipe: GenerationRecipe) -> bool:
    """Whether a layout that has a grammar writes by it."""
    return recipe.grammar and recipe.sampling == "greedy"


def sampling_words(recipe: GenerationRecipe) -> str:
    """All that shapes a draw, as a trace's source tells it."""
    if recipe.sampling == "greedy":
        return f"greedy, at most {recipe.most_tokens} tokens"
    return (
        f"sampled, temperature {recipe.temperature:g}, top-p {recipe.top_p:g}, top-k {recipe.top_k}, at most "
        f"{recipe.most_tokens} tokens, seed {recipe.seed}"
    )


def generate(examples: Sequence[Example], writing: Writing, path: Path, track: Track = untracked) -> Counts:
    """Add a trace for every example for which `path` holds none of this source yet.

    With several processes each writes every n-th sequence to a part of its own; the main one puts them together, and
    tracks its own share.
    """
    state = processes.state()
    keys = [key_of(example, writing.source) for example in examples]
    parts = [part_of(path, rank) for rank in range(max(state.num_processes, _ranks(path)))]
    known = texts_by_key([path, *parts], set(keys))
    mine = set(sorted({example.row for example in examples})[state.process_index :: state.num_processes])
    wanted = [at for at, key in enumerate(keys) if key not in known and examples[at].row in mine]
    state.wait_for_everyone()  # parts are read before any is written to
    _append(examples, wanted, writing, parts[state.process_index], track if state.is_main_process else untracked)
    state.wait_for_everyone()
    written = sum(key not in known for key in keys)
    known = texts_by_key([path, *parts], set(keys))
    if state.is_main_process:
        before = texts_by_key([path], set(keys))
        new = [at for at, key in enumerate(keys) if key not in before]
        if new:
            add_lines(path, (trace_line(examples[at], writing.source, known[keys[at]]) for at in new))
        for part in parts:
            part.unlink(missing_ok=True)
    state.wait_for_everyone()
    return Counts(len(examples), written, sum(THINK_END in known[key] for key in keys))


def _append(examples: Sequence[Example], wanted: list[int], writing: Writing, part: Path, track: Track) -> None:
    cut_torn_line(part)
    if not wanted:
        return
    written = (pair for batch in writing.write(examples, wanted) for pair in batch)
    with part.open("a", encoding="utf-8", newline="\n", buffering=1) as handle:
        for at, text in track(written, "traces", len(wanted)):
            handle.write(trace_line(examples[at], writing.source, text))


def identity_of(folder: Path) -> str:
    """A model by its weights: SHA-256 of its safetensors, hexadecimal."""
    return files_hash(sorted(folder.glob("*.safetensors")))


def part_of(path: Path, rank: int) -> Path:
    """Where a process keeps what it has written."""
    return path.with_name(f".{path.name}.{rank}.part")


def _ranks(path: Path) -> int:
    """One more than the highest rank that left a part; an earlier run may have had more processes."""
    found = [part.name.removesuffix(".part").rpartition(".")[2] for part in path.parent.glob(f".{path.name}.*.part")]
    return max((int(rank) + 1 for rank in found if rank.isdecimal()), default=0)
