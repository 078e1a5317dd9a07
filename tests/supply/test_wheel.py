"""The wheel and the sdist: what is in them, and that one makes the other."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest
from script_helpers import ROOT

import cistrace

pytestmark = pytest.mark.integration
NO_FILE_OF_OURS = re.compile(r"__pycache__|\.pyc$|\.partial$|\.DS_Store$")


def build(what: str, source: Path, folder: Path) -> Path:
    """A wheel or sdist of a source tree, made by the build backend in this environment."""
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", f"--{what}", "--outdir", str(folder), str(source)],
        check=True,
        capture_output=True,
        text=True,
    )
    (file,) = folder.iterdir()
    return file


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("sdist", ROOT, tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def unpacked(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (root,) = folder.iterdir()
    return root


@pytest.fixture(scope="module")
def wheel(unpacked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the sdist; CISTRACE_WHEEL names one that was made before, which is then what the tests look at."""
    made = os.environ.get("CISTRACE_WHEEL")
    return Path(made) if made else build("wheel", unpacked, tmp_path_factory.mktemp("wheel"))


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_wheel_holds_the_package_whole_and_nothing_else(wheel: Path) -> None:
    version = cistrace.__version__
    assert wheel.name == f"cistrace-{version}-py3-none-any.whl"
    source = ROOT / "src"
    expected = {
        file.relative_to(source).as_posix(): file.read_bytes()
        for file in (source / "cistrace").rglob("*")
        if file.is_file() and not NO_FILE_OF_OURS.search(file.as_posix())
    }
    assert {
        "cistrace/py.typed",
        "cistrace/data/checkpoint/model.safetensors",
        "cistrace/data/judge.safetensors",
    } <= set(expected)
    found = contents(wheel)
    info = {name: found.pop(name) for name in list(found) if name.startswith(f"cistrace-{version}.dist-info/")}
    assert sorted(found) == sorted(expected)
    assert [name for name in expected if found[name] != expected[name]] == []
    assert {name.partition("/")[2] for name in info} == {
        *("METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE")
    }


def test_the_sdist_makes_the_same_wheel_as_the_checkout(wheel: Path, tmp_path: Path) -> None:
    assert contents(build("wheel", ROOT, tmp_path)) == contents(wheel)


def test_the_sdist_brings_what_its_tests_need_and_no_leftovers(unpacked: Path) -> None:
    names = {file.relative_to(unpacked).as_posix() for file in unpacked.rglob("*") if file.is_file()}
    wanted = {
        "pyproject.toml",
        "LICENSE",
        "README.md",
        "PKG-INFO",
        "requirements/test.txt",
        "docs/api.md",
        "mkdocs.yml",
    }
    wanted |= {f"tests/{file.name}" for file in (ROOT / "tests").glob("*.py")}
    corpus = {f.relative_to(ROOT).as_posix() for f in (ROOT / "fuzz" / "corpus").rglob("*") if f.is_file()}
    assert corpus
    wanted |= corpus
    assert wanted <= names
    assert [name for name in names if NO_FILE_OF_OURS.search(name) or name.startswith((".", "shared", "site"))] == [
        ".gitignore"
    ]


def test_the_tests_run_on_the_wheel_and_not_on_the_checkout(wheel: Path) -> None:
    home = Path(cistrace.__file__).parent
    if home.is_relative_to(ROOT):
        pytest.skip(f"cistrace is imported from the checkout, {home}")
    if "CISTRACE_WHEEL" not in os.environ:
        pytest.skip("CISTRACE_WHEEL is not set: which wheel is installed here is not known")
    installed = distribution("cistrace").locate_file("")
    differing = [
        name
        for name, data in contents(wheel).items()
        if not name.endswith("RECORD")  # pip adds its own lines
        if Path(str(installed), name).read_bytes() != data
    ]
    assert differing == []
