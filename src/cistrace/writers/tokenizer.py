"""The domain tokenizer: a Unigram model whose pieces are all equally likely, so that a text falls into
as few pieces as it can. Text outside the vocabulary falls back to bytes; nothing is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokenizers import AddedToken, Tokenizer, decoders, models

from cistrace.traces.templates import THINK_BEGIN, THINK_END
from cistrace.writers.vocabulary import VocabularyNames, pieces

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

PAD, UNKNOWN, END = "<pad>", "<unk>", "<end>"
SPECIAL = (PAD, UNKNOWN, END, THINK_BEGIN, THINK_END)


def build_tokenizer(names: VocabularyNames) -> PreTrainedTokenizerFast:
    """A tokenizer over the templates' pieces; reads and writes like any Hugging Face tokenizer.

    `decode(encode(text)) == text` for any text free of the special tokens. What writes needs its `backend_tokenizer`
    alone, and so no transformers.
    """
    from transformers import PreTrainedTokenizerFast

    vocabulary = [(token, 0.0) for token in SPECIAL]
    vocabulary += [(f"<0x{byte:02X}>", -20.0) for byte in range(256)]
    vocabulary += [(piece, -1.0) for piece in pieces(names)]
    model = Tokenizer(models.Unigram(vocabulary, unk_id=SPECIAL.index(UNKNOWN), byte_fallback=True))
    model.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Fuse()])
    model.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL])
    return PreTrainedTokenizerFast(
        tokenizer_object=model,
        pad_token=PAD,
        unk_token=UNKNOWN,
        eos_token=END,
        padding_side="left",
        clean_up_tokenization_spaces=False,
    )


def id_of(tokenizer: Tokenizer, token: str) -> int:
    """The number of a token that the vocabulary holds."""
    number = tokenizer.token_to_id(token)
    assert number is not None, token
    return number
