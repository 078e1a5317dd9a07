"""The tokens of new cell types in a writer that keeps all others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from card_helpers import MATRICES
from safetensors.torch import load_file
from tokenizers import Tokenizer

from cistrace.towers.recipe import AdaptRecipe
from cistrace.training.language_models import load_trained
from cistrace.training.recipe_file import load_recipe
from cistrace.training.run import Run
from cistrace.training.stages import keep_writer
from cistrace.training.start import start_of
from cistrace.training.writer_start import embeddings_of, writer_of
from cistrace.writers.tokenizer import build_tokenizer
from cistrace.writers.vocabulary import VocabularyNames

KNOWN = VocabularyNames(tuple(sorted(MATRICES.values())), ("HepG2", "K562"), 60)


def test_known_tokens_keep_their_embedding_and_a_new_cell_type_has_the_mean_of_the_known() -> None:
    before = build_tokenizer(KNOWN).backend_tokenizer
    after = build_tokenizer(replace(KNOWN, cell_types=("Liver cells", "K562"))).backend_tokenizer
    old = torch.randn((before.get_vocab_size(), 8), generator=torch.Generator().manual_seed(0))
    found = embeddings_of(before, after, old, KNOWN)
    was, now = before.get_vocab(), after.get_vocab()
    new = set(now) - set(was)
    assert new == {"in Liver cells\n"} and set(was) - set(now) == {"in HepG2\n"}
    for token in set(now) - new:
        assert torch.equal(found[now[token]], old[was[token]])
    mean = (old[was["in HepG2\n"]] + old[was["in K562\n"]]) / 2
    assert torch.allclose(found[now["in Liver cells\n"]], mean)
    assert found.shape == (after.get_vocab_size(), 8)


@pytest.mark.pipeline
def test_a_writer_that_is_kept_is_the_start_s_but_for_its_names(tmp_path: Path) -> None:
    start = start_of(AdaptRecipe(start="shipped"))
    kept = keep_writer(writer_of(start, ("Liver",)), Run(tmp_path))
    found, tokenizer = load_trained(tmp_path / "rationale", load_recipe("adapt"))
    own = load_file(start.folder / "model.safetensors")
    assert kept["kept"] and found.config.vocab_size == len(tokenizer)
    assert tokenizer.decode(tokenizer.encode("in Liver\n")) == "in Liver\n" and len(tokenizer.encode("in Liver\n")) == 1
    table = "model.embed_tokens.weight"
    for name, value in found.state_dict().items():
        if name not in (table, "lm_head.weight"):
            assert torch.equal(value, own[name].float()), name
    before = Tokenizer.from_file(str(start.folder / "tokenizer.json")).get_vocab()
    shared = set(before) & set(tokenizer.get_vocab())
    assert len(shared) == len(before) - 3
    places = [(tokenizer.get_vocab()[token], before[token]) for token in shared]
    new, old = (torch.tensor(column) for column in zip(*places, strict=True))
    assert torch.equal(found.state_dict()[table][new], own[table].float()[old])
