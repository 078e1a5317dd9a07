"""Stage II in this process: its arms, its loss, what it leaves."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from training_helpers import records, run, tiny_recipe, write_recipe
from transformers import AutoModelForCausalLM, AutoTokenizer

from cistrace.training.activity import ActivityModel
from cistrace.training.arms import texts_to_learn
from cistrace.training.rows import collate, rows_of
from cistrace.training.run import Run
from cistrace.writers.layout import CHAT, layout_of


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


def activity(qwen: Path, writing: bool) -> tuple[ActivityModel, dict[str, torch.Tensor]]:
    model = AutoModelForCausalLM.from_pretrained(qwen)
    layout = layout_of(CHAT, AutoTokenizer.from_pretrained(qwen))
    many = records(CHAT)
    recipe = tiny_recipe(qwen, regression={"writing": 0.5 if writing else 0.0})
    texts, _ = texts_to_learn(recipe, layout, many, [record.trace for record in many], ())
    return ActivityModel(model, False, writing), collate(rows_of(layout, texts, 4096, False).rows, layout.pad)


def test_scores_are_taken_on_the_last_token_read_whatever_the_padding(qwen: Path) -> None:
    model, batch = activity(qwen, False)
    torch.nn.init.normal_(model.head.linear.weight)
    with torch.inference_mode():
        together = model(batch)
        for at in range(len(batch["targets"])):
            length = int(batch["attention_mask"][at].sum())
            hidden = model.language_model.model(batch["input_ids"][at : at + 1, :length]).last_hidden_state[0, -1]
            alone = model.head(hidden[None], batch["features"][at : at + 1])
            torch.testing.assert_close(together.reasonings[at : at + 1], alone, rtol=1e-4, atol=1e-5)


def test_the_writing_loss_is_the_sum_over_supervised_tokens(qwen: Path) -> None:
    model, batch = activity(qwen, True)
    with torch.inference_mode():
        found = model(batch).writing
        logits = model.language_model(
            input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], position_ids=batch["position_ids"]
        ).logits
        expected = torch.nn.functional.cross_entropy(
            logits[:, :-1].flatten(0, 1), batch["labels"][:, 1:].flatten(), ignore_index=-100, reduction="sum"
        )
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-3)
    assert found > 0 and activity(qwen, False)[0](batch).writing == 0
