"""Hits of a table: those of the scanner, and a file of them that is believed only where it is of the same."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from cistrace.motifs.background import load_background
from cistrace.motifs.library import MotifLibrary, load_library
from cistrace.motifs.matrices import CountMatrix
from cistrace.motifs.motif import Motif
from cistrace.motifs.overlap import best_of_family
from cistrace.motifs.scanner import RULES, Scanner
from cistrace.mpra import hits
from cistrace.mpra.hits import HitRows, HitTable, scan_table


def random_dna(number: int, seed: int = 0) -> list[str]:
    letters = np.random.default_rng(seed).choice(list("ACGT"), (number, 200))
    return ["".join(row) for row in letters]


LIBRARY = MotifLibrary("part", load_library().motifs[::15])
SEQUENCES = [*random_dna(7), "A" * 200, "N" * 50]


def part_scanner(threads: int = 1) -> Scanner:
    return Scanner(LIBRARY, load_background("fimo"), threads=threads)


LISTED = [best_of_family(found) for found in part_scanner().scan(SEQUENCES)]


@pytest.fixture(autouse=True)
def _scan_by_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hits, "card_scanner", part_scanner)


def same(left: HitTable, right: HitTable) -> bool:
    return all(np.array_equal(value, getattr(right, name)) for name, value in vars(left).items())


def test_rows_are_the_scanners_best_hits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hits, "BLOCK", 4)  # several blocks, the last not full
    table = scan_table(SEQUENCES)
    assert len(table) == len(SEQUENCES)
    assert [table.of_row(row, LIBRARY) for row in range(len(table))] == LISTED
    assert table.first[-1] > 5
    rows = HitRows(table, LIBRARY)
    assert list(rows) == rows[:] == [*rows[:2], *rows[2:]] == LISTED
    assert rows[-1] == rows[len(rows) - 1]


def test_no_sequence_has_no_hit() -> None:
    assert len(scan_table([])) == 0


def test_a_file_of_the_same_is_read_and_not_scanned_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "hits.npz"
    first = scan_table(SEQUENCES, path)

    def refuse(*_: object) -> None:
        raise AssertionError("scanned again")

    monkeypatch.setattr(Scanner, "iter_hits", refuse)
    assert same(scan_table(SEQUENCES, path), first)


def test_hits_of_other_sequences_are_scanned_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "hits.npz"
    scan_table(random_dna(3, 1), path)
    with caplog.at_level(logging.WARNING):
        found = scan_table(random_dna(3, 2), path)  # as many rows: only their content tells
    assert same(found, scan_table(random_dna(3, 2)))
    assert "hits.npz: is of sequences" in caplog.text
    assert same(scan_table(random_dna(3, 2), path), found)


@pytest.mark.parametrize("other", ["library", "threshold", "rules"])
def test_hits_by_another_library_or_scanner_are_scanned_again(
    other: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "hits.npz"
    scan_table(SEQUENCES, path)
    library = LIBRARY
    if other == "library":  # the same names in the same places, but one matrix differs
        first = Motif("MA0000.1", "FIRST", frozenset(), CountMatrix(np.eye(4)[[0, 1, 2, 3, 0, 1, 2, 3]] * 9))
        library = MotifLibrary(library.name, (first, *library.motifs[1:]))
    elif other == "rules":
        monkeypatch.setattr("cistrace.motifs.scanner.RULES", RULES + "x")
    threshold = 1e-5 if other == "threshold" else 5e-5
    monkeypatch.setattr(
        hits, "card_scanner", lambda threads: Scanner(library, load_background("fimo"), threshold, threads)
    )
    with caplog.at_level(logging.WARNING):
        found = scan_table(SEQUENCES, path)
    assert same(found, scan_table(SEQUENCES))
    assert ("is of motifs" if other == "library" else "is of scanner") in caplog.text


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 torn", None])
def test_what_is_no_file_of_hits_is_replaced(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "hits.npz"
    if content is None:  # as releases before wrote it: no word on what it is of
        np.savez(path, **vars(scan_table(SEQUENCES)))
    else:
        path.write_bytes(content)
    found = scan_table(SEQUENCES, path)
    with np.load(path, allow_pickle=False) as file:
        assert np.array_equal(file["motif"], found.motif) and "origin" in file


@pytest.mark.parametrize("origin", ["[" * 100_000, "[]", "{}"])
def test_a_file_that_tells_nothing_of_its_hits_is_replaced(origin: str, tmp_path: Path) -> None:
    path = tmp_path / "hits.npz"
    np.savez(path, **vars(scan_table(SEQUENCES)), origin=origin)
    assert same(scan_table(SEQUENCES, path), scan_table(SEQUENCES))


@pytest.mark.parametrize("name", ["first", "motif", "p_value"])
def test_hits_of_unequal_length_are_scanned_again(name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "hits.npz"
    whole = scan_table(SEQUENCES, path)
    with np.load(path, allow_pickle=False) as file:
        arrays = {one: file[one] for one in file.files}
    np.savez(path, **{**arrays, name: arrays[name][:0]})
    assert same(scan_table(SEQUENCES, path), whole) and "disagree in length" in caplog.text


def test_two_processes_find_the_same() -> None:
    many = random_dna(2100, 3)  # more than one batch, so that the processes start
    assert same(scan_table(many, threads=2), scan_table(many))
