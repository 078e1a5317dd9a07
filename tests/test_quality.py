"""The tree itself: the README's commands and examples, and the size of files."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

import cistrace

ROOT = Path(__file__).parents[1]
CHECKPOINT = Path(cistrace.__file__).parent / "data" / "checkpoint" / "cistrace" / "checkpoint.json"
LONGEST_FILE = 400


def examples() -> list[str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def test_readme_has_examples() -> None:
    assert len(examples()) >= 2


@pytest.mark.pipeline
@pytest.mark.parametrize("number", range(len(examples())))
def test_readme_example(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    code = examples()[number]
    if "Predictor" in code and not CHECKPOINT.exists():
        pytest.skip(f"no checkpoint at {CHECKPOINT}")
    monkeypatch.chdir(ROOT)
    example = doctest.DocTestParser().get_doctest(code, {}, f"README.md, example {number + 1}", "README.md", 0)
    assert example.examples
    report: list[str] = []
    failed, _ = doctest.DocTestRunner().run(example, out=report.append)
    assert not failed, "".join(report)


def test_readme_marks_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = dict(re.findall(r"^<!-- (try|test) -->\n```sh\n(.+)\n```$", text, flags=re.MULTILINE))
    assert "cistrace predict examples/enhancers.fa" in commands["try"]
    tests = "python -m pytest -n 2 --cov"
    checks = ("ruff check .", "ruff format --check .", "mypy", "lint-imports", tests)
    assert commands["test"].split(" && ")[1:] == list(checks)


def test_files_stay_readable() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in (ROOT / "src").rglob("*.py")}
    assert {str(path): length for path, length in lengths.items() if length > LONGEST_FILE} == {}
