"""Packed rows: every cell type must read exactly what it would read alone."""

from __future__ import annotations

import pytest
import torch
from card_helpers import FAMILIES, TFS
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from cistrace.card import build_card
from cistrace.grammar import family_label
from cistrace.model.head import Head
from cistrace.model.language_model import LanguageModelShape, new_language_model
from cistrace.model.prompt import write_prompt
from cistrace.model.tokenizer import build_tokenizer
from cistrace.model.vocabulary import Names
from cistrace.prompts import THINK_END
from cistrace.records import MotifHit
from cistrace.teach.grounded import write
from cistrace.trace import render_trace
from cistrace.training.batches import batches, collate, rows_of
from cistrace.training.cards import Example
from cistrace.training.rationale import read, writing_loss
from cistrace.training.regression import answers, mean_square, writing_alone

CELLS = ("HepG2", "K562")


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    labels = {family_label(frozenset({a, b})) for a in FAMILIES for b in FAMILIES}
    return build_tokenizer(Names(tuple(sorted(TFS)), tuple(sorted({*labels, "no family"})), CELLS, 200))


@pytest.fixture(scope="module")
def model(tokenizer: PreTrainedTokenizerFast) -> PreTrainedModel:
    return new_language_model(tokenizer, LanguageModelShape(hidden=32, layers=2, heads=2, head_size=16, inner=48), 0)


def examples() -> list[Example]:
    found = []
    for row in range(3):
        hits = [
            MotifHit(
                "M", TFS[at], frozenset({FAMILIES[at]}), 15 * at, 15 * at + 9, "+", 14.0 - at, 1e-6, 0.1 * at - 0.15
            )
            for at in range(row + 2)
        ]
        for cell, name in enumerate(CELLS[: 2 if row else 1]):
            card = build_card("ACGTTGCATC" * 20, name, hits, {}, 0.3 * cell)
            prompt = write_prompt(card)
            trace = render_trace(write(card, (-1.0, 0.0, 1.0)))
            found.append(Example(row, name, prompt.shared, prompt.own, trace, (0.1, 0.2), 0.5, 0.6, 3))
    return found


def test_packed_rows_read_as_single_ones(tokenizer: PreTrainedTokenizerFast, model: PreTrainedModel) -> None:
    many = examples()
    rows = rows_of(tokenizer, many, [example.trace for example in many], [True] * len(many))
    batch = collate(rows, tokenizer.pad_token_id)
    with torch.inference_mode():
        hidden = read(model, batch)
        thoughts, prompts = hidden[batch.thought_ends], hidden[batch.prompt_ends]
        for at, example in enumerate(many):
            before = tokenizer(example.shared + example.own)["input_ids"]
            after = tokenizer(example.trace.partition(THINK_END)[0] + THINK_END)["input_ids"]
            alone = model.model(input_ids=torch.tensor([before + after])).last_hidden_state[0]
            torch.testing.assert_close(thoughts[at], alone[-1], rtol=1e-4, atol=1e-5)
            torch.testing.assert_close(prompts[at], alone[len(before) - 1], rtol=1e-4, atol=1e-5)


def test_the_writing_loss_supervises_answers_alone(tokenizer: PreTrainedTokenizerFast) -> None:
    many = examples()
    rows = rows_of(tokenizer, many, [example.trace for example in many], [True] * len(many))
    for row, first in zip(rows, (0, 1, 3), strict=True):
        supervised = tokenizer.decode([token for token, flag in zip(row.ids, row.answer, strict=True) if flag])
        own = [example for example in many if example.row == many[first].row]
        assert supervised == "".join(example.trace + "<end>" for example in own)


def test_self_written_steps_are_supervised_only_where_they_are_the_teachers(
    tokenizer: PreTrainedTokenizerFast, model: PreTrainedModel
) -> None:
    many = examples()
    written = [many[0].trace, many[1].trace.replace("1. GC", "1. CpG"), *(example.trace for example in many[2:])]
    texts, faithful = answers(many, written)
    assert faithful == [True, False, True, True, True]
    assert all(text.endswith(f"{THINK_END}Level: 3") for text in texts)
    rows = rows_of(tokenizer, many, texts, faithful)
    row = rows[1]
    supervised = tokenizer.decode([t for t, flag in zip(row.ids, row.answer, strict=True) if flag])
    assert supervised.startswith("Level: 3<end>1. GC")
    loss, right = writing_loss(model, read(model, collate(rows, tokenizer.pad_token_id)), collate(rows, 0))
    assert loss > 0 and 0 <= right <= 1


def test_rows_for_the_writing_alone_regress_nothing(tokenizer: PreTrainedTokenizerFast, model: PreTrainedModel) -> None:
    many = examples()
    rows = rows_of(tokenizer, many, [example.trace for example in many], [True] * len(many))
    full, bare = collate(rows, 0), collate([writing_alone(row) for row in rows], 0)
    assert len(bare.targets) == 0 and bare.features.shape == (0, 2)
    hidden = read(model, bare)
    assert torch.equal(writing_loss(model, hidden, bare)[0], writing_loss(model, read(model, full), full)[0])
    score = Head(model.config.hidden_size)(hidden[bare.thought_ends], bare.features)
    assert mean_square(score - bare.targets) == 0
    mixed = collate([rows[0], writing_alone(rows[1])], 0)
    assert mixed.thought_ends[0].unique().tolist() == [0]


def test_a_pass_holds_every_row_once(tokenizer: PreTrainedTokenizerFast) -> None:
    many = examples()
    rows = rows_of(tokenizer, many, [example.trace for example in many], [True] * len(many))
    first = list(batches(rows, 2, seed=1, pad=0))
    again = list(batches(rows, 2, seed=1, pad=0))
    assert sum(len(batch.ids) for batch in first) == len(rows)
    assert all(torch.equal(a.ids, b.ids) for a, b in zip(first, again, strict=True))
