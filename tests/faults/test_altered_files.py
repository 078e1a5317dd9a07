"""One bit of every file that a prediction rests on is turned over: no run takes it for what it was."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from cistrace.checkpoints.load import load_checkpoint
from cistrace.checkpoints.schema import CONFIG, CONFIG_SUM, shipped_checkpoint
from cistrace.errors import ModelError

FILES = sorted(
    path.relative_to(shipped_checkpoint()).as_posix() for path in shipped_checkpoint().rglob("*") if path.is_file()
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shutil.copytree(shipped_checkpoint(), tmp_path_factory.mktemp("model") / "model")


@pytest.mark.parametrize("name", FILES)
def test_an_altered_bit_of_a_checkpoint_is_named(folder: Path, name: str) -> None:
    """Ten bits of each file, the first and the last among them."""
    path = folder / name
    written = path.read_bytes()
    places = np.random.default_rng(len(written)).integers(0, 8 * len(written), 8).tolist()
    try:
        for place in (0, *places, 8 * len(written) - 1):
            changed = bytearray(written)
            changed[place // 8] ^= 1 << place % 8
            path.write_bytes(changed)
            with pytest.raises(ModelError) as caught:
                load_checkpoint(folder)
            message = str(caught.value)
            assert (CONFIG if name in (CONFIG, CONFIG_SUM) else name) in message or name in message
            assert "restore" in message
    finally:
        path.write_bytes(written)


def test_a_torn_file_is_named(folder: Path) -> None:
    for name in FILES:
        path = folder / name
        written = path.read_bytes()
        try:
            path.write_bytes(written[: len(written) // 2])
            with pytest.raises(ModelError, match=r"torn|restore"):
                load_checkpoint(folder)
        finally:
            path.write_bytes(written)
    load_checkpoint(folder)
