"""Stage II in this process: its arms, its loss, what it leaves."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from training_helpers import domain_tokenizer, examples, run, tiny_recipe, write_recipe
from transformers import AutoModelForCausalLM, AutoTokenizer, EvalPrediction

from cistrace.training.activity import ActivityModel, LossWeights
from cistrace.training.arms import texts_to_learn
from cistrace.training.regression import _measure
from cistrace.training.rows import ExampleText, collate, rows_of
from cistrace.training.run import Run
from cistrace.writers.layout import CHAT, DOMAIN, layout_of


@pytest.fixture(scope="module")
def one_stage(bench: Path, qwen: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with stage I done."""
    folder = tmp_path_factory.mktemp("one-stage")
    recipe = write_recipe(tiny_recipe(qwen, rationale={"most_steps": 2}), folder / "recipe.yaml")
    made = run("train", "rationale", "--recipe", recipe, "--data", bench, "-o", folder / "run")
    assert made.returncode == 0, made.stderr
    return folder


@pytest.mark.integration
@pytest.mark.parametrize("arm", ["sequence", "card", "shuffled", "oracle"])
def test_an_arm_trains_and_says_what_it_read(one_stage: Path, bench: Path, tmp_path: Path, arm: str) -> None:
    folder = Path(shutil.copytree(one_stage / "run", tmp_path / "run"))
    line = ("train", "regression", "--recipe", one_stage / "recipe.yaml", "--data", bench, "-o", folder,
            f"regression.arm={arm}", "regression.most_steps=4")  # fmt: skip
    made = run(*line)
    if arm == "oracle":  # never by accident
        assert made.returncode == 2 and "oracle_reads_labels: true" in made.stderr
        made = run(*line, "regression.oracle_reads_labels=true")
    assert made.returncode == 0, made.stderr
    figures = Run(folder).read_metrics()["regression"]
    assert figures["arm"] == arm and figures["oracle"] == (arm == "oracle")
    assert (folder / "regression" / "ORACLE.txt").exists() == (arm == "oracle")
    assert ("**Oracle.**" in Run(folder).card.read_text()) == (arm == "oracle")
    assert Run(folder).traces("train").exists() == (arm == "shuffled")  # nothing is generated for nothing
    assert json.loads(Run(folder).about.read_text())["done"][-1] == "regression"


def activity(qwen: Path, writing: float, without_trace: float = 0.0) -> tuple[ActivityModel, dict[str, torch.Tensor]]:
    model = AutoModelForCausalLM.from_pretrained(qwen)
    layout = layout_of(CHAT, AutoTokenizer.from_pretrained(qwen))
    many = examples(CHAT)
    recipe = tiny_recipe(qwen, regression={"writing": writing})
    texts, _ = texts_to_learn(recipe, layout, many, [example.trace for example in many], ())
    made = ActivityModel(model, False, LossWeights(without_trace, writing))
    torch.nn.init.normal_(made.head.linear.weight)
    return made, collate(list(rows_of(layout, texts, 4096, False)), layout.pad)


def test_scores_are_taken_on_the_last_token_read_whatever_the_padding(qwen: Path) -> None:
    model, batch = activity(qwen, 0.0)
    with torch.inference_mode():
        together = model(**batch)["scores"]
        for at in range(len(batch["targets"])):
            length = int(batch["attention_mask"][at].sum())
            hidden = model.language_model.model(batch["input_ids"][at : at + 1, :length]).last_hidden_state[0, -1]
            alone = model.head(hidden[None], batch["features"][at])
            torch.testing.assert_close(together[at], alone, rtol=1e-4, atol=1e-5)


def test_the_writing_loss_is_the_mean_over_supervised_tokens(qwen: Path) -> None:
    model, batch = activity(qwen, 0.5)
    with torch.inference_mode():
        found = model(**batch, num_items_in_batch=batch["labels"].ne(-100).sum())
        logits = model.language_model(
            input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], position_ids=batch["position_ids"]
        ).logits
        expected = torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), batch["labels"][:, 1:].flatten())
        error = (found["scores"] - batch["targets"]).square().mean()
    torch.testing.assert_close(found["loss"], error + 0.5 * expected, rtol=1e-4, atol=1e-3)


def test_the_card_alone_is_scored_at_its_own_weight(qwen: Path) -> None:
    (model, batch), (both, _) = activity(qwen, 0.0), activity(qwen, 0.0, 0.25)
    both.load_state_dict(model.state_dict())
    with torch.inference_mode():
        bare = {**batch, "ends": batch["prompt_ends"]}
        whole, alone, together = (found["loss"] for found in (model(**batch), model(**bare), both(**batch)))
    torch.testing.assert_close(together, whole + 0.25 * alone)


def test_how_a_batch_is_dealt_out_does_not_change_what_is_learnt(qwen: Path) -> None:
    """Processes' losses are multiplied by their number and averaged, accumulated ones added up, by the trainer."""
    model, batch = activity(qwen, 0.5, 0.5)
    tokens = batch["labels"].ne(-100).sum()
    whole = model.train()(**batch, num_items_in_batch=tokens)["loss"]
    parts = []
    for at in range(5):
        model.weights = replace(model.weights, accumulate=5)
        parts.append(
            model(**{name: part[at : at + 1] for name, part in batch.items()}, num_items_in_batch=tokens)["loss"]
        )
    torch.testing.assert_close(torch.stack(parts).sum(), whole)


def test_a_state_holds_what_is_trained_and_nothing_else(qwen: Path) -> None:
    model, _ = activity(qwen, 0.0)
    trained = {name for name, weight in model.named_parameters() if weight.requires_grad}
    assert model.state_dict().keys() == trained and "head.tower.weight" not in trained
    found = model.load_state_dict(model.state_dict(), strict=False)
    assert not found.missing_keys and not found.unexpected_keys
    torn = {name: value for name, value in model.state_dict().items() if name != "head.norm.bias"}
    assert model.load_state_dict(torn, strict=False).missing_keys == ["head.norm.bias"]


def test_val_is_measured_by_cell_type_whatever_shares_a_row() -> None:
    layout = layout_of(DOMAIN, domain_tokenizer())
    many = [replace(example, target=float(at)) for at, example in enumerate(examples(rows=6))]
    rows = rows_of(layout, [ExampleText(one, None, None, False, False, True) for one in many], 2048, True)
    padded = np.full((len(rows), 2), -100.0)
    for row in range(len(rows)):
        padded[row, : len(rows[row].targets)] = 2 * rows[row].targets - 1
    found = _measure(rows, many)(EvalPrediction(padded, padded))
    expected = {"val_pearson": 1.0, "pearson_HepG2": 1.0, "pearson_K562": 1.0, "slope_HepG2": 0.5, "slope_K562": 0.5}
    assert found == pytest.approx(expected)
