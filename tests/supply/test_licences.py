"""docs/make_licences.py: which licences pass, how packages state them, and that docs/licences.md is what it writes."""

from __future__ import annotations

from importlib.metadata import PathDistribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from script_helpers import load_script

make_licences = load_script("docs/make_licences.py")


@pytest.mark.parametrize(
    ("expression", "passes"),
    [
        ("MIT", True),
        ("GPL-3.0-or-later", False),
        ("MIT OR GPL-3.0-only", True),
        ("MIT AND GPL-3.0-only", False),
        ("(MIT OR GPL-2.0-only) AND BSD-3-Clause", True),
        ("GPL-3.0-only OR MIT AND MPL-2.0", False),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("Apache-2.0 WITH Some-exception", False),
        ("(MIT", False),
        ("MIT MIT", False),
        ("", False),
        ("none stated", False),
    ],
)
def test_and_binds_before_or_and_what_is_no_expression_fails(expression: str, passes: bool) -> None:
    assert make_licences.permissive(expression) is passes


def installed(folder: Path, *lines: str, name: str = "thing", requires: str = "") -> PathDistribution:
    home = folder / f"{name}-1.dist-info"
    home.mkdir()
    (home / "METADATA").write_text("\n".join(["Metadata-Version: 2.4", f"Name: {name}", "Version: 1", *lines, ""]))
    return PathDistribution(home)


@pytest.mark.parametrize(
    ("lines", "licence"),
    [
        (["License-Expression: MIT AND Zlib", "License: GPL"], "MIT AND Zlib"),
        (["License: Apache 2.0"], "Apache-2.0"),
        (["License: MPL-2.0 AND MIT"], "MPL-2.0 AND MIT"),
        (["License: Copyright 2015 Somebody", "Classifier: License :: OSI Approved :: BSD License"], "BSD"),
        (["License: UNKNOWN", "Classifier: License :: OSI Approved :: ISC License (ISCL)"], "ISC"),
        (["License: Own terms"], "Own terms"),
        ([], "none stated"),
    ],
)
def test_a_package_states_its_licence_in_one_of_three_ways(tmp_path: Path, lines: list[str], licence: str) -> None:
    assert make_licences.stated(installed(tmp_path, *lines)) == licence


def test_what_a_wheel_carries_is_held_to_the_same_rule(tmp_path: Path) -> None:
    found = installed(tmp_path, "License: MIT")
    bill = tmp_path / "thing-1.dist-info" / "sboms" / "thing.cyclonedx.json"
    bill.parent.mkdir()
    bill.write_text(
        '{"components": [{"name": "Free", "licenses": [{"license": {"id": "MIT"}}, {"expression": "ISC"}]},'
        ' {"name": "Bound", "licenses": [{"license": {"name": "GPL-3.0-only"}}]}, {"name": "silent"}]}'
    )
    (tmp_path / "thing-1.dist-info" / "RECORD").write_text("thing-1.dist-info/sboms/thing.cyclonedx.json,,\n")
    assert list(make_licences.carried(found)) == [("free", "(MIT) AND (ISC)"), ("bound", "(GPL-3.0-only)")]
    (fault,) = make_licences.wrong(make_licences.Package("thing", "MIT", ("core",)), found)
    assert fault.startswith("thing: carries bound under '(GPL-3.0-only)', expected a permissive one")


def test_the_closure_follows_markers_and_extras() -> None:
    names = make_licences.closure([Requirement("transformers")])
    assert {"transformers", "tokenizers", "huggingface-hub", "numpy", "hf-xet"} <= names
    assert "torch" not in names  # of an extra of transformers that nobody asked for
    assert "torch" in make_licences.closure([Requirement("transformers[torch]")])


def test_nothing_is_admitted_that_nobody_brings() -> None:
    unused = []
    for key in make_licences.ADMITTED:
        name, _, part = key.partition("/")
        parts = dict(make_licences.carried(distribution(name))) if part else {}
        if part and part not in parts:
            unused.append(key)
    assert unused == []


@pytest.mark.integration
def test_the_page_is_what_the_locked_packages_state() -> None:
    packages, faults = make_licences.read()
    assert faults == []
    assert make_licences.PAGE.read_text(encoding="utf-8") == make_licences.page(packages), (
        "run in the locked environment: python docs/make_licences.py"
    )
