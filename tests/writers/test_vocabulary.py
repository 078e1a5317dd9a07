from __future__ import annotations

from pathlib import Path

import pytest

from cistrace.errors import ModelError
from cistrace.writers.tokenizer import SPECIAL
from cistrace.writers.vocabulary import VocabularyNames, pieces


def test_pieces_are_unique_and_no_special(names: VocabularyNames) -> None:
    found = pieces(names)
    assert len(found) == len(set(found))
    assert not set(found) & set(SPECIAL)


def test_names_are_read_as_written(names: VocabularyNames, tmp_path: Path) -> None:
    names.write(tmp_path / "names.json")
    assert VocabularyNames.read(tmp_path / "names.json") == names
    (tmp_path / "names.json").write_text("{}")
    with pytest.raises(ModelError, match=r"names\.json: not a readable list of names"):
        VocabularyNames.read(tmp_path / "names.json")
