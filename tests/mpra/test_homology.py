"""Shared k-mers against sets of Python strings."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from table_helpers import bases, one_line

from cistrace.errors import DataError
from cistrace.io.regions import reverse_complement
from cistrace.mpra.homology import Leak, groups, leaks
from cistrace.mpra.kmers import kmer_keys
from cistrace.mpra.table import read_joint

# Two letters and short sequences, so that k-mers do meet; a few with letters that end them.
SEQUENCES = st.lists(st.text("AC", max_size=14) | st.text("ACGTN", max_size=14), max_size=9)
ANY_K = st.integers(1, 12)
LONG_K = st.integers(31, 64)


def kmers(text: str, k: int) -> list[str]:
    """Canonical k-mers of A, C, G, T, in order."""
    found = [text[place : place + k] for place in range(len(text) - k + 1)]
    return [min(kmer, reverse_complement(kmer)) for kmer in found if set(kmer) <= set("ACGT")]


def related(a: str, b: str, k: int) -> bool:
    """What the module says two sequences share, in Python's own words."""
    if set(kmers(a, k)) & set(kmers(b, k)) or a in (b, reverse_complement(b)):
        return True
    short, other = sorted((a, b), key=len)
    clean = 0 < len(short) < k and set(short) <= set("ACGT")
    return clean and (short in other or reverse_complement(short) in other)


def connected(sequences: list[str], k: int) -> list[int]:
    """The smallest row that each row is linked to, by walking."""
    found = list(range(len(sequences)))
    for start in range(len(sequences)):
        open_rows = [start] if found[start] == start else []
        while open_rows:
            row = open_rows.pop()
            for other in range(start + 1, len(sequences)):
                if found[other] == other and other != start and related(sequences[row], sequences[other], k):
                    found[other] = start
                    open_rows.append(other)
    return found


def same_keys(sequences: list[str], k: int) -> None:
    keys, rows = kmer_keys(sequences, k)
    expected = [(row, kmer) for row, text in enumerate(sequences) for kmer in kmers(text, k)]
    assert rows.tolist() == [row for row, _ in expected]
    key_of: dict[str, int] = {}
    for key, (_, kmer) in zip(keys.tolist(), expected, strict=True):
        assert key_of.setdefault(kmer, key) == key
    assert len(set(key_of.values())) == len(key_of)


@settings(deadline=None)
@given(sequences=SEQUENCES, k=ANY_K)
def test_keys(sequences: list[str], k: int) -> None:
    same_keys(sequences, k)


@settings(deadline=None, max_examples=60)
@given(seeds=st.lists(st.integers(0, 5), min_size=1, max_size=5), length=st.integers(20, 150), k=LONG_K)
def test_long_keys(seeds: list[int], length: int, k: int) -> None:
    sequences = [bases(seed, length) for seed in seeds]
    same_keys([*sequences, *map(reverse_complement, sequences), "A" * length, "ACGT" * 30], k)


def test_keys_do_not_depend_on_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    sequences = [bases(seed, seed % 70) for seed in range(300)]
    whole = kmer_keys(sequences, 20)
    monkeypatch.setattr("cistrace.mpra.kmers._CHUNK_BASES", 256)
    pieces = kmer_keys(sequences, 20)
    np.testing.assert_array_equal(whole[0], pieces[0])
    np.testing.assert_array_equal(whole[1], pieces[1])


@settings(deadline=None, max_examples=300)
@given(sequences=SEQUENCES, k=ANY_K)
def test_groups(sequences: list[str], k: int) -> None:
    assert groups(sequences, k).tolist() == connected(sequences, k)


def test_long_chains_of_groups() -> None:
    text = bases(1, 4000)
    pieces = [text[place : place + 60] for place in range(0, 3940, 20)]
    order = np.random.default_rng(0).permutation(len(pieces))
    shuffled = [reverse_complement(pieces[row]) if row % 2 else pieces[row] for row in order]
    assert not groups(shuffled, 40).any()
    assert groups(shuffled, 41).tolist() == list(range(len(pieces)))


@settings(deadline=None, max_examples=300)
@given(
    rows=st.lists(st.tuples(st.text("AC", max_size=12), st.sampled_from(["train", "val", "test", "", "excluded"]))),
    k=ANY_K,
)
def test_leaks(rows: list[tuple[str, str]], k: int) -> None:
    sequences, splits = [text for text, _ in rows], [split for _, split in rows]

    def count(split: str, other: str) -> Leak:
        here = [text for text, where in rows if where == split]
        there = [text for text, where in rows if where == other]
        sharing = sum(any(related(a, b, k) for b in there) for a in here)
        identical = sum(any(a in (b, reverse_complement(b)) for b in there) for a in here)
        return Leak(sharing, identical)

    found = leaks(sequences, splits, k)
    assert found.val_from_train == count("val", "train")
    assert found.test_from_train == count("test", "train")
    assert found.test_from_val == count("test", "val")
    assert found.short == sum(len(text) < k and split in ("train", "val", "test") for text, split in rows)
    assert found.clean == (
        not any(leak.sharing for leak in (found.val_from_train, found.test_from_train, found.test_from_val))
    )


def test_leaks_on_either_strand() -> None:
    a, b, c = (bases(seed, 200) for seed in range(3))
    near = reverse_complement(c[:100] + a[60:101] + c[100:159])
    found = leaks(
        [a, reverse_complement(a), near, b, a[50:80], b[:90] + "N" + b[91:]],
        ["train", "test", "val", "val", "val", "test"],
    )
    assert found.val_from_train == Leak(2, 0) and found.test_from_train == Leak(1, 1)
    assert found.test_from_val == Leak(2, 0) and found.short == 1 and not found.clean
    assert leaks([a, b, c], ["train", "val", "test"]).clean


def test_arguments() -> None:
    assert "k-mer length 65: expected 1-64" in one_line(groups, ["ACGT"], 65, error=DataError)
    assert "expected one each" in one_line(leaks, ["ACGT"], [], error=DataError)
    assert groups([], 20).tolist() == [] and leaks([], []).clean


@pytest.mark.integration
def test_joint_library_has_no_leaks() -> None:
    folder = os.environ.get("CISTRACE_DATA")
    if not folder:
        pytest.skip("CISTRACE_DATA is not set")
    table = read_joint(Path(folder))
    start = time.perf_counter()
    found = leaks(table.sequences, table.splits, 40)
    seconds = time.perf_counter() - start
    print(f"{len(table):,} rows in {seconds:.1f} s: {found}")
    assert found.clean and seconds < 30
