from __future__ import annotations

from pathlib import Path

import pytest

from cistrace.cards.card import TfEffect
from cistrace.cards.known_effects import KnownEffects, read_known_effects, write_known_effects
from cistrace.errors import ModelError


def test_known_effects_come_back_at_four_decimals(tmp_path: Path) -> None:
    known = KnownEffects({"K562": {"A": TfEffect(0.12321, 0.01), "B": TfEffect(-1.0, 0.2)}})
    write_known_effects(tmp_path / "k.tsv", known, {"A": 50, "B": 23})
    assert (tmp_path / "k.tsv").read_text().splitlines()[1] == "A\tK562\t0.1232\t0.0100\t50"
    found = read_known_effects(tmp_path / "k.tsv")
    assert found.of("K562") == {"A": TfEffect(0.1232, 0.01), "B": TfEffect(-1.0, 0.2)}
    assert found.of("HeLa") == {}


@pytest.mark.parametrize("text", ["", "tf\tcell_type\nA\tK562\n"])
def test_other_tables_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "k.tsv"
    path.write_text(text)
    if text:
        with pytest.raises(ModelError, match=r"k\.tsv"):
            read_known_effects(path)
    else:
        assert read_known_effects(path).effects == {}
    with pytest.raises(ModelError, match=r"none\.tsv"):
        read_known_effects(tmp_path / "none.tsv")
