"""What tests of training share: tiny models and tokenizers of each family, records, data sets, runs of the command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import yaml
from bench_helpers import a_table
from card_helpers import MATRICES, a_told_card
from chat_server import chat_server
from cli_helpers import a_card, invoke
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM, set_seed

from cistrace.cards.text import render_card
from cistrace.motifs.hit import MotifHit
from cistrace.traces.grounded import write
from cistrace.traces.text import render_trace
from cistrace.training.examples import Example
from cistrace.training.recipe import Recipe
from cistrace.training.recipe_file import load_recipe, recipe_object
from cistrace.writers.layout import DOMAIN, LayoutName, prompt_of
from cistrace.writers.prompts import SYSTEM_PROMPT
from cistrace.writers.tokenizer import build_tokenizer
from cistrace.writers.vocabulary import VocabularyNames

CELLS = ("HepG2", "K562")
CUTS = (-1.0, 0.0, 1.0)
CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
LLAMA = (
    "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}[INST] {{ message['content'] }} "
    "[/INST]{% else %}<<SYS>>\n{{ message['content'] }}\n<</SYS>>\n\n{% endif %}{% endfor %}"
)


def chatml_tokenizer() -> PreTrainedTokenizerFast:
    """Byte-level BPE and ChatML, as Qwen and SmolLM2 have it; a reasoning's tags are tokens that are not special."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=600, special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False,
    )  # fmt: skip
    made.train_from_iterator(_corpus(), trainer)
    made.add_tokens(["<think>", "</think>"])
    return PreTrainedTokenizerFast(
        tokenizer_object=made, eos_token="<|im_end|>", pad_token="<|endoftext|>", chat_template=CHATML
    )


def llama_tokenizer() -> PreTrainedTokenizerFast:
    """SentencePiece-like BPE with a leading blank, and a BOS token that the tokenizer adds by itself, as Llama's."""
    made = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True))
    made.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    made.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    specials = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    made.train_from_iterator(
        _corpus(), trainers.BpeTrainer(vocab_size=900, special_tokens=specials, show_progress=False)
    )
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", made.token_to_id("<s>"))]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=made, bos_token="<s>", eos_token="</s>", unk_token="<unk>", chat_template=LLAMA
    )


def domain_tokenizer() -> PreTrainedTokenizerFast:
    """The compact model's, of the few names that `records` uses."""
    return build_tokenizer(VocabularyNames(tuple(sorted(MATRICES.values())), CELLS, 200))


def _corpus() -> list[str]:
    card = a_card()
    return [SYSTEM_PROMPT, render_card(card), render_trace(write(card)), "Level: 0 1 2 3 <think> steps </think>"]


def tiny_qwen(folder: Path, seed: int = 0, layers: int = 2) -> Path:
    """A Qwen3 of a few thousand weights, drawn at random, with a ChatML tokenizer."""
    tokenizer = chatml_tokenizer()
    set_seed(seed)
    config = Qwen3Config(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=layers,
        num_attention_heads=4, num_key_value_heads=2, head_dim=8, max_position_embeddings=4096,
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id, bos_token_id=None,
    )  # fmt: skip
    Qwen3ForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def examples(layout: LayoutName = DOMAIN, rows: int = 3) -> list[Example]:
    """One sequence in one cell type, and others in two each, of different lengths."""
    found = []
    for row in range(rows):
        ids = sorted(MATRICES)
        hits = [
            MotifHit(ids[at % 6], MATRICES[ids[at % 6]][0], frozenset(), 15 * at, 15 * at + 9, "+", 14.0 - at, 1e-6)
            for at in range(row % 5 + 2)
        ]
        amounts = [0.1 * at - 0.15 for at in range(len(hits))]
        for cell, name in enumerate(CELLS[: 2 if row else 1]):
            bases = "ACGTTGCATC" * 20
            card = a_told_card(bases, hits, amounts, -0.1, 0.3 * cell + 0.01 * row, cell_type=name)
            prompt, trace = prompt_of(layout, card), render_trace(write(card))
            found.append(
                Example(
                    row, f"e{row}", name, bases, prompt.shared, prompt.own, trace, "", (0.1, 0.2), 0.5 - row, 0.6, 3
                )
            )
    return found


def paper_bench(folder: Path, rows: int = 120, cells: tuple[str, ...] = ("K562", "MyCell")) -> Path:
    """A data set with the paper's cards, taught by a chat endpoint: chromosome 5 is val, 6 is test."""
    table = a_table(rows, cells, length=100)
    lines = ["\t".join(("name", "sequence", "chromosome", *cells))]
    for at in range(rows):
        values = (f"{value:.4f}" for value in table.activity[at])
        lines.append("\t".join((table.names[at], table.sequences[at], table.chromosomes[at], *values)))
    path = folder.with_suffix(".tsv")
    path.write_text("\n".join(lines) + "\n")
    with chat_server() as server:
        made = invoke(
            "reasonbench", "build", path, *(word for cell in cells for word in ("--cell-type", cell)),
            "--val", "chr5", "--test", "chr6", "--all", "--evidence", "none", "--teacher", "chat", "--gates", "format",
            "--base-url", server.base_url, "--model", "teacher", "--condition", "level", "-o", folder,
        )  # fmt: skip
    assert made.exit_code == 0, made.output
    return folder


def tiny_recipe(base: Path, **sections: dict[str, object]) -> Recipe:
    """The R3LM recipe on a tiny base, for a few steps in fp32; sections change single keys."""
    changes = {
        "model.base": str(base), "model.download": False, "model.weights": "float32", "model.precision": "fp32",
        "model.gradient_checkpointing": False, "rationale.most_steps": 12, "rationale.accumulate": 1,
        "rationale.save_steps": 4, "regression.most_steps": 12, "regression.accumulate": 1,
        "regression.evaluate_steps": 4, "generation.most_tokens": 24, "generation.sampling": "greedy",
        **{f"{section}.{key}": value for section, keys in sections.items() for key, value in keys.items()},
    }  # fmt: skip
    return load_recipe("r3lm-qwen3-4b", [f"{name}={json.dumps(value)}" for name, value in changes.items()])


def write_recipe(recipe: Recipe, path: Path) -> Path:
    path.write_text(yaml.safe_dump(recipe_object(recipe)))
    return path


def command(*arguments: object, launcher: Iterable[str] = ()) -> list[str]:
    """A command line of cistrace, as a process of its own."""
    return [sys.executable, "-m", *launcher, *(["-m"] if launcher else []), "cistrace", *map(str, arguments)]


def run(*arguments: object, launcher: Iterable[str] = (), threads: int = 1) -> subprocess.CompletedProcess[str]:
    """Run it to its end."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    line = command(*arguments, launcher=launcher)
    return subprocess.run(line, env=environment, capture_output=True, text=True, timeout=600, check=False)


def history(run_folder: Path, stage: str) -> list[dict[str, float]]:
    """What a stage logged, a point a line."""
    return [json.loads(line) for line in (run_folder / f"history-{stage}.jsonl").read_text().splitlines()]
