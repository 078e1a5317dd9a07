"""Opening a reasoner: what a chat model needs beside the core."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from cistrace.checkpoints.load import load_checkpoint
from cistrace.checkpoints.reasoner import open_reasoner
from cistrace.errors import ModelError


def test_a_chat_model_without_transformers_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith(("cistrace.checkpoints.chat", "cistrace.writers.c"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "transformers", None)
    chat = replace(load_checkpoint().interface, layout="chat")
    with pytest.raises(ModelError, match=r"mine: its language model is a chat model.*pip install 'cistrace\[chat\]'"):
        open_reasoner(Path("mine"), chat)
