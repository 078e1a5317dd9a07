"""Rows: which tokens are supervised, for each tokenizer family; packed rows read as single ones."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from training_helpers import chatml_tokenizer, domain_tokenizer, examples, llama_tokenizer
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from cistrace.errors import DataError
from cistrace.traces.templates import THINK_END
from cistrace.training.arms import WITH_SUMS, texts_to_write
from cistrace.training.rows import IGNORED, ExampleText, TokenRows, collate, rows_of, writing_batch
from cistrace.writers.compact_model import LanguageModelShape, new_language_model
from cistrace.writers.layout import CHAT, DOMAIN, LayoutName, layout_of

SHAPE = LanguageModelShape(hidden=32, layers=2, heads=2, head_size=16, inner=48)
FAMILIES: dict[str, tuple[LayoutName, Callable[[], PreTrainedTokenizerFast], str]] = {
    "domain": (DOMAIN, domain_tokenizer, "<end>"),
    "byte-level BPE with ChatML": (CHAT, chatml_tokenizer, "<|im_end|>"),
    "SentencePiece-like with a BOS token": (CHAT, llama_tokenizer, "</s>"),
}


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    return domain_tokenizer()


@pytest.fixture(scope="module")
def model(tokenizer: PreTrainedTokenizerFast) -> PreTrainedModel:
    return new_language_model(tokenizer, SHAPE, 0)


def packed(tokenizer: PreTrainedTokenizerFast, texts: list[ExampleText] | None = None) -> TokenRows:
    return rows_of(layout_of(DOMAIN, tokenizer), texts or texts_to_write(examples()), 2048, True)


def scored() -> list[ExampleText]:
    return [
        ExampleText(record, record.trace.partition(THINK_END)[0], "Level: 3", False, True, True)
        for record in examples()
    ]


@pytest.mark.parametrize("family", FAMILIES)
def test_the_completion_and_its_end_are_supervised_and_nothing_else(family: str) -> None:
    kind, make, end = FAMILIES[family]
    tokenizer = make()
    layout, many = layout_of(kind, tokenizer), examples(kind)
    texts = [replace(text, supervise_sums=True) for text in texts_to_write(many)]
    rows = list(rows_of(layout, texts, 4096, together=False))
    assert len(rows) == len(many)
    batch = collate(rows, layout.pad)
    for at, record in enumerate(many):
        labels = [token for token in batch["labels"][at].tolist() if token != IGNORED]
        reasoning, _, conclusion = record.trace.partition(THINK_END)
        assert labels == [*layout.reasoning_ids(reasoning), *layout.ending_ids(conclusion)]
        assert labels[-1] == tokenizer.convert_tokens_to_ids(end)
        text = tokenizer.decode(labels)
        assert isinstance(text, str)
        assert text.replace(" ", "") == (record.trace + end).replace(" ", "")
        # All of it is behind the prompt, which is unsupervised to its last token.
        prompt = [token for part in layout.prompt_ids(record.prompt) for token in part]
        assert batch["labels"][at, : len(prompt)].eq(IGNORED).all()
        assert batch["input_ids"][at, : len(prompt)].tolist() == prompt
        assert batch["labels"][at, len(prompt) : len(prompt) + len(labels)].tolist() == labels
        assert batch["labels"][at, len(prompt) + len(labels) :].eq(IGNORED).all()


def test_sums_that_are_completed_are_supervised_in_one_text_of_ten(tokenizer: PreTrainedTokenizerFast) -> None:
    """The others leave out the numbers behind `now` and `not told above`, and learn every other token."""
    many = examples(rows=12)
    texts = texts_to_write(many)
    assert [text.supervise_sums for text in texts] == [at % WITH_SUMS == 0 for at in range(len(many))]
    rows = list(rows_of(layout_of(DOMAIN, tokenizer), texts, 4096, together=False))
    batch = collate(rows, 0)
    for at, (text, record) in enumerate(zip(texts, many, strict=True)):
        labels = [token for token in batch["labels"][at].tolist() if token != IGNORED]
        bare = re.sub(r"(: now|: what is not told above (adds|costs)) [+-]\d\.\d\d", "", record.trace)
        assert bare != record.trace
        found = tokenizer.decode(labels).removesuffix(str(tokenizer.eos_token))
        assert found == (record.trace if text.supervise_sums else bare)


def test_a_chat_model_learns_its_sums() -> None:
    """Nobody completes them."""
    layout, many = layout_of(CHAT, chatml_tokenizer()), examples(CHAT, 12)
    with_sums = [replace(text, supervise_sums=True) for text in texts_to_write(many)]
    for one, other in zip(
        rows_of(layout, texts_to_write(many), 4096, together=False),
        rows_of(layout, with_sums, 4096, together=False),
        strict=True,
    ):
        assert collate([one], 0)["labels"].tolist() == collate([other], 0)["labels"].tolist()


@pytest.mark.parametrize("make", [chatml_tokenizer, llama_tokenizer])
def test_a_chat_prompt_is_what_the_template_renders(make: Callable[[], PreTrainedTokenizerFast]) -> None:
    tokenizer, record = make(), examples(CHAT)[1]
    layout = layout_of(CHAT, tokenizer)
    told = [{"role": "system", "content": record.shared}, {"role": "user", "content": record.own}]
    expected = tokenizer.apply_chat_template(told, add_generation_prompt=True, tokenize=False)
    ids = layout.prompt_ids(record.prompt)[1]
    assert ids == tokenizer(expected, add_special_tokens=False)["input_ids"]
    if tokenizer.bos_token_id is not None:
        assert ids.count(tokenizer.bos_token_id) == 1 and ids[0] == tokenizer.bos_token_id


def test_packed_rows_read_as_single_ones(tokenizer: PreTrainedTokenizerFast, model: PreTrainedModel) -> None:
    many, texts = examples(), scored()
    rows = packed(tokenizer, texts)
    batch = collate(list(rows), 0)
    with torch.inference_mode():
        hidden = model.model(
            input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], position_ids=batch["position_ids"]
        ).last_hidden_state
        places = [(at, segment) for at, row in enumerate(rows) for segment in range(len(row.targets))]
        for (at, segment), record, text in zip(places, many, texts, strict=True):
            before = tokenizer(record.shared + record.own)["input_ids"]
            after = tokenizer(f"{text.reasoning}{THINK_END}")["input_ids"]
            alone = model.model(input_ids=torch.tensor([before + after])).last_hidden_state[0]
            for name, expected in (("ends", alone[-1]), ("prompt_ends", alone[len(before) - 1])):
                found = hidden[at, batch[name][at, segment]]
                torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_cell_types_of_one_sequence_share_a_row_and_its_weight(tokenizer: PreTrainedTokenizerFast) -> None:
    rows = list(packed(tokenizer, scored()))
    assert [len(row.targets) for row in rows] == [1, 2, 2]
    assert collate(rows, 0)["weights"].tolist() == [[1.0, 0.0], [0.5, 0.5], [0.5, 0.5]]


def test_rows_for_the_writing_alone_regress_nothing(tokenizer: PreTrainedTokenizerFast) -> None:
    writing = packed(tokenizer)
    batch = collate(list(writing), 0)
    assert batch["targets"].shape == batch["ends"].shape == (3, 0) and batch["features"].shape == (3, 0, 2)
    mixed = collate([packed(tokenizer, scored())[0], writing[1], writing[2]], 0)
    assert mixed["weights"].tolist() == [[1.0], [0.0], [0.0]]


@pytest.mark.parametrize("together", [True, False])
def test_logits_are_kept_where_some_row_is_supervised(tokenizer: PreTrainedTokenizerFast, together: bool) -> None:
    """What is left out of the output layer changes nothing: the loss is that over all positions."""
    model = new_language_model(tokenizer, SHAPE, 0)
    rows = list(rows_of(layout_of(DOMAIN, tokenizer), texts_to_write(examples()), 2048, together))
    batch, whole = writing_batch(rows, 0), collate(rows, 0)
    assert 0 < len(batch["logits_to_keep"]) < batch["input_ids"].shape[1]
    assert batch["shift_labels"].ne(IGNORED).sum() == whole["labels"].ne(IGNORED).sum()
    read = {name: whole[name] for name in ("input_ids", "attention_mask", "position_ids", "labels")}
    with torch.inference_mode():
        torch.testing.assert_close(model(**batch).loss, model(**read).loss)


def test_rows_come_back_from_their_arrays(tokenizer: PreTrainedTokenizerFast) -> None:
    rows = packed(tokenizer, scored())
    assert len(rows) == 3 and sum(len(row.ids) for row in rows) == len(rows.ids) == rows.lengths.sum()
    assert rows[1].segments.max() == 2 and rows[1].segments.min() == 0 and (np.diff(rows[1].segments) >= 0).all()
    held = (rows.ids, rows.segments, rows.supervised)
    assert sum(part.nbytes for part in held) == 7 * len(rows.ids)  # bytes a token
    with pytest.raises(IndexError):
        rows[3]


def test_texts_that_cannot_fit_are_counted(tokenizer: PreTrainedTokenizerFast) -> None:
    layout, texts = layout_of(DOMAIN, tokenizer), scored()
    sizes = [
        sum(map(len, layout.prompt_ids(text.example.prompt)))
        + len(layout.reasoning_ids(text.reasoning or ""))
        + len(layout.ending_ids("Level: 3"))
        for text in texts
    ]
    made = rows_of(layout, texts, min(sizes), True)
    assert made.left_out == sum(size > min(sizes) for size in sizes) > 0
    assert made.places.tolist() == [at for at, size in enumerate(sizes) if size == min(sizes)]
    with pytest.raises(DataError, match="none of 5 fits"):
        rows_of(layout, texts, 40, True)
