"""Ids once: the same answers whether they lie in memory or on disk."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cistrace.io.ids import SEEN_BEFORE, SeenIds


@given(st.lists(st.text("ab", min_size=1, max_size=5), max_size=60))
def test_what_is_on_disk_is_remembered_too(names: list[str]) -> None:
    few, many = SeenIds(in_memory=4), SeenIds()
    found = [few.fault(name) for name in names]
    assert found == [many.fault(name) for name in names]
    assert found == [SEEN_BEFORE if name in names[:at] else "" for at, name in enumerate(names)]


def test_what_is_no_id() -> None:
    seen = SeenIds()
    assert "is empty" in seen.fault(" \t") and "over 1,000" in seen.fault("a" * 1001)
    assert "half a surrogate" in seen.fault("a\ud800")
    assert seen.fault("a" * 1000) == ""
