"""A model computes where it is told to, or says why it cannot."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from cli_helpers import invoke

from cistrace import Predictor
from cistrace.checkpoints.device import available_devices, usable_device
from cistrace.checkpoints.load import load_checkpoint
from cistrace.checkpoints.schema import VOCABULARY, shipped_checkpoint
from cistrace.errors import InputError
from cistrace.writers.domain_reasoner import DomainReasoner
from cistrace.writers.vocabulary import VocabularyNames


def test_the_cpu_can_always_be_used() -> None:
    assert usable_device("cpu") == torch.device("cpu")
    assert available_devices()[0] == "cpu"


@pytest.mark.parametrize("name", ["cuda:99", "cpu:1", "meta", "gpu", "cuda:x", ""])
def test_what_cannot_be_used_is_named_with_what_can(name: str) -> None:
    with pytest.raises(InputError, match=rf"device '{name}': cannot be used \(.+\); expected cpu"):
        usable_device(name)


@pytest.mark.parametrize("name", ["foo", "cuda:x", ""])
def test_no_device_is_named_that_is_not_there(name: str) -> None:
    with pytest.raises(InputError) as caught:
        usable_device(name)
    assert str(caught.value) == (
        f"device {name!r}: cannot be used (PyTorch has none of this name); expected "
        f"{', '.join(available_devices())} or auto; name one of these, or leave it out"
    )


def test_a_predictor_refuses_a_device_that_is_not_there() -> None:
    with pytest.raises(InputError, match="device 'cuda:99'"):
        Predictor(device="cuda:99")


def test_everything_a_model_is_made_of_follows_the_language_model() -> None:
    """`meta` stands for any other device: its tensors have a place and no values, and mix with no others."""
    stored = load_checkpoint().reasoner
    assert isinstance(stored, DomainReasoner)
    names = VocabularyNames.read(shipped_checkpoint() / VOCABULARY)
    moved = DomainReasoner(stored.language_model.to("meta"), stored.tokenizer, stored.head, names)
    places = [tensor.device.type for tensor in (*moved._padded(["m1"]), *moved.head.parameters())]
    tables = moved.grammar.following, moved.grammar.opening, moved.grammar.opens
    assert {*places, *(table.device.type for table in tables)} == {moved.device.type} == {"meta"}
    with pytest.raises(NotImplementedError, match="Cannot copy out of meta"):  # the head agreed; results come back
        moved._scores(torch.zeros(6, moved.language_model.hidden_size, device="meta"), torch.zeros(2, 3, 2))


@pytest.mark.gpu
@pytest.mark.parametrize("trace", [False, True])
def test_a_gpu_predicts_what_a_cpu_does(trace: bool) -> None:
    bases = ["".join(np.random.default_rng(seed).choice(list("ACGT"), 200)) for seed in range(8)]
    one = Predictor(device="cpu").predict(bases, trace=trace)
    other = Predictor(device="cuda").predict(bases, trace=trace)
    np.testing.assert_allclose([x.activity for x in one], [x.activity for x in other], atol=0.02)
    assert sum(x.trace_text == y.trace_text for x, y in zip(one, other, strict=True)) >= len(one) - 2


@pytest.mark.gpu
def test_commands_say_the_same_on_a_gpu_within_a_thousandth(tmp_path: Path) -> None:
    letters = np.random.default_rng(1).choice(list("ACGT"), (64, 200))
    (tmp_path / "in.fa").write_text("".join(f">s{at}\n{''.join(row)}\n" for at, row in enumerate(letters)))
    pairs = [("".join(row), "".join([*row[:99], "CGTA"["ACGT".index(row[99])], *row[100:]])) for row in letters]
    (tmp_path / "pairs.csv").write_text("ref,alt\n" + "".join(f"{ref},{alt}\n" for ref, alt in pairs))
    found = {}
    for device in ("cpu", "cuda"):
        for command, source, column in (("predict", "in.fa", "activity"), ("variants", "pairs.csv", "alt_activity")):
            output = tmp_path / f"{device}-{command}.jsonl"
            done = invoke(command, tmp_path / source, "--no-trace", "--device", device, "-o", output)
            assert done.exit_code == 0 and f"computing on {device}" in done.stderr, done.stderr
            rows = [json.loads(line) for line in output.read_text().splitlines()]
            found[device, command] = [row[column] for row in rows]
    for command in ("predict", "variants"):
        np.testing.assert_allclose(found["cpu", command], found["cuda", command], atol=1e-3, rtol=0)
