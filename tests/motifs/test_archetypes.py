"""The table of archetypes: every matrix in one, alike to its leader, and each name one archetype's."""

from __future__ import annotations

import csv
from collections import defaultdict

import pytest

from cistrace.motifs.archetypes import FILE, MatrixName, matrix_names, name_of
from cistrace.motifs.library import load_library


def rows() -> list[dict[str, str]]:
    with FILE.open(encoding="utf-8") as file:
        next(file)
        return list(csv.DictReader(file, delimiter="\t"))


def test_the_table_is_of_the_default_library() -> None:
    assert FILE.read_text(encoding="utf-8").split(";")[0] == f"# {load_library().version}"
    assert [row["matrix_id"] for row in rows()] == [motif.matrix_id for motif in load_library().motifs]


def test_all_members_are_like_their_leader() -> None:
    leaders = defaultdict(set)
    for row in rows():
        leaders[row["archetype"]].add(row["leader"])
        assert float(row["log10_p"]) <= -4 or row["matrix_id"] == row["leader"], row
    assert all(len(found) == 1 for found in leaders.values())
    assert len({row["leader"] for row in rows()}) == len(leaders)


@pytest.mark.parametrize(
    ("matrix_id", "name", "archetype"),
    [
        ("MA0079.5", "SP1", "SP/KLF"), ("MA0035.5", "GATA1", "GATA"), ("MA0037.5", "GATA3", "GATA"),
        ("MA0106.3", "TP53", "p53"), ("MA0099.4", "FOS::JUN", "AP-1"), ("MA0138.3", "REST", "REST"),
        ("MA1991.2", "HNF1A", "TCF/LEF"),  # JASPAR's matrix of mouse Hnf1A is one of TCF7's
        ("MA0603.2", "BMAL1", "E-box CACGTG"),
    ],
)  # fmt: skip
def test_known_names(matrix_id: str, name: str, archetype: str) -> None:
    assert matrix_names()[matrix_id] == MatrixName(name, archetype)


def test_an_unknown_matrix_is_its_own_archetype() -> None:
    assert name_of("X1", "mine") == MatrixName("mine", "mine")


def test_symbols_are_human() -> None:
    odd = {row["symbol"] for row in rows() if row["symbol"] != row["symbol"].upper()}
    assert odd == {"Dux", "Duxbl1", "Msx3", "Rhox11", "Zfp809", "Zfp961"}  # no such human gene
