"""Words of the language models that are fitted anew: one tokenizer for bare sequences, both cards and every trace.

A text is first spaced: numbers split from signs of punctuation and from their decimals, all else left in words; a DNA
sequence is written base by base. What a model writes is read back by the same spaces. The words are those of the
training elements' texts alone; what val or test adds is unknown to the model.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers

from cistrace.traces.templates import THINK_BEGIN, THINK_END
from cistrace.traces.text import reasoning_of
from cistrace.writers.layout import Layout
from cistrace.writers.prompts import Prompt
from cistrace.writers.tokenizer import END, PAD, UNKNOWN

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

FILLER = "filler"
SPECIAL = (PAD, UNKNOWN, END, THINK_BEGIN, THINK_END)
BASES = "ACGTN"
_WORD = re.compile(r"<[a-z/]+>|[+-]?\d+|\.\d+|[(),;:]|[^\s(),;:.<]+|[.<]")


def spaced(text: str) -> str:
    """The words of a text, one blank between any two."""
    return " ".join(_WORD.findall(text))


def build_words(texts: Iterable[str], window: int) -> PreTrainedTokenizerFast:
    """A tokenizer of the words of spaced texts, bases, the filler and every position of the window."""
    from transformers import PreTrainedTokenizerFast

    found = {word for text in texts for word in text.split()} - set(SPECIAL)
    found |= {FILLER, *BASES, *map(str, range(window + 1)), *(f"-{at}" for at in range(window + 1))}
    places = {word: at for at, word in enumerate((*SPECIAL, *sorted(found)))}
    model = Tokenizer(models.WordLevel(places, unk_token=UNKNOWN))
    model.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    model.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL])
    return PreTrainedTokenizerFast(
        tokenizer_object=model, pad_token=PAD, unk_token=UNKNOWN, eos_token=END, padding_side="left",
        clean_up_tokenization_spaces=False,
    )  # fmt: skip


class WordsLayout(Layout):
    """Spaced texts: the part that cell types share, then the part of its own."""

    shares_prompts = True

    def prompt_ids(self, prompt: Prompt) -> tuple[list[int], list[int]]:
        """See `Layout`."""
        return self._plain(prompt.shared), self._plain(prompt.own)


def filler_like(layout: Layout, trace: str) -> str:
    """A text of as many tokens as the reasoning of a trace, that says nothing, with the end of reasoning."""
    length = len(layout.reasoning_ids(reasoning_of(trace))) - len(layout.reasoning_ids(""))
    return " ".join([FILLER] * length) + THINK_END
