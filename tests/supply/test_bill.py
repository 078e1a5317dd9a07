"""The software bill of materials of a core install, as the release workflow makes it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from script_helpers import ROOT

CORE_PYTHON = os.environ.get("CISTRACE_CORE_PYTHON", "")


@pytest.mark.integration
@pytest.mark.skipif(not CORE_PYTHON, reason="CISTRACE_CORE_PYTHON is not set: no environment of the core alone")
def test_the_bill_names_every_package_of_the_core_with_its_version(tmp_path: Path) -> None:
    made = tmp_path / "sbom.json"
    command = [sys.executable, "-m", "cyclonedx_py", "environment", CORE_PYTHON, "--pyproject", "pyproject.toml"]
    command += ["--output-format", "JSON", "--spec-version", "1.6", "--output-reproducible", "--validate"]
    subprocess.run([*command, "--output-file", str(made)], cwd=ROOT, check=True, capture_output=True)
    bill = json.loads(made.read_text(encoding="utf-8"))
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert bill["metadata"]["component"]["name"] == "cistrace"
    listed = {one["name"].lower().replace("_", "-"): one for one in bill["components"]}
    code = (
        "import json; from importlib.metadata import distributions as found;"
        "print(json.dumps([[one.name, one.version] for one in found()]))"
    )
    installed = json.loads(subprocess.run([CORE_PYTHON, "-c", code], check=True, capture_output=True, text=True).stdout)
    own = {name.lower().replace("_", "-"): version for name, version in installed if name != "cistrace"}
    assert {name: one["version"] for name, one in listed.items() if name != "cistrace"} == own
