"""Constraints made in Python: a value of another type is told as any other fault is."""

from __future__ import annotations

from typing import Any

import pytest

from cistrace.constraints.constraints import Constraints, Region
from cistrace.constraints.file import parse_regions, read_constraints
from cistrace.constraints.patterns import forbidden_pattern
from cistrace.errors import ConstraintError


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("gc", 0.5), ("gc", ("a", "b")), ("gc", (0.1, 0.2, 0.3)), ("longest_run", "6"), ("longest_run", True),
        ("longest_run", 2.5),
        ("forbidden_sites", "EcoRI"), ("forbidden_sites", (1,)), ("keep_motifs", 3), ("keep_regions", ((1, 20),)),
        ("natural", "elements.fa"), ("flanks", "ACGT"), ("flanks", ("ACGT",)),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_one_fault(name: str, value: Any) -> None:
    with pytest.raises(ConstraintError) as caught:
        Constraints(**{name: value})
    (fault,) = caught.value.faults
    assert fault.startswith(f"{name}: found {value!r}, expected ") and fault.endswith("; give that")


def test_lists_are_as_good_as_tuples() -> None:
    Constraints(gc=[0.4, 0.6], keep_regions=[Region(0, 4)], flanks=["ACGT", ""])  # type: ignore[arg-type]


def test_faults_say_how_to_mend_them(tmp_path: Any) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(
        "gc: 0.5\nforbidden: [ecori]\nforbidden_sites: [ecori]\nkeep_regions: 9-4\nlongest_run: " + "x" * 5000
    )
    with pytest.raises(ConstraintError) as caught:
        read_constraints(path)
    assert len(caught.value.faults) == 5
    assert all(";" in fault and len(fault) < 300 for fault in caught.value.faults)
    with pytest.raises(ConstraintError, match=r"9-4.*; mend it"):
        parse_regions("9-4")


def test_an_enzyme_is_found_in_any_case() -> None:
    pytest.importorskip("Bio.Restriction")
    with pytest.raises(ConstraintError, match="did you mean EcoRI"):
        forbidden_pattern("ecori")


@pytest.mark.parametrize("text", ["gc: [0, 1]\ngc: [0.4, 0.6]", "a: &a [1]\ngc: *a"])
def test_a_key_stands_once_and_nothing_stands_for_something_else(tmp_path: Any, text: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(text)
    with pytest.raises(ConstraintError, match="not YAML or JSON \\(found the"):
        read_constraints(path)


def test_a_file_that_is_no_text_is_told_as_one(tmp_path: Any) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(b"gc: \xff")
    with pytest.raises(ConstraintError, match="bytes that are not UTF-8 \\(0xff\\); save it as UTF-8"):
        read_constraints(path)
