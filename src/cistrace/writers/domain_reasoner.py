"""The compact model's reasoner: it reads a card, writes the trace under the grammar, and scores, in one pass.

Decoding is greedy. The head scores on the token that ends the reasoning, before the level is written, or, without a
trace, on the token that ends the prompt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from inspect import signature

import torch
from torch import Tensor
from transformers import DynamicCache, LlamaModel, PreTrainedModel, PreTrainedTokenizerFast

from cistrace.traces.templates import THINK_END
from cistrace.writers.cache import repeat_rows, roomy_cache
from cistrace.writers.grammar import TraceGrammar, build_grammar
from cistrace.writers.head import Head
from cistrace.writers.prompts import Prompt
from cistrace.writers.reasoner import OnWritten, Reasoned
from cistrace.writers.vocabulary import VocabularyNames

MOST_TOKENS = 260  # more than seven of the longest steps; without the grammar a text may never end
# What transformers calls the cache: `past_key_values` until 5.23, and a warning at every call from then on.
_CACHE = "cache" if "cache" in signature(LlamaModel.forward).parameters else "past_key_values"


@dataclass(eq=False)
class _State:
    """A batch in the middle of being read or written."""

    cache: DynamicCache
    mask: Tensor
    hidden: Tensor


class DomainReasoner:
    """Language model, tokenizer, grammar and head of one checkpoint, in evaluation mode, float32.

    It computes where the language model lies. Features come and results go on the CPU.
    """

    def __init__(
        self, language_model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, head: Head, names: VocabularyNames
    ) -> None:
        self.language_model = language_model.eval()
        self.tokenizer = tokenizer
        self.head = head.eval().to(self.device)
        self.grammar: TraceGrammar = build_grammar(tokenizer, names).to(self.device)
        self.seed: int | None = None  # greedy

    @property
    def device(self) -> torch.device:
        """Where the language model computes."""
        return self.language_model.device

    @torch.inference_mode()
    def reason(
        self, prompts: Sequence[Sequence[Prompt]], features: Tensor, write: bool = True, constrained: bool = True,
        on_written: OnWritten | None = None,
    ) -> Reasoned:  # fmt: skip
        """Score a batch, with traces unless told otherwise. See `writers.reasoner.Reasoner`."""
        cells = len(prompts[0])
        state = self._read(prompts)
        if not write:
            return Reasoned(self._scores(state.hidden, features), [[] for _ in prompts])
        tokens, scored = self._write(state, constrained, on_written)
        texts = self.tokenizer.batch_decode(tokens, skip_special_tokens=False)
        texts = [text.split(self.tokenizer.eos_token)[0] for text in texts]
        grouped = [texts[i : i + cells] for i in range(0, len(texts), cells)]
        return Reasoned(self._scores(scored, features), grouped)

    @torch.inference_mode()
    def rescore(self, prompts: Sequence[Sequence[Prompt]], texts: Sequence[Sequence[str]], features: Tensor) -> Tensor:
        """Scores (N, C) that the head gives where given reasonings end. See `writers.reasoner.Reasoner`."""
        state = self._read(prompts)
        reasonings = [text.partition(THINK_END)[0] + THINK_END for row in texts for text in row]
        self._forward(state, *self._padded(reasonings))
        return self._scores(state.hidden, features)

    def _scores(self, hidden: Tensor, features: Tensor) -> Tensor:
        """float32 (N, C) from hidden states (N x C, hidden) and features (N, C, 2)."""
        flat = features.reshape(len(hidden), -1).to(self.device)
        return self.head(hidden, flat).reshape(features.shape[:2]).cpu()

    def _read(self, prompts: Sequence[Sequence[Prompt]]) -> _State:
        """Read the shared parts once, then every cell type's own part on top of them."""
        cells = len(prompts[0])
        shared, mask = self._padded([row[0].shared for row in prompts])
        state = _State(roomy_cache(), mask[:, :0], torch.empty(0))
        self._forward(state, shared, mask)
        repeat_rows(state.cache, cells)
        state.mask = state.mask.repeat_interleave(cells, dim=0)
        self._forward(state, *self._padded([prompt.own for row in prompts for prompt in row]))
        return state

    def _padded(self, texts: list[str]) -> tuple[Tensor, Tensor]:
        batch = self.tokenizer(texts, padding=True, return_tensors="pt", add_special_tokens=False)
        return batch["input_ids"].to(self.device), batch["attention_mask"].to(self.device)

    def _forward(self, state: _State, tokens: Tensor, mask: Tensor) -> None:
        """Feed tokens (N, L); padding, also in the middle, is masked and takes no position."""
        state.mask = torch.cat([state.mask, mask], dim=1)
        positions = (state.mask.cumsum(dim=1) - 1).clamp_min(0)[:, -tokens.shape[1] :]
        output = self.language_model.model(
            input_ids=tokens,
            attention_mask=state.mask,
            position_ids=positions,
            use_cache=True,
            **{_CACHE: state.cache},
        )
        state.hidden = output.last_hidden_state[:, -1]

    def _write(self, state: _State, constrained: bool, on_written: OnWritten | None) -> tuple[Tensor, Tensor]:
        """Decode greedily to the end of every trace: tokens (N, T) and the scored hidden states (N, hidden)."""
        rows = len(state.mask)
        place = torch.zeros(rows, dtype=torch.long, device=self.device)
        used = torch.zeros((rows, self.grammar.groups + 1), dtype=torch.bool, device=self.device)
        scored = state.hidden.clone()
        finished = torch.zeros(rows, dtype=torch.bool, device=self.device)
        reported = 0
        written: list[Tensor] = []
        reasoning_end = self.tokenizer.convert_tokens_to_ids(THINK_END)
        for _ in range(MOST_TOKENS):
            logits = self.language_model.lm_head(state.hidden)
            if constrained:
                logits = logits.masked_fill(self._forbidden(place, used), -torch.inf)
            token = logits.argmax(dim=1).masked_fill(finished, self.tokenizer.pad_token_id)
            if constrained:
                group = self.grammar.opening[token].masked_fill(~self.grammar.opens[place], -1)
                used[torch.arange(rows, device=self.device), group] = True  # group -1 is a column that nothing reads
                place = self.grammar.following[place, token].long()
            written.append(token)
            finished |= token == self.tokenizer.eos_token_id
            if on_written is not None and (ended := int(finished.sum())) > reported:
                on_written(ended - reported)
                reported = ended
            if finished.all():
                break
            self._forward(state, token[:, None], (~finished)[:, None].to(state.mask.dtype))
            ends = token == reasoning_end
            scored[ends] = state.hidden[ends]
        if on_written is not None and reported < rows:
            on_written(rows - reported)  # as far as they will ever come
        return torch.stack(written, dim=1), scored

    def _forbidden(self, place: Tensor, used: Tensor) -> Tensor:
        """Which tokens (N, vocabulary) may not stand next."""
        forbidden = self.grammar.following[place] < 0
        opening = self.grammar.opens[place]
        if opening.any():
            repeated = used[:, :-1][:, self.grammar.opening.clamp_min(0)] & (self.grammar.opening >= 0)
            forbidden |= repeated & opening[:, None]
        return forbidden
