"""The writing model's pass against transformers', which trained and stored it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM, LlamaConfig, PreTrainedModel

from cistrace.checkpoints.schema import shipped_checkpoint
from cistrace.errors import ModelError
from cistrace.writers.decoder import CONFIG, WEIGHTS, Decoder, DecoderShape, load_decoder
from cistrace.writers.reading import Reading

SIZE = 40


@pytest.fixture(scope="module")
def stored() -> PreTrainedModel:
    config = LlamaConfig(
        vocab_size=SIZE, hidden_size=24, intermediate_size=40, num_hidden_layers=3, num_attention_heads=2,
        num_key_value_heads=2, head_dim=16, tie_word_embeddings=True, initializer_range=0.4,
    )  # fmt: skip
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
    assert isinstance(model, PreTrainedModel)
    return model


@pytest.fixture(scope="module")
def decoder(stored: PreTrainedModel) -> Decoder:
    return Decoder(DecoderShape.of(stored.config.to_dict()), stored.state_dict())


def states(stored: PreTrainedModel, tokens: list[int]) -> torch.Tensor:
    with torch.inference_mode():
        return stored.base_model(torch.tensor([tokens])).last_hidden_state[0]  # type: ignore[no-any-return]


@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_texts_read_in_pieces_with_padding_anywhere_are_as_transformers_reads_them(
    stored: PreTrainedModel, decoder: Decoder, data: st.DataObject
) -> None:
    token = st.integers(0, SIZE - 1)
    texts: list[list[int]] = [[] for _ in range(data.draw(st.integers(1, 3)))]
    read: list[list[torch.Tensor]] = [[] for _ in texts]
    reading = Reading(decoder, len(texts))
    for _ in range(data.draw(st.integers(1, 4))):
        width = data.draw(st.integers(1, 5))
        tokens = [data.draw(st.lists(token, min_size=width, max_size=width)) for _ in texts]
        mask = [data.draw(st.lists(st.booleans(), min_size=width, max_size=width)) for _ in texts]
        hidden = reading.read(torch.tensor(tokens), torch.tensor(mask))
        for row, (line, real) in enumerate(zip(tokens, mask)):
            texts[row] += [one for one, kept in zip(line, real) if kept]
            read[row] += [state for state, kept in zip(hidden[row], real) if kept]
    for text, found in zip(texts, read):
        if text:
            torch.testing.assert_close(torch.stack(found), states(stored, text), atol=1e-5, rtol=1e-4)


@given(data=st.data())
@settings(max_examples=20, deadline=None)
def test_it_goes_on_with_some_texts_cut_short_and_with_copies(
    stored: PreTrainedModel, decoder: Decoder, data: st.DataObject
) -> None:
    random = torch.Generator().manual_seed(data.draw(st.integers(0, 1000)))
    begun = torch.randint(SIZE, (3, 4), generator=random)
    reading = Reading(decoder, 3)
    reading.read(begun, torch.ones_like(begun))
    reading.repeat(2)
    behind = torch.randint(SIZE, (6, 3), generator=random)
    reading.read(behind, torch.ones_like(behind))
    rows = torch.tensor(sorted(data.draw(st.sets(st.integers(0, 5), min_size=1))))
    counts = torch.tensor([data.draw(st.integers(1, 3)) for _ in rows])
    reading.keep(rows, 3, counts)
    last = torch.randint(SIZE, (len(rows), 70), generator=random)  # more than the room set aside at a time
    hidden = reading.read(last, torch.ones_like(last))
    for at, (row, count) in enumerate(zip(rows.tolist(), counts.tolist())):
        text = [*begun[row // 2].tolist(), *behind[row, :count].tolist(), *last[at].tolist()]
        torch.testing.assert_close(hidden[at], states(stored, text)[-70:], atol=2e-5, rtol=1e-4)


def test_what_is_stored_is_what_is_opened(stored: PreTrainedModel, tmp_path: Path) -> None:
    stored.save_pretrained(tmp_path)
    hidden = Reading(load_decoder(tmp_path), 1).read(torch.tensor([[3, 1, 4]]), torch.ones(1, 3))
    torch.testing.assert_close(hidden[0], states(stored, [3, 1, 4]), atol=1e-5, rtol=1e-4)


def test_the_shipped_weights_are_float32_and_cannot_be_fitted() -> None:
    shipped = load_decoder(shipped_checkpoint())
    assert {weight.dtype for weight in shipped.parameters()} == {torch.float32}
    assert not any(weight.requires_grad for weight in shipped.parameters())


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"model_type": "qwen3"}, "model_type 'qwen3', expected 'llama'"),
        ({"tie_word_embeddings": False}, "tie_word_embeddings False, expected True"),
        ({"num_key_value_heads": 1}, "num_key_value_heads 1, expected 2"),
    ],
)
def test_another_architecture_is_refused_by_name(stored: PreTrainedModel, change: dict[str, Any], found: str) -> None:
    with pytest.raises(ModelError, match=found):
        DecoderShape.of(stored.config.to_dict() | change)


def test_torn_and_missing_files_are_named(stored: PreTrainedModel, tmp_path: Path) -> None:
    stored.save_pretrained(tmp_path)
    whole = (tmp_path / WEIGHTS).read_bytes()
    (tmp_path / WEIGHTS).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match="not a readable language model"):
        load_decoder(tmp_path)
    (tmp_path / WEIGHTS).write_bytes(whole)
    config = json.loads((tmp_path / CONFIG).read_text())
    (tmp_path / CONFIG).write_text(json.dumps({name: config[name] for name in config if name != "rope_parameters"}))
    with pytest.raises(ModelError, match="rope_parameters"):
        load_decoder(tmp_path)
    (tmp_path / CONFIG).unlink()
    with pytest.raises(ModelError, match="No such file"):
        load_decoder(tmp_path)


@pytest.mark.parametrize(
    "content", ["[" * 100_000, '{"a":' * 100_000, "[]", '{"rope_parameters": 3, "model_type": "llama"']
)
def test_a_configuration_that_is_none_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_text(content)
    with pytest.raises(ModelError, match="not a readable language model"):
        load_decoder(tmp_path)
