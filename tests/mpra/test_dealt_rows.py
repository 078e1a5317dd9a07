from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from table_helpers import bases, measured, one_line

from cistrace.errors import DataError
from cistrace.io.regions import reverse_complement
from cistrace.mpra.dealt_rows import DealtRows, read_dealt_rows, write_dealt_rows
from cistrace.mpra.folds import deal_folds
from cistrace.mpra.table import MpraTable

SEQUENCES = tuple(bases(seed) for seed in range(30))
CHROMOSOMES = (*(f"chr{1 + row % 6}" for row in range(26)), "unknown", "chr7", "chr7", "chr1-chr2")
TRAINING = np.array([name != "chr7" for name in CHROMOSOMES])


def dealt(chromosomes: tuple[str, ...] = CHROMOSOMES) -> DealtRows:
    return DealtRows(SEQUENCES, chromosomes, deal_folds(SEQUENCES, chromosomes, TRAINING, 3))


def table(*rows: tuple[str, str]) -> MpraTable:
    return measured([text for text, _ in rows], chromosomes=[place for _, place in rows]).table


def speakers(made: DealtRows, text: str, chromosome: str) -> list[int]:
    return np.flatnonzero(made.may_speak(table((text, chromosome)))[0]).tolist()


@pytest.mark.parametrize("chromosomes", [CHROMOSOMES, ("",) * 30])
def test_of_the_runs_own_rows_the_fold_they_were_dealt_to_speaks(chromosomes: tuple[str, ...]) -> None:
    made = dealt(chromosomes)
    allowed = made.may_speak(table(*zip(SEQUENCES, chromosomes, strict=True)))
    for row, own in enumerate(made.folds.own.tolist()):
        if made.folds.torn[row]:  # one side each was held out
            assert np.flatnonzero(allowed[row]).tolist() == np.flatnonzero(made.folds.barred[row]).tolist()
        else:
            assert np.flatnonzero(allowed[row]).tolist() == ([0, 1, 2] if own < 0 else [own])


def test_rows_are_known_by_their_bases_on_either_strand_and_so_are_relatives() -> None:
    made = dealt(("",) * 30)  # a run of few chromosomes: families were dealt
    for row in np.flatnonzero(TRAINING)[:8]:
        own = [int(made.folds.own[row])]
        assert speakers(made, SEQUENCES[row].lower(), "chr9") == own
        assert speakers(made, reverse_complement(SEQUENCES[row]), "") == own
        assert speakers(made, bases(70, 15) + reverse_complement(SEQUENCES[row][8:50]), "nowhere") == own
    assert speakers(made, bases(71), "") == [0, 1, 2]


def test_a_new_row_is_spoken_of_by_towers_that_saw_neither_its_chromosome_nor_a_relative() -> None:
    made = dealt()
    own = made.folds.own
    for name in ("chr3", "3", "CHR3", "Chr03"):
        assert speakers(made, bases(80), name) == [own[2]]
    assert speakers(made, bases(80), "chr7") == [0, 1, 2] == speakers(made, bases(80), "22")
    near = SEQUENCES[0][:45] + bases(81, 15)  # of chr1
    assert speakers(made, near, "chr7") == [own[0]]
    elsewhere = next(place for place in range(6) if own[place] != own[0])
    assert speakers(made, near, f"chr{elsewhere + 1}") == []
    bridge = SEQUENCES[0][:45] + SEQUENCES[elsewhere][:45]
    assert speakers(made, bridge, "chr7") == []


def test_names_that_cannot_be_compared_are_refused() -> None:
    made = dealt()
    message = one_line(made.may_speak, table((bases(80), "NC_000001.11")), error=DataError)
    assert "chromosome 'NC_000001.11': the towers' run does not know it; expected one of chr1, chr2" in message
    message = one_line(made.may_speak, table((bases(80), "unknown")), error=DataError)
    assert "row 'e0': states no chromosome" in message
    assert speakers(made, SEQUENCES[26], "") == [made.folds.own[26]]  # known by its bases


def test_the_file_comes_back(tmp_path: Path) -> None:
    made, path = dealt(), tmp_path / "rows.parquet"
    write_dealt_rows(made, path)
    back = read_dealt_rows(path)
    assert (back.sequences, back.chromosomes, back.folds.rule) == (made.sequences, made.chromosomes, made.folds.rule)
    for name in ("training", "own", "barred", "torn", "family", "blocks"):
        np.testing.assert_array_equal(getattr(back.folds, name), getattr(made.folds, name))
    assert back.digest == made.digest != dealt(("",) * 30).digest


def test_a_missing_or_torn_file_is_refused(tmp_path: Path) -> None:
    assert "train the towers again" in one_line(read_dealt_rows, tmp_path / "none.parquet", error=DataError)
    path = tmp_path / "rows.parquet"
    write_dealt_rows(dealt(), path)
    path.write_bytes(path.read_bytes()[:100])
    assert "does not say which rows the towers have seen" in one_line(read_dealt_rows, path, error=DataError)
