"""Every example of the pages is run as it stands, but for those that say why not."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
from docs_helpers import DOCS, PAGES, Example, check, examples
from docs_inputs import write_inputs
from docs_runner import PageRunner, alike, assert_printed

import cistrace
from cistrace.constraints.file import read_constraints

QUICKLY = ("api.md", "card.md", "concepts.md", "predict.md", "quickstart.md", "scanning.md")
LONGER = (
    "domain.md", "design.md", "explain.md", "judge.md", "ledger.md", "reasonbench.md", "reports.md", "reward.md",
    "serve.md", "streams.md", "variants.md",
)  # fmt: skip
TRAINED = ("own-data.md", "generate.md")
"""They need a model of one's own, which the first of them trains: tests/test_tutorial.py runs both."""

ALL = {page.name: [one for one in examples(page) if one.language in ("python", "sh")] for page in PAGES}


def to_run(name: str) -> list[Example]:
    return [example for example in ALL[name] if example.why is None]


def test_every_example_is_run_somewhere_or_says_why_not(capsys: pytest.CaptureFixture[str]) -> None:
    run = {name for name in ALL if to_run(name)}
    assert run == {*QUICKLY, *LONGER, *TRAINED}
    left = [example for found in ALL.values() for example in found if example.why is not None]
    with capsys.disabled():
        print(f"\nexamples of docs: {sum(len(to_run(name)) for name in run)} run, {len(left)} not:")
        for example in left:
            print(f"  {example}: {example.why}")
    languages = Counter(example.language for page in PAGES for example in examples(page))
    known = {"json", "python", "sh", "snakemake", "text", "yaml"}
    assert set(languages) <= known, "shell is `sh`, what is printed `text`"


def run_page(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_inputs(folder)
    monkeypatch.chdir(folder)
    runner = PageRunner(folder)
    if name == "api.md":
        runner.names = {one: getattr(cistrace, one) for one in cistrace.__all__}
    assert runner.run(DOCS / name) == len(to_run(name))


@pytest.mark.pipeline
@pytest.mark.parametrize("name", QUICKLY)
def test_examples_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_page(name, tmp_path, monkeypatch)


@pytest.mark.integration
@pytest.mark.parametrize("name", LONGER)
def test_longer_examples_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == "serve.md" and shutil.which("curl") is None:
        pytest.skip("no curl")
    run_page(name, tmp_path, monkeypatch)


def test_what_is_printed_may_differ_in_the_last_digit() -> None:
    assert alike("adds +0.22: now -0.36", "adds +0.23: now -0.35")
    assert not alike("adds +0.22", "adds +0.32")
    assert not alike("site at 130-150", "site at 130-151")
    block = Example("a.md", 1, "text", "one 0.10\ntwo\n", None, True)
    assert_printed(block, "zero\none 0.11\nbetween\ntwo\n")
    with pytest.raises(AssertionError):
        assert_printed(block, "two\none 0.11\n")


def test_configurations_on_pages_are_what_programs_read(tmp_path: Path) -> None:
    (block,) = [one for one in examples(DOCS / "mcp.md") if one.language == "json"]
    server = json.loads(block.code)["mcpServers"]["cistrace"]
    assert server["command"] == "cistrace"
    check(server["args"])
    (block,) = [one for one in examples(DOCS / "design.md") if one.language == "yaml"]
    (tmp_path / "lab.yaml").write_text(block.code)
    (tmp_path / "elements.fa").write_text(">a\nACGTTGCAAGTCCGATAGCTTGCACCGTATTAGC\n")
    found = read_constraints(tmp_path / "lab.yaml")
    assert found.maximum_edits == 40 and found.keep_motifs == ("HNF4A",)
