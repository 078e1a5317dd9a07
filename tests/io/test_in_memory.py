"""Sequences held by a program are taken as what they are, and ids with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas
import polars
import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cistrace.errors import InputError
from cistrace.io.dna_sequence import DnaSequence
from cistrace.io.in_memory import as_sequences

A, B = "ACGT" * 10, "TTGCA" * 8


def ids_and_bases(given: Any) -> list[tuple[str, str]]:
    return [(one.id, one.bases) for one in as_sequences(given)]


NAMED = [("x", A), ("y", B)]


@pytest.mark.parametrize(
    "given",
    [
        dict(NAMED),
        {"x": f" {A.lower()}\n", "y": DnaSequence("its own", B)},
        pandas.Series([A, B], index=["x", "y"]),
        pandas.Series([A, B], index=["x", "y"], dtype="category"),
        pandas.DataFrame({"Name": ["x", "y"], "activity": [1.0, 2.0], "Seq": [A, B]}, index=[7, 8]),
        pandas.DataFrame({"bases": [A, B]}, index=["x", "y"]),
        polars.DataFrame({"id": ["x", "y"], "sequence": [A, B]}),
        polars.DataFrame({"id": ["x", "y"], "sequence": [A, B]}).with_columns(
            polars.col("id").cast(polars.Categorical)
        ),
        pyarrow.table({"sequence": [A, B], "id": ["x", "y"]}),
        [DnaSequence("x", A), DnaSequence("y", B)],
    ],
)
def test_ids_come_with_the_sequences(given: Any) -> None:
    assert ids_and_bases(given) == NAMED


@pytest.mark.parametrize(
    "given",
    [
        [A, B], (A, B), np.array([A, B]), iter([A, B]), polars.Series([A, B]), pyarrow.chunked_array([[A], [B]]),
        polars.DataFrame({"sequence": [A, B]}), pyarrow.table({"seq": [A, B]}),
    ],
)  # fmt: skip
def test_what_has_no_id_is_named_by_its_place(given: Any) -> None:
    assert ids_and_bases(given) == [("seq1", A), ("seq2", B)]


def test_whole_numbers_are_ids() -> None:
    assert ids_and_bases(pandas.Series([A, B], index=[4, 9])) == [("4", A), ("9", B)]
    assert ids_and_bases({3: A}) == ids_and_bases(polars.DataFrame({"id": [3], "seq": [A]})) == [("3", A)]


def test_one_sequence_alone_is_one() -> None:
    assert ids_and_bases(A) == [("seq1", A)]
    assert ids_and_bases(DnaSequence("x", A.lower(), "f")) == [("x", A)]


@given(st.dictionaries(st.text(min_size=1).filter(str.strip), st.text("ACGTNacgtn", min_size=20), min_size=1))
def test_a_dict_is_the_series_and_the_table_of_its_items(items: dict[str, str]) -> None:
    expected = [(name, bases.upper()) for name, bases in items.items()]
    assert ids_and_bases(items) == expected
    assert ids_and_bases(pandas.Series(items)) == expected
    assert ids_and_bases(polars.DataFrame({"id": list(items), "sequence": list(items.values())})) == expected


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (None, "found NoneType, expected text"),
        (b"ACGT" * 10, "found bytes, expected text"),
        (7, "found int, expected text"),
        (Path("enhancers.fa"), "found PosixPath.*read_sequences"),
        ("enhancers.fa", "reads like the name of a file.*read_sequences"),
        ([A, None], "item 2: found NoneType, expected str or DnaSequence"),
        ([b"ACGT" * 10], "item 1: found bytes"),
        (pandas.Series([A, None], index=["x", "y"]), "item 2, 'y': found (NoneType|float), expected str"),
        (
            pandas.DataFrame({"dna": [A]}),
            "DataFrame: no sequence column; found columns 'dna'; expected sequence",
        ),
        (polars.DataFrame({"dna": [A]}), "DataFrame: no sequence column; found columns 'dna'"),
        (pyarrow.table({"seq": [A], "Seq": [A]}), "Table: 2 columns are called 'seq'"),
        (polars.LazyFrame({"seq": [A]}), "found LazyFrame"),
        ({("a", 1): A}, r"item 1: its id is \('a', 1\) \(tuple\), expected text or a whole number"),
        ({" ": A}, "item 1: its id is ' '"),
        (polars.DataFrame({"id": [None], "seq": [A]}), "item 1: its id is None"),
        (pandas.Series([A], index=[1.5]), "item 1: its id is 1.5"),
        ({"x": "ACGU" * 10}, "sequence 'x': position 4 is 'U'"),
        ({"x": "ACGT"}, "sequence 'x': 4 bp long, expected at least 20"),
    ],
)
def test_anything_else_is_refused_by_name(given: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        list(as_sequences(given))


def test_too_few_known_letters_are_refused_only_where_asked() -> None:
    bases = "N" * 190 + "ACGTACGTAC"
    assert ids_and_bases(bases) == [("seq1", bases)]
    with pytest.raises(InputError, match="holds 10 letters"):
        list(as_sequences(bases, minimum_known=20))


def test_nothing_is_asked_for_before_its_turn() -> None:
    def endless() -> Any:
        while True:
            yield A

    stream = as_sequences(endless())
    assert [next(stream).id for _ in range(3)] == ["seq1", "seq2", "seq3"]
