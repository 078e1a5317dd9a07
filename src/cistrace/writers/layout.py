"""How prompts, reasonings and conclusions become tokens, for each family of tokenizers.

    domain    the compact model's own pieces: the part that cell types share, then the part of its own
    chat      any tokenizer with a chat template: system and user message, then what the assistant writes

A whole text is   shared | own | reasoning | conclusion   and each part is tokenised by itself, so that which token
belongs to which part is never a guess: a prompt's last token is where the card alone is scored, a reasoning's last
token (the end of reasoning) where card and trace are. A chat template renders the prompt alone; what the assistant
writes follows as plain tokens and ends with the tokenizer's end token. Templates that rewrite an assistant's words
(Qwen3's take thinking out) so never see them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from cistrace.cards.card import Card
from cistrace.errors import ModelError
from cistrace.traces.templates import LEVEL_LINE, THINK_END
from cistrace.writers.prompts import Prompt, chat_prompt, domain_prompt
from cistrace.writers.vocabulary import is_sum

if TYPE_CHECKING:  # a checkpoint's schema reads the names of layouts without waiting for transformers
    from transformers import PreTrainedTokenizerBase

LayoutName = Literal["domain", "chat"]
LAYOUTS: tuple[LayoutName, ...] = get_args(LayoutName)
DOMAIN, CHAT = LAYOUTS


def prompt_of(layout: LayoutName, card: Card) -> Prompt:
    """What a model reads of a card, in the layout of that name."""
    return domain_prompt(card) if layout == DOMAIN else chat_prompt(card)


@dataclass(frozen=True)
class Layout(ABC):
    """Tokens of one tokenizer's texts. See the module's docstring."""

    shares_prompts: ClassVar[bool] = False
    """Whether the cell types of one sequence stand in one row of tokens, behind the part that they share."""

    tokenizer: PreTrainedTokenizerBase

    @abstractmethod
    def prompt_ids(self, prompt: Prompt) -> tuple[list[int], list[int]]:
        """Tokens of the shared part (may be none) and of the own part, up to where the model begins to write."""

    def whole_prompt(self, prompt: Prompt) -> NDArray[np.int32]:
        """Tokens of both parts, one after the other: int32, shape (length,). A list would take nine times the room."""
        return np.array([token for part in self.prompt_ids(prompt) for token in part], dtype=np.int32)

    def conclusion(self, level: int) -> str:
        """What follows the end of reasoning, without the end token."""
        return f"{LEVEL_LINE}{level}"

    def reasoning_ids(self, reasoning: str) -> list[int]:
        """Tokens of a reasoning (text before the end of it) and of its end; the last of them is scored."""
        return self._plain(reasoning + THINK_END)

    def own_words(self, ids: Sequence[int]) -> list[bool]:
        """Of every token of a reasoning, whether the model chooses it; sums that are completed for it it does not."""
        return [True] * len(ids)

    def conclusion_ids(self, level: int) -> list[int]:
        """Tokens of the conclusion, and the end token."""
        return self.ending_ids(self.conclusion(level))

    def ending_ids(self, text: str) -> list[int]:
        """Tokens of what follows the end of reasoning, and the end token."""
        return [*self._plain(text), self.end]

    @property
    def end(self) -> int:
        """The token after which nothing is written."""
        token = self.tokenizer.eos_token_id
        if not isinstance(token, int):
            raise ModelError("tokenizer: has no end token (eos_token); expected one; choose another base model")
        return token

    @property
    def pad(self) -> int:
        """The token that fills up batches; masked wherever it stands."""
        token = self.tokenizer.pad_token_id
        return token if isinstance(token, int) else self.end

    def _plain(self, text: str) -> list[int]:
        ids: list[int] = self.tokenizer(text, add_special_tokens=False)["input_ids"]  # type: ignore[assignment]
        return list(ids)


class DomainLayout(Layout):
    """The compact model's: prompts in the words of the templates, the cell type late."""

    shares_prompts = True

    def prompt_ids(self, prompt: Prompt) -> tuple[list[int], list[int]]:
        return self._plain(prompt.shared), self._plain(prompt.own)

    def own_words(self, ids: Sequence[int]) -> list[bool]:
        chosen, digit_follows = [], False
        for token in ids:
            completed = token in self._sums
            chosen.append(not (completed or digit_follows))
            digit_follows = completed
        return chosen

    @cached_property
    def _sums(self) -> frozenset[int]:
        """Tokens of sums but for their last digits."""
        return frozenset(token for piece, token in self.tokenizer.get_vocab().items() if is_sum(piece))


class ChatLayout(Layout):
    """Any chat model's: `Prompt.shared` is the system message, `Prompt.own` the user's, which is a card as text."""

    def prompt_ids(self, prompt: Prompt) -> tuple[list[int], list[int]]:
        messages = [{"role": "system", "content": prompt.shared}, {"role": "user", "content": prompt.own}]
        text: Any = self.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        return [], self._plain(text)


def layout_of(name: LayoutName, tokenizer: PreTrainedTokenizerBase) -> Layout:
    """`domain` or `chat`.

    Raises
    ------
    ModelError
        A chat layout for a tokenizer without a chat template.
    """
    if name == DOMAIN:
        return DomainLayout(tokenizer)
    if not tokenizer.chat_template:
        raise ModelError("tokenizer: has no chat template; expected one; use an instruction-tuned base model")
    return ChatLayout(tokenizer)
