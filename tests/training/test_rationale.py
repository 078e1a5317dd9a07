from __future__ import annotations

import torch

from cistrace.model.language_model import LanguageModelShape, new_language_model
from cistrace.model.tokenizer import build_tokenizer
from cistrace.model.vocabulary import Names
from cistrace.motifs import load_library
from cistrace.mpra import CELL_TYPES
from cistrace.training.batches import Row
from cistrace.training.rationale import WINDOW, part


def a_row(tokens: list[int]) -> Row:
    count = len(tokens)
    return Row(tokens, [0] * count, list(range(count)), [True] * count, [], [], [], [])


def test_common_tokens_that_are_alike_are_parted_and_no_others() -> None:
    tokenizer = build_tokenizer(Names.of(load_library(), CELL_TYPES, WINDOW))
    model = new_language_model(tokenizer, LanguageModelShape(), 0)
    weight = model.get_input_embeddings().weight.data
    twins, rare, single = (300, 301), (302, 303), 304
    for first, second in (twins, rare):
        weight[second] = weight[first] * 1.1
    before = weight.clone()
    rows = [a_row([*twins, single])] * 100 + [a_row(list(rare))]
    assert part(model, rows, seed=0) == list(twins)
    changed = torch.nonzero((weight != before).any(dim=1)).flatten().tolist()
    assert changed == list(twins)
    assert torch.cosine_similarity(weight[twins[0]], weight[twins[1]], dim=0) < 0.5
    torch.testing.assert_close(weight[list(twins)].norm(dim=1), before[list(twins)].norm(dim=1))
    assert part(model, rows, seed=0) == []
