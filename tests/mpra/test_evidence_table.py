from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cistrace.errors import DataError
from cistrace.mpra.evidence_table import (
    EvidenceOrigin,
    EvidenceTable,
    digests_of,
    load_evidence,
    save_evidence,
)

ABOUT = EvidenceOrigin(("K562", "liver cells"), "associations", "JASPAR2026", "1")


def small_evidence() -> EvidenceTable:
    random = np.random.default_rng(0)
    return EvidenceTable(
        digests_of(["ACGT", "CCGT", "TTTT"]), random.normal(size=(3, 2)).astype(np.float32), np.array([0, 2, 2, 3]),
        random.normal(size=(3, 2)).astype(np.float32), ABOUT,
    )  # fmt: skip


def test_the_file_comes_back_and_rows_are_found_by_content(tmp_path: Path) -> None:
    path = tmp_path / "evidence.npz"
    made = small_evidence()
    save_evidence(made, path)
    back = load_evidence(path)
    assert back.about == ABOUT
    np.testing.assert_array_equal(back.contributions, made.contributions)
    np.testing.assert_array_equal(back.places(["TTTT", "ACGT"], "x"), [2, 0])
    with pytest.raises(DataError, match="no evidence for 1 of 2 sequences"):
        back.places(["TTTT", "AAAA"], "x")
    with pytest.raises(DataError, match="no evidence for HepG2, only for K562"):
        back.columns(["HepG2"], "x")


def test_a_torn_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "evidence.npz"
    save_evidence(small_evidence(), path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DataError, match=r"evidence.npz: not a readable evidence file"):
        load_evidence(path)
