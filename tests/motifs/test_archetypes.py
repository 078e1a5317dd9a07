"""The table of archetypes: every matrix in one, alike to its leader, and each name one archetype's."""

from __future__ import annotations

import csv
import re
from collections import defaultdict

import pytest

from cistrace.io.shipped import DATA
from cistrace.motifs.archetypes import FILE, MatrixName, matrix_names, name_of
from cistrace.motifs.library import load_library


def rows() -> list[dict[str, str]]:
    with (DATA / FILE).open(encoding="utf-8") as file:
        next(file)
        return list(csv.DictReader(file, delimiter="\t"))


def test_the_table_is_of_the_default_library() -> None:
    assert (DATA / FILE).read_text(encoding="utf-8").split(";")[0] == f"# {load_library().version}"
    assert [row["matrix_id"] for row in rows()] == [motif.matrix_id for motif in load_library().motifs]


def test_all_members_are_like_their_leader() -> None:
    leaders = defaultdict(set)
    for row in rows():
        leaders[row["archetype"]].add(row["leader"])
        assert float(row["log10_p"]) <= -4 or row["matrix_id"] == row["leader"], row
        assert float(row["correlation"]) >= 0.8, row
    assert all(len(found) == 1 for found in leaders.values())
    assert len({row["leader"] for row in rows()}) == len(leaders)


def test_the_labels_are_short_words() -> None:
    labels = {row["archetype"] for row in rows()}
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9/:-]{1,13}", label) for label in labels)
    assert {"AP-1", "CRE", "C/EBP", "GATA", "ETS", "SP/KLF", "E-box/CACGTG", "NFY", "NRF1", "HNF1", "HNF4"} <= labels


def test_matrices_of_two_factors_keep_to_themselves() -> None:
    found = defaultdict(set)
    for row in rows():
        found[row["archetype"]].add(row["symbol"])
    assert {"ELK1::HOXA1", "HOXB2::ELK1", "ETV2::DRGX"} <= found["ETS::HOX"]
    assert not any("::" in symbol for symbol in found["ETS"] | found["FOX"] | found["GATA"])


@pytest.mark.parametrize(
    ("matrix_id", "name", "archetype"),
    [
        ("MA0079.5", "SP1", "SP/KLF"), ("MA0035.5", "GATA1", "GATA"), ("MA0037.5", "GATA3", "GATA"),
        ("MA0106.3", "TP53", "p53"), ("MA0099.4", "FOS::JUN", "AP-1"), ("MA0138.3", "REST", "REST"),
        ("MA1991.2", "HNF1A", "TCF/LEF"),  # JASPAR's matrix of mouse Hnf1A is one of TCF7's
        ("MA0603.2", "BMAL1", "E-box/CACGTG"), ("MA0046.3", "HNF1A", "HNF1"), ("MA0140.3", "GATA1::TAL1", "TAL1-GATA"),
        ("MA0142.1", "POU5F1::SOX2", "OCT4-SOX2"), ("MA0088.3", "ZNF143", "ZNF143"),
        ("MA0114.5", "HNF4A", "HNF4"), ("MA0060.4", "NFYA", "NFY"), ("MA0028.3", "ELK1", "ETS"),
        ("MA0062.4", "GABPA", "ETS"), ("MA0089.3", "MAFG::NFE2L1", "AP-1"),
    ],
)  # fmt: skip
def test_known_names(matrix_id: str, name: str, archetype: str) -> None:
    found = matrix_names()[matrix_id]
    assert (found.symbol, found.archetype) == (name, archetype)


def test_pairs_and_best_known_factors_are_marked() -> None:
    assert matrix_names()["MA0140.3"] == MatrixName("GATA1::TAL1", "TAL1-GATA", pair=True)
    assert matrix_names()["MA0079.5"] == MatrixName("SP1", "SP/KLF", known=True)
    assert matrix_names()["MA0099.4"] == MatrixName("FOS::JUN", "AP-1", known=True)  # one site, whatever binds it
    pairs = {name.archetype for name in matrix_names().values() if name.pair}
    assert not pairs & {name.archetype for name in matrix_names().values() if not name.pair}


def test_an_unknown_matrix_is_its_own_archetype() -> None:
    assert name_of("X1", "mine") == MatrixName("mine", "mine")


def test_symbols_are_human() -> None:
    odd = {row["symbol"] for row in rows() if row["symbol"] != row["symbol"].upper()}
    assert odd == {"Dux", "Duxbl1", "Msx3", "Rhox11", "Zfp809", "Zfp961"}  # no such human gene
