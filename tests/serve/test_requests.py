"""Sequences of a question, in every form, and what is none."""

from __future__ import annotations

from typing import Any

import pytest

from cistrace.errors import InputError
from cistrace.serve.limits import Limits
from cistrace.serve.requests import sequences_of

DNA = "ACGTTGCAAGTCCGATAGCTTGCACCGTATTAGC"


@pytest.mark.parametrize(
    ("given", "ids"),
    [
        (f">one first\n{DNA}\n>two\n{DNA.lower()}\n", ["one", "two"]),
        (f"id,sequence\none,{DNA}\ntwo,{DNA}\n", ["one", "two"]),
        (f'{{"id": "one", "sequence": "{DNA}"}}\n', ["one"]),
        (f"sequence\n{DNA}\n{DNA}\n", ["row1", "row2"]),
        (f"  {DNA}\n", ["seq1"]),
        (f"{DNA}\r\n{DNA[:9]}\r\n", ["seq1"]),
        ([DNA, f" {DNA} "], ["seq1", "seq2"]),
        ([{"bases": DNA}, {"id": "<script>", "bases": DNA}], ["seq1", "<script>"]),
        ({"a": DNA, "b": DNA.lower()}, ["a", "b"]),
    ],
)
def test_forms(given: Any, ids: list[str]) -> None:
    found = sequences_of(given)
    assert [record.id for record in found] == ids
    assert {record.bases for record in found} <= {DNA, DNA + DNA[:9]}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (None, "sequences: found nothing, expected a text, a list or an object"),
        (True, "found true or false"),
        (7, "found a number"),
        ("", "text: found no sequence"),
        (" \n ", "text: found no sequence"),
        ("PAR1", "4 bp long|found no sequence|position 1"),
        (f"{DNA}\n{DNA[:9]}\n{DNA}", "several lines without headers"),
        (f"{DNA * 4}\n{DNA * 4}", "several lines without headers"),
        (">a\nACGU" + DNA, r"record 'a': position 4 is 'U'"),
        (">a\n" + DNA + "\n>a\n" + DNA, "seen before"),
        ([7], "item 1: found a number"),
        ([[DNA]], "item 1: found a list"),
        ([{"bases": 7}], "item 1: found 'bases'"),
        ([{"bases": DNA, "name": "x"}], "item 1: found 'bases', 'name'"),
        ([{"id": 7, "bases": DNA}], "item 1: its id is a number"),
        ([{"id": "", "bases": DNA}], "the id is empty"),
        ([{"id": "\ud800", "bases": DNA}], "half a surrogate pair"),
        ([{"id": "x" * 1001, "bases": DNA}], "over 1,000 characters"),
        ([{"id": "a", "bases": DNA}] * 2, "seen before"),
        ({"a": None}, "item 1, 'a': found NoneType"),
        (["ACGT"], "4 bp long, expected at least 20"),
    ],
)
def test_what_is_no_sequence(given: Any, told: str) -> None:
    with pytest.raises(InputError, match=told):
        sequences_of(given)


def test_limits_name_the_option_that_lifts_them() -> None:
    limits = Limits(sequences=2, length=40)
    limits.check(sequences_of([DNA] * 2))
    with pytest.raises(InputError, match=r"found 3, expected at most 2; .* --max-sequences"):
        limits.check(sequences_of([DNA] * 3))
    with pytest.raises(InputError, match=r"sequence 'seq2': 68 bp long, expected at most 40; .* --max-length"):
        limits.check(sequences_of([DNA, DNA * 2]))
    with pytest.raises(InputError, match="found none"):
        limits.check(sequences_of([]))


def test_limits_that_no_option_lifts_name_none() -> None:
    limits = Limits(sequences=2, length=40, options=False)
    with pytest.raises(InputError, match=r"found 3, expected at most 2; ask in parts$"):
        limits.check(sequences_of([DNA] * 3))
    with pytest.raises(InputError, match=r"68 bp long, expected at most 40; cut it$"):
        limits.check(sequences_of([DNA, DNA * 2]))
