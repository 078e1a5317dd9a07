"""The compact model's reasoner: it reads a card, writes the trace under the grammar, and scores, in one pass.

Decoding is greedy; from the second attempt on tokens are drawn, from seeds of the prompts' own. The head scores on the
token that ends the reasoning, before the level is written, or, without a trace, on the token that ends the prompt.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import islice

import torch
from tokenizers import Tokenizer
from torch import Tensor

from cistrace.traces.templates import THINK_END
from cistrace.writers.batches import padded
from cistrace.writers.decoder import Decoder
from cistrace.writers.decoding import decode
from cistrace.writers.draft import Tokens, read_draft
from cistrace.writers.form import Form, free_grammar
from cistrace.writers.grammar import TraceGrammar, build_grammar
from cistrace.writers.head import Head
from cistrace.writers.prompts import Prompt
from cistrace.writers.reading import Reading
from cistrace.writers.reasoner import OnWritten, Reasoned
from cistrace.writers.seeds import seed_of
from cistrace.writers.tokenizer import END, PAD, id_of
from cistrace.writers.vocabulary import VocabularyNames

TOGETHER = 24  # sequences in one pass on a CPU
LINES = 20_000  # whose tokens are remembered: cards of one sequence and their drafts share most of them


class DomainReasoner:
    """Language model, tokenizer, grammar and head of one checkpoint, in evaluation mode, float32.

    It computes where the language model lies. Features come and results go on the CPU.
    """

    def __init__(self, language_model: Decoder, tokenizer: Tokenizer, head: Head, names: VocabularyNames) -> None:
        self.language_model = language_model
        self.tokenizer = tokenizer
        self.head = head.eval().to(self.device)
        grammar = build_grammar(tokenizer, names)
        self.grammar: TraceGrammar = grammar.to(self.device)
        self._form = Form(grammar, self.device)
        self.seed: int | None = None  # greedy
        self._pad = id_of(tokenizer, PAD)
        self._tokens_of = lru_cache(LINES)(self._line_tokens)

    @property
    def device(self) -> torch.device:
        """Where the language model computes."""
        return self.language_model.device

    @torch.inference_mode()
    def reason(
        self, prompts: Sequence[Sequence[Prompt]], features: Tensor, write: bool = True, constrained: bool = True,
        on_written: OnWritten | None = None, drafts: Sequence[Sequence[str]] | None = None, attempt: int = 0,
    ) -> Reasoned:  # fmt: skip
        """Score a batch, with traces unless told otherwise. See `writers.reasoner.Reasoner`."""
        scores, texts = torch.zeros(features.shape[:2]), [list[str]() for _ in prompts]
        form = self._form if constrained else Form(free_grammar(self.tokenizer), self.device)
        order = sorted(range(len(prompts)), key=lambda at: sum(len(prompt.text) for prompt in prompts[at]))
        together = TOGETHER if self.device.type == "cpu" else len(order)
        for begin in range(0, len(order), together):
            places = order[begin : begin + together]
            taken = [prompts[at] for at in places]
            reading, scored = self._read(taken)
            if write:
                drafted = None if drafts is None else [drafts[at] for at in places]
                written, scored = self._write(reading, scored, form, taken, drafted, on_written, attempt)
                for at, row in zip(places, written, strict=True):
                    texts[at] = row
            scores[places] = self._scores(scored, features[places])
        return Reasoned(scores, texts)

    @torch.inference_mode()
    def rescore(self, prompts: Sequence[Sequence[Prompt]], texts: Sequence[Sequence[str]], features: Tensor) -> Tensor:
        """Scores (N, C) that the head gives where given reasonings end. See `writers.reasoner.Reasoner`."""
        reading, _ = self._read(prompts)
        reasonings = [text.partition(THINK_END)[0] + THINK_END for row in texts for text in row]
        hidden = reading.read(*self._padded(reasonings))
        return self._scores(hidden[:, -1], features)

    def _scores(self, hidden: Tensor, features: Tensor) -> Tensor:
        """float32 (N, C) from hidden states (N x C, hidden) and features (N, C, 2)."""
        flat = features.reshape(len(hidden), -1).to(self.device)
        return self.head(hidden, flat).reshape(features.shape[:2]).cpu()

    def _read(self, prompts: Sequence[Sequence[Prompt]]) -> tuple[Reading, Tensor]:
        """Read the shared parts once, then every cell type's own part; and the hidden states (N x C, hidden) there."""
        reading = Reading(self.language_model, len(prompts))
        reading.read(*self._padded([row[0].shared for row in prompts]))
        reading.repeat(len(prompts[0]))
        hidden = reading.read(*self._padded([prompt.own for row in prompts for prompt in row]))
        return reading, hidden[:, -1]

    def _line_tokens(self, line: str) -> Tokens:
        return tuple(self.tokenizer.encode(line, add_special_tokens=False).ids)

    def _padded(self, texts: list[str]) -> tuple[Tensor, Tensor]:
        """Tokens and mask, int64 (N, L), padded before the texts."""
        ids = [[token for line in text.splitlines(keepends=True) for token in self._tokens_of(line)] for text in texts]
        tokens, mask = padded(ids, self._pad, left=True)
        return tokens.to(self.device), mask.to(self.device)

    def _write(
        self, reading: Reading, last: Tensor, form: Form, prompts: Sequence[Sequence[Prompt]],
        drafts: Sequence[Sequence[str]] | None, on_written: OnWritten | None, attempt: int,
    ) -> tuple[list[list[str]], Tensor]:  # fmt: skip
        """Write behind prompts that were read: texts, and the hidden states (N x C, hidden) where they are scored."""
        told = [prompt.text for row in prompts for prompt in row]
        proposed = [""] * len(told) if drafts is None else [text for row in drafts for text in row]
        read = [read_draft(text, prompt, self._tokens_of) for text, prompt in zip(proposed, told, strict=True)]
        output = self.language_model.embedding
        scored_token = id_of(self.tokenizer, THINK_END)
        seeds = [seed_of(prompt, attempt) for prompt in told] if attempt else None
        decoded = decode(reading, last, form, output, scored_token, read, on_written, seeds)
        texts = self.tokenizer.decode_batch(decoded.texts, skip_special_tokens=False)
        rows = iter(text.split(END)[0] for text in texts)
        return [list(islice(rows, len(row))) for row in prompts], decoded.scored
