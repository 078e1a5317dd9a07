"""A finished run: what it holds, what leaves it, and what can be done with that."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from chat_server import chat_server
from cli_helpers import invoke
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from cistrace.checkpoints.load import load_checkpoint
from cistrace.checkpoints.schema import read_config
from cistrace.errors import RunError
from cistrace.io.dna_sequence import DnaSequence
from cistrace.predict import Predictor
from cistrace.training.run import Run, check_data, done

pytestmark = pytest.mark.pipeline
DNA = "ACGTTGCAAGTCCGATAGCTTGCACCACGCCCACCCGTATTAGC" * 3


@pytest.fixture(scope="module")
def exported(r3lm: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported") / "model"
    made = invoke("export", r3lm, "-o", folder, "--anyway")
    assert made.exit_code == 0, made.output
    assert "not fit for use: K562: 80 measured training rows, expected 1,000" in made.stderr
    return folder


def test_a_run_holds_what_it_was_made_of_and_what_came_of_it(r3lm: Path) -> None:
    run = Run(r3lm)
    about, metrics = run.read_about(), run.read_metrics()
    assert about["done"] == ["examples", "rationale", "generate", "regression"]
    assert len(about["data"]["manifest_sha256"]) == 64 and {"torch", "accelerate", "peft"} <= about["packages"].keys()
    assert run.read_config().regression.lora.rank == 16 and run.read_config().rationale.accumulate == 8
    assert metrics["examples"] == {"taught": 80, "train": 160, "val": 12, "pieces": 0}
    assert metrics["rationale"]["rows"] == 80 and metrics["regression"]["rows"] == 160
    assert metrics["rationale"]["steps"] == 3 and metrics["regression"]["steps"] == 4
    assert {"val_pearson", "pearson_K562", "pearson_MyCell"} == set(metrics["regression"]["val_pearson"])
    assert metrics["regression"]["shortened"] == 0
    for stage in ("rationale", "regression"):
        assert run.curve(stage).read_bytes().startswith(b"\x89PNG")
        assert list(run.tensorboard(stage).rglob("events.*"))
        assert any("loss" in json.loads(line) for line in run.history(stage).read_text().splitlines())
    card = run.card.read_text()
    assert "K562, MyCell" in card and about["data"]["manifest_sha256"] in card and "val Pearson, K562" in card
    assert str(Path(run.read_config().model.base).parent) not in card and "4 weight updates over 160 rows" in card
    assert [path.name for path in r3lm.glob(".*")] == [".lock"] and not list(r3lm.rglob("*.bin"))


def test_stage_two_is_a_plain_adapter_over_stage_one(r3lm: Path) -> None:
    config = json.loads((r3lm / "regression" / "adapter_config.json").read_text())
    assert (config["r"], config["lora_alpha"], config["lora_dropout"]) == (16, 32, 0.05)
    weights = load_file(r3lm / "regression" / "adapter_model.safetensors")
    assert weights and all("lora_" in name for name in weights)
    base = AutoModelForCausalLM.from_pretrained(r3lm / "rationale")
    opened = PeftModel.from_pretrained(base, str(r3lm / "regression"))
    loaded = dict(opened.named_parameters())
    for name, weight in weights.items():
        torch.testing.assert_close(loaded[name.replace(".weight", ".default.weight")].float(), weight.float())


def test_the_export_is_a_plain_folder_with_the_adapters_merged(r3lm: Path, exported: Path) -> None:
    assert not list(exported.glob("adapter*")) and (exported / "model.safetensors").exists()
    tokenizer = AutoTokenizer.from_pretrained(exported)
    merged = AutoModelForCausalLM.from_pretrained(exported, dtype=torch.float32).eval()
    base = AutoModelForCausalLM.from_pretrained(r3lm / "rationale", dtype=torch.float32)
    opened = PeftModel.from_pretrained(base, str(r3lm / "regression")).eval()
    ids = torch.tensor([tokenizer("Context:\n- Cell Type: K562\n\nDNA Sequence:\nACGT")["input_ids"]])
    with torch.inference_mode():
        ours, theirs = merged(ids).logits, opened(ids).logits
    torch.testing.assert_close(ours, theirs, rtol=0.02, atol=0.02)  # weights are kept as bf16
    told = [{"role": "user", "content": "x"}]
    assert str(tokenizer.apply_chat_template(told, tokenize=False)).startswith("<|im_start|>user")


def test_what_speaks_against_a_model_keeps_it_from_leaving_its_run(r3lm: Path, tmp_path: Path) -> None:
    made = invoke("export", r3lm, "-o", tmp_path / "model")
    assert made.exit_code == 2 and "--anyway" in made.stderr and "MyCell: 80 measured training rows" in made.stderr
    assert "the writer: 0 of" in made.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_unfit_model_says_so_wherever_it_is_used(exported: Path) -> None:
    config = read_config(exported)
    assert len(config.faults) == 5
    card = (exported / "README.md").read_text()
    assert "## Calibration" in card and "| MyCell | trace | 4 | 10 |" in card
    assert "MyCell, with a trace: 4 measured val rows to fit a line to, expected 10" in card
    assert "What speaks against this model" in card and all(card.count(fault) == 1 for fault in config.faults)
    made = invoke("predict", "-", "--model", exported, "--cell-type", "K562", stdin=f">a\n{DNA}\n")
    assert made.exit_code == 0 and all(f"not fit for use: {fault}" in made.stderr for fault in config.faults)


def test_a_model_trained_without_the_card_alone_refuses_to_score_it(exported: Path) -> None:
    assert read_config(exported).interface.readouts == ("trace",)
    made = invoke("predict", "-", "--model", exported, "--no-trace", stdin=f">a\n{DNA}\n")
    assert made.exit_code == 2 and "leave --no-trace" in made.stderr and made.stdout == ""


def test_an_export_takes_an_older_ones_place_only_when_it_stands(r3lm: Path, exported: Path, tmp_path: Path) -> None:
    old = Path(shutil.copytree(exported, tmp_path / "model"))
    refused = invoke("export", r3lm, "-o", old)
    assert refused.exit_code == 2 and load_checkpoint(old).hash == load_checkpoint(exported).hash
    (old / "mine.md").write_text("mine")
    (old / "README.md").write_text("of the older one")
    made = invoke("export", r3lm, "-o", old, "--anyway")
    assert made.exit_code == 0 and "## Calibration" in (old / "README.md").read_text()
    assert (old / "mine.md").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_predict_uses_the_export_and_the_run_alike(r3lm: Path, exported: Path, tmp_path: Path) -> None:
    fasta = tmp_path / "in.fa"
    fasta.write_text(f">one\n{DNA}\n")
    outputs, table = [], tmp_path / "out.jsonl"
    for model in (exported, r3lm):
        made = invoke("predict", fasta, "--model", model, "--cell-type", "mycell", "-o", table)
        assert made.exit_code == 0, made.output
        outputs.append(json.loads(table.read_text()))
    first, second = outputs
    assert first["cell_type"] == "MyCell" and abs(first["activity"] - second["activity"]) < 1e-6
    unknown = invoke("predict", fasta, "--model", exported, "--cell-type", "Liver")
    assert unknown.exit_code == 2 and "MyCell" in unknown.stderr


def test_predictions_do_not_depend_on_the_batch(exported: Path) -> None:
    predictor = Predictor(exported)
    many = [DnaSequence(f"s{at}", DNA[at : at + 60 + 5 * at], "") for at in range(5)]
    together = {(one.id, one.cell_type): one for one in predictor.stream(many, trace=True)}
    for one in many:
        for alone in predictor.stream([one], trace=True):
            found = together[alone.id, alone.cell_type]
            assert found.activity == pytest.approx(alone.activity, abs=1e-3)
            assert found.trace_text == alone.trace_text


def test_a_torn_export_is_refused(exported: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(exported, broken)
    path = broken / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    made = invoke("predict", "-", "--model", broken, stdin=f">a\n{DNA}\n")
    assert made.exit_code == 2 and "SHA-256" in made.stderr
    assert load_checkpoint(exported).cell_types == ("K562", "MyCell")


def test_an_export_does_not_write_over_something_else(r3lm: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    made = invoke("export", r3lm, "-o", tmp_path)
    assert made.exit_code == 2 and "no checkpoint" in made.stderr
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_an_oracle_leaves_no_model(r3lm: Path, tmp_path: Path) -> None:
    copied = tmp_path / "run"
    shutil.copytree(r3lm, copied)
    config = (copied / "config.yaml").read_text()
    config = config.replace("arm: card+generated", "arm: oracle").replace(
        "oracle_reads_labels: false", "oracle_reads_labels: true"
    )
    (copied / "config.yaml").write_text(config)
    made = invoke("export", copied, "-o", tmp_path / "model")
    assert made.exit_code == 2 and "reads what no new sequence has" in made.stderr
    assert not (tmp_path / "model").exists()


def test_a_run_of_another_data_set_is_refused(r3lm: Path) -> None:
    with pytest.raises(RunError, match="another data set"):
        check_data(Run(r3lm), "0" * 64)


def test_traces_of_an_endpoint_are_what_stage_two_reads(r3lm: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(r3lm, tmp_path / "run"))
    run = Run(folder)
    about = run.read_about()
    run.about.write_text(json.dumps({**about, "done": ["examples", "rationale"]}))
    for path in (*folder.glob("traces-*"), folder / "model", folder / "regression"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    data = r3lm.parent / "bench"
    with chat_server() as server:
        line = ("generate", data, "--model", folder, "--base-url", server.base_url, "--served-model", "run")
        first = invoke(*line, "--limit", "10")
        assert first.exit_code == 0 and "train: 10 examples, 10 written now, 10 ended" in first.stdout
        assert not done(run, "generate")
        second = invoke(*line)
        assert second.exit_code == 0 and "train: 160 examples, 150 written now, 160 ended" in second.stdout
        assert len(server.seen) == 172
    assert done(run, "generate") and run.read_metrics()["generate"]["val"]["ended"] == 12
    kept = run.traces("train").read_bytes()
    made = invoke("train", "regression", "--recipe", run.config, "--data", data, "-o", folder)
    assert made.exit_code == 0, made.output
    assert run.traces("train").read_bytes() == kept and done(run, "regression")
