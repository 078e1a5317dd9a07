"""Rejects: as many as come, each as it came."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cistrace.errors import OutputError
from cistrace.io import rejects as module
from cistrace.io.rejects import Reject, Rejects, write_rejects

TEXT = st.text(st.characters())  # half a surrogate pair too


@given(st.lists(st.builds(Reject, TEXT, st.integers(1), TEXT)))
def test_rejects_come_back_as_they_were(several: list[Reject]) -> None:
    kept = Rejects(several)
    assert len(kept) == len(several)
    assert list(kept) == several == list(kept)
    kept.append(Reject("one more", 7, "late"))
    assert list(kept) == [*several, Reject("one more", 7, "late")]


def test_many_lie_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "IN_MEMORY", 1000)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    many = [Reject(f"record{number}", number, "wrong") for number in range(1, 1000)]
    assert list(Rejects(many)) == many
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    with pytest.raises(OutputError, match=f"{tmp_path}/none: temporary files cannot be written"):
        Rejects(many)


def test_write_rejects(tmp_path: Path) -> None:
    path = tmp_path / "rejects.tsv"
    write_rejects(Rejects([Reject("a", 3, "too short"), Reject("b\tc", 5, "x\ny")]), path)
    assert path.read_text() == 'record\tnumber\treason\na\t3\ttoo short\n"b\tc"\t5\t"x\ny"\n'
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(OutputError, match="cannot be written"):
        write_rejects(Rejects(), tmp_path / "none" / "rejects.tsv")
    with pytest.raises(OutputError, match="cannot be written"):
        write_rejects(Rejects(), tmp_path)
