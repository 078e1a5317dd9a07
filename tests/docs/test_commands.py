"""What the pages say of the command line is so: the reference word for word, options of prose, examples' arguments."""

from __future__ import annotations

import html
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import click
import pytest
from click.testing import CliRunner
from docs_helpers import (
    DOCS,
    MADE,
    PAGES,
    ROOT,
    all_commands,
    calls,
    check,
    command_at,
    examples,
    lines_of,
    option_names,
    prose,
)

from cistrace.cli.main import cli

README = ROOT / "README.md"
SHELL = [example for page in [README, *PAGES] for example in examples(page) if example.language == "sh"]


def load_script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


make_cli = load_script("make_cli")
COMMANDS = [context.command_path for context in all_commands()]


def words_of_page(command: str) -> list[str]:
    """A section of docs/cli.md without what is markup: the words that `--help` has, in their order."""
    text = (DOCS / "cli.md").read_text(encoding="utf-8")
    section = re.split(r"^## ", text.partition(f"\n## {command}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    section = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", section)
    section = re.sub(r"^- `?([^`]*?)`?: ", r"\1 ", section, flags=re.MULTILINE)
    return words(re.sub(r"^```\w*$|\*\*", "", html.unescape(section), flags=re.MULTILINE))


def words(text: str) -> list[str]:
    return re.sub(r"[`\\]", "", text).split()


def test_the_reference_is_made_of_the_commands() -> None:
    assert make_cli.PAGE.read_text(encoding="utf-8") == make_cli.page(), "run: python docs/make_cli.py"


@pytest.mark.parametrize("command", COMMANDS)
def test_the_reference_says_what_help_prints(command: str) -> None:
    shown = CliRunner().invoke(cli, [*command.split()[1:], "--help"], prog_name="cistrace", terminal_width=4000)
    assert shown.exit_code == 0
    printed = re.sub(r"^(  \S+)  +", r"\1 ", shown.output, flags=re.MULTILINE)
    assert words_of_page(command) == words(printed)


def test_examples_of_help_parse() -> None:
    text = (DOCS / "cli.md").read_text(encoding="utf-8")
    blocks = re.findall(r"\*\*Examples?:\*\*\n\n```text\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    found = [call for block in blocks for line in lines_of(block) for call in calls(line)]
    assert len(found) > 30
    for call in found:
        check(call)


@pytest.mark.parametrize("example", SHELL, ids=str)
def test_commands_of_examples_parse(example: object) -> None:
    assert isinstance(example, type(SHELL[0]))
    for line in lines_of(example.code):
        for call in calls(line):
            try:
                check(call)
            except click.UsageError as error:
                pytest.fail(f"{example}: {line}: {error.message}")


@pytest.mark.parametrize("words", (["predict", "--no-such", "a.fa"], ["predict"], ["scan", "a", "b"], ["nothing"]))
def test_what_no_command_takes_is_found(words: list[str]) -> None:
    with pytest.raises(click.UsageError):
        check(words)


def test_a_choice_is_held_against_its_values() -> None:
    check(["predict", "a.fa", "--windows", "all"])
    with pytest.raises(click.UsageError):
        check(["predict", "a.fa", "--windows", "some"])


WRITTEN = [
    page for page in [README, ROOT / "CONTRIBUTING.md", *PAGES] if page.name not in MADE and not page.is_symlink()
]
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
OTHERS = {"accelerate", "bcftools", "pip", "pytest", "ruff", "vllm"}
"""Programs that are not of this repository: their options are theirs to check."""


def unknown_options(page: Path) -> list[str]:
    """Options in prose that nothing has: of the command or script that stands before them, else of any command."""
    text = prose(page)
    wrong: list[str] = []
    for code in re.findall(r"`([^`]+)`", text):
        words = [word for word in code.split() if not re.match("[A-Z_]+=", word)]
        if not OPTION.search(code):
            continue
        if words[0] == "cistrace":
            context, rest = command_at([word for word in words[1:] if word not in ("...", "COMMAND")])
            wrong += [
                f"{words[1]} {name}" for name in OPTION.findall(" ".join(rest)) if name not in option_names(context)
            ]
        elif words[0] == "python" and words[1].endswith(".py"):
            source = text_of_script(ROOT / words[1])
            wrong += [f"{words[1]} {name}" for name in OPTION.findall(code) if f'"{name}"' not in source]
        elif words[0] not in OTHERS and words[:3] != ["python", "-m", "pytest"]:
            wrong += unknown(code)
    return wrong + unknown(re.sub(r"`[^`]+`", "", text))


def unknown(text: str) -> list[str]:
    known = set[str]().union(*(option_names(context) for context in all_commands()), {"--cov"})  # pytest's
    return [name for name in OPTION.findall(text) if name not in known]


def text_of_script(path: Path) -> str:
    """A script of the repository, and those beside it that it imports."""
    text = path.read_text(encoding="utf-8")
    beside = [path.with_name(f"{name}.py") for name in re.findall(r"^from (\w+) import", text, flags=re.MULTILINE)]
    return text + "".join(one.read_text(encoding="utf-8") for one in beside if one.exists())


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.name)
def test_options_of_prose_exist(page: Path) -> None:
    assert unknown_options(page) == []
