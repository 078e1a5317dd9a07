"""requirements/test.txt holds what pyproject.toml asks for, on every Python that it names."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from script_helpers import ROOT, load_script

PYTHONS = ("3.11", "3.12", "3.13")


make_lock = load_script("docs/make_lock.py")
TEXTS = {name: (make_lock.FOLDER / name).read_text(encoding="utf-8") for name in make_lock.LOCKS}
every_lock = pytest.mark.parametrize("name", TEXTS)


def entries(name: str) -> list[str]:
    return [entry for entry in re.split(r"\n(?=\S)", TEXTS[name]) if not entry.startswith("#")]


def environment(python: str) -> dict[str, str]:
    return {"python_version": python, "python_full_version": f"{python}.0", "sys_platform": "linux", "extra": ""}


def pins(name: str, python: str) -> dict[str, str]:
    """Name to version, of the entries that count for one Python on Linux; a name that counts twice fails."""
    found: dict[str, str] = {}
    for entry in entries(name):
        pin = Requirement(re.split(r" \\\n", entry)[0])
        if pin.marker is None or pin.marker.evaluate(environment(python)):
            (version,) = (one.version for one in pin.specifier if one.operator == "==")
            assert found.setdefault(canonicalize_name(pin.name), version) == version, f"{pin.name}: twice"
    found["torch"] = re.findall(r"^# torch==(\S+): not below", TEXTS[name], flags=re.MULTILINE)[0]
    return found


def asked_for(extras: tuple[str, ...]) -> list[Requirement]:
    """pyproject's own requirements, those of extras that it names within others included."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = [Requirement(one) for one in project["dependencies"]]
    waiting, seen = list(extras), set()
    while waiting:
        extra = waiting.pop()
        if extra in seen:
            continue
        seen.add(extra)
        for one in map(Requirement, project["optional-dependencies"][extra]):
            if one.name == "cistrace":
                waiting += one.extras
            else:
                found.append(one)
    return found


@every_lock
@pytest.mark.parametrize("python", PYTHONS)
def test_what_pyproject_asks_for_is_locked(name: str, python: str) -> None:
    locked = pins(name, python)
    unmet = [
        f"{one}: {locked.get(canonicalize_name(one.name), 'nothing')}"
        for one in asked_for(make_lock.LOCKS[name])
        if one.marker is None or one.marker.evaluate(environment(python))
        if not one.specifier.contains(locked.get(canonicalize_name(one.name), "0"), prereleases=True)
    ]
    assert unmet == [], "run: python docs/make_lock.py"


@every_lock
def test_every_package_has_hashes_and_none_says_where_it_comes_from(name: str) -> None:
    assert [entry for entry in entries(name) if not re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry)] == []
    assert not re.search(r"://|--(extra-)?index|--find-links| @ ", TEXTS[name])


def test_both_locks_agree() -> None:
    for python in PYTHONS:
        wide = pins("test.txt", python)
        assert [one for one in pins("image.txt", python).items() if one not in wide.items()] == []


def test_what_goes_with_a_build_of_torch_is_left_out() -> None:
    assert [one for name in TEXTS for one in entries(name) if make_lock.BY_BUILD.fullmatch(one.split("==")[0])] == []
    numpy, torch = "numpy==2.4.6 \\\n    --hash=sha256:00", "torch==2.13.0 \\\n    --hash=sha256:11"
    kept = make_lock.laid_out("image.txt", f"{numpy}\n{torch}\ntriton==3.7.1 ; x")
    assert kept == make_lock.HEAD.format(name="image.txt", extras="serve", torch="2.13.0") + numpy + "\n"
    with pytest.raises(ValueError, match="no pin of torch"):
        make_lock.laid_out("image.txt", "numpy==2.4.6")
