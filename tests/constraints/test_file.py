"""Constraints files: every key, and all faults at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cistrace.constraints.constraints import Constraints, NaturalElements, Region
from cistrace.constraints.file import KEYS, parse_regions, read_constraints, with_regions
from cistrace.errors import ConstraintError

WHOLE = """
gc: [0.40, 0.60]
forbidden_sites: [EcoRI, CACNNNGTG]
longest_run: 6
keep_motifs: [HNF4A]
avoid_motifs: GATA1
sites_of_one: 3
keep_regions: [1-20, [181, 200]]
maximum_edits: 40
distance_between: 30
natural: {file: elements.fa, distance: 40}
flanks: [aggacc, CATTGC]
"""


def written(tmp_path: Path, text: str) -> Path:
    (tmp_path / "elements.fa").write_text(">one\nACGTACGTACGTACGTACGTACGT\n")
    path = tmp_path / "constraints.yaml"
    path.write_text(text)
    return path


def test_every_key_is_read(tmp_path: Path) -> None:
    found = read_constraints(written(tmp_path, WHOLE))
    natural = NaturalElements(("one",), ("ACGT" * 6,), 40, str(tmp_path / "elements.fa"))
    assert found == Constraints(
        gc=(0.4, 0.6),
        forbidden_sites=("EcoRI", "CACNNNGTG"),
        longest_run=6,
        keep_motifs=("HNF4A",),
        avoid_motifs=("GATA1",),
        sites_of_one=3,
        keep_regions=(Region(0, 20), Region(180, 200)),
        maximum_edits=40,
        distance_between=30,
        natural=natural,
        flanks=("AGGACC", "CATTGC"),
    )
    assert all(f"{key}:" in WHOLE for key in KEYS)


def test_json_is_read_too(tmp_path: Path) -> None:
    path = written(tmp_path, json.dumps({"gc": [0, 1], "longest_run": 4, "maximum_edits": None}))
    assert read_constraints(path) == Constraints(gc=(0.0, 1.0), longest_run=4)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = """
gcc: 1
gc: [0.4]
forbidden_sites: [EcoR1, NNN]
longest_run: six
maximum_edits: 0
keep_motifs: [NOBODY]
keep_regions: [20-1]
natural: {file: gone.fa, distance: 3}
flanks: [ACGU, ACG]
"""
    with pytest.raises(ConstraintError) as caught:
        read_constraints(written(tmp_path, text))
    keys = [fault.partition(":")[0] for fault in caught.value.faults]
    expected = ["gcc", "gc", "longest_run", "maximum_edits", "keep_motifs", "keep_regions", "natural", "flanks"]
    assert sorted(keys) == sorted([*expected, "forbidden_sites", "forbidden_sites"])
    assert all("\n" not in fault and "expected" in fault for fault in caught.value.faults)


@pytest.mark.parametrize("text", ["", "[1, 2]", "gc: [", "a: &a [*a]\n- b"])
def test_what_is_no_mapping_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConstraintError, match=r"constraints.yaml"):
        read_constraints(written(tmp_path, text))


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConstraintError, match="cannot be read"):
        read_constraints(tmp_path / "gone.yaml")


def test_regions_of_the_command_line() -> None:
    assert parse_regions("1-20, 101-110") == (Region(0, 20), Region(100, 110))
    assert str(Region(0, 20)) == "1-20"
    with pytest.raises(ConstraintError, match="keep: found 'abc'"):
        parse_regions("abc")
    joined = with_regions(Constraints(keep_regions=(Region(5, 9),)), (Region(0, 2), Region(5, 9)))
    assert joined.keep_regions == (Region(0, 2), Region(5, 9))
