"""Files beside the package say the same as pyproject.toml and the lock."""

from __future__ import annotations

import re
import tomllib

import pytest
import yaml
from packaging.specifiers import SpecifierSet
from script_helpers import ROOT, load_script

import cistrace

make_licences = load_script("docs/make_licences.py")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
TORCH = re.findall(r"^# torch==(\S+): not below", (ROOT / "requirements/test.txt").read_text(), flags=re.MULTILINE)[0]
WORKFLOWS = {file.stem: file.read_text(encoding="utf-8") for file in (ROOT / ".github" / "workflows").glob("*.yml")}


def test_the_extra_all_holds_every_extra_of_users() -> None:
    (line,) = PROJECT["optional-dependencies"]["all"]
    extras = {name for name in PROJECT["optional-dependencies"] if not make_licences.WORKSHOP.fullmatch(name)}
    assert set(re.findall(r"[a-z-]+", line.partition("[")[2])) == extras


def test_the_pythons_that_are_tested_are_those_that_are_named() -> None:
    named = [one.rpartition(" ")[2] for one in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", one)]
    jobs = yaml.safe_load(WORKFLOWS["ci"])["jobs"]
    assert jobs["test"]["strategy"]["matrix"]["python"] == named
    assert all(SpecifierSet(PROJECT["requires-python"]).contains(one) for one in named)
    others = re.findall(r"^for version in (.*); do", (ROOT / ".ci" / "run").read_text(), flags=re.MULTILINE)[0].split()
    assert ["3.11", *others] == named


@pytest.mark.parametrize("text", [*WORKFLOWS.values(), (ROOT / "Dockerfile").read_text(encoding="utf-8")])
def test_torch_has_one_version_everywhere(text: str) -> None:
    assert set(re.findall(r"torch==(\d[\d.]*)|TORCH=(\d[\d.]*)", text)) <= {(TORCH, ""), ("", TORCH)}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_workflows_may_read_and_no_more_and_pin_what_they_use(name: str) -> None:
    parsed = yaml.safe_load(WORKFLOWS[name])
    assert parsed["permissions"] == {"contents": "read"}
    granted = {job: rights for job, one in parsed["jobs"].items() if (rights := one.get("permissions"))}
    assert granted == ({"publish": {"id-token": "write"}} if name == "release" else {})
    steps = [step for job in parsed["jobs"].values() for step in job["steps"]]
    assert [
        step["uses"] for step in steps if "uses" in step and not re.search(r"@(v\d+|release/v\d+)$", step["uses"])
    ] == []
    assert all("timeout-minutes" in job for job in parsed["jobs"].values())


def test_the_citation_is_of_this_version_and_says_who_and_what() -> None:
    found = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert found["version"] == cistrace.__version__
    assert (found["cff-version"], found["type"], found["license"]) == ("1.2.0", "software", PROJECT["license"])
    assert found["authors"] == [{"name": one["name"]} for one in PROJECT["authors"]]
    assert {"title", "message"} <= set(found)
    assert all({"type", "title", "authors"} <= set(one) for one in found["references"])


def test_the_image_gets_what_it_needs_and_runs_as_nobody_in_particular() -> None:
    allowed = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    copied = [
        word for line in lines if line.startswith("COPY ") and "--from" not in line for word in line.split()[1:-1]
    ]
    assert sorted(copied) == sorted(allowed)
    assert all((ROOT / one).exists() for one in copied)
    last = lines[max(index for index, line in enumerate(lines) if line.startswith("FROM ")) :]
    assert "USER 10001" in last and "--require-hashes" in "".join(lines)
