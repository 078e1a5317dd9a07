"""What the tests of the documentation share: its pages, their examples, and what the command line makes of a line.

An example is a fenced block of `python` or `sh`. A comment before it, `<!-- not run: why -->`, keeps it from being run;
its commands are parsed all the same. `<!-- prints -->` before a block of `text` says that the example above prints it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
from click.parser import _OptionParser

from cistrace.cli.main import cli

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
MADE = {"api.md", "cli.md", "traces.md"}
"""Pages that scripts write; what they hold is held against its source, not run."""
PAGES = sorted(DOCS.glob("*.md"))

FENCE = re.compile(
    r"(?:^<!-- (?:not run: (?P<why>[^>]+?)|(?P<prints>prints)) -->\n+)?^```(?P<language>\w+)\n(?P<code>.*?)^```$",
    flags=re.MULTILINE | re.DOTALL,
)
SEPARATORS = {"|", "||", "&", "&&", ";"}
CHECKED = (click.Choice, click.IntRange, click.FloatRange)


@dataclass(frozen=True)
class Example:
    """A fenced block: page and line (1-based) where it begins, its language, its text, and why it is not run.

    `prints`: it is what the example above it prints.
    """

    page: str
    line: int
    language: str
    code: str
    why: str | None
    prints: bool

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def examples(page: Path) -> list[Example]:
    """The blocks of a page in their order; docs/api.md's signatures, Python without `>>>`, are no examples."""
    text = page.read_text(encoding="utf-8")
    return [
        Example(
            page.name,
            text.count("\n", 0, found.start("code")) + 1,
            found["language"],
            found["code"],
            " ".join(found["why"].split()) if found["why"] else None,
            found["prints"] is not None,
        )
        for found in FENCE.finditer(text)
        if page.name != "api.md" or ">>>" in found["code"]
    ]


def prose(page: Path) -> str:
    """A page's text without its blocks."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def lines_of(code: str) -> list[str]:
    """The commands of a shell block, each whole: what a backslash or an open quotation goes on with belongs to it."""
    whole: list[str] = []
    begun = ""
    for line in code.splitlines():
        begun += line
        if begun.endswith("\\"):
            begun = begun[:-1] + " "
            continue
        try:
            words = shlex.split(begun, comments=True)
        except ValueError:  # a quotation that the next lines close
            begun += "\n"
            continue
        if words:
            whole.append(begun)
        begun = ""
    assert not begun.strip(), f"an open quotation: {begun}"
    return whole


def calls(line: str) -> Iterator[list[str]]:
    """The arguments of every `cistrace` that a line of shell starts, redirections left out."""
    reader = shlex.shlex(line, posix=True, punctuation_chars=True)
    reader.whitespace_split = True
    words: list[str] = []
    for word in [*reader, ";"]:
        if word in SEPARATORS:
            found = arguments(words)
            if found is not None:
                yield found
            words = []
        else:
            words.append(word)


def arguments(words: list[str]) -> list[str] | None:
    """What follows `cistrace`, also behind variables, launchers and `-m`; None where it is not what is called."""
    for place, word in enumerate(words):
        if word == "cistrace" and (place == 0 or words[place - 1] == "-m" or re.match(r"[A-Z_]+=", words[place - 1])):
            rest = words[place + 1 :]
            end = next((at for at, one in enumerate(rest) if one in (">", ">>", "<")), len(rest))
            return rest[:end]
    return None


def _root() -> click.Context:
    return click.Context(cli, info_name="cistrace", **cli.context_settings)


def command_at(words: list[str]) -> tuple[click.Context, list[str]]:
    """The command that words lead to, and what is left of them."""
    context = _root()
    rest = list(words)
    while isinstance(context.command, click.Group) and rest and not rest[0].startswith("-"):
        name = rest.pop(0)
        command = context.command.get_command(context, name)
        if command is None:
            raise click.UsageError(f"{context.command_path} has no command {name}")
        context = click.Context(command, info_name=name, parent=context)
    return context, rest


def check(words: list[str]) -> None:
    """Parse a call as click does, but for its files: options, choices, bounds, arguments. Raises click.UsageError."""
    context, rest = command_at(words)
    if "--help" in rest or isinstance(context.command, click.Group):
        return
    parser: _OptionParser = context.command.make_parser(context)
    given, left, _ = parser.parse_args(list(rest))
    if left:
        raise click.UsageError(f"{context.command_path}: nothing takes {left}")
    for parameter in context.command.get_params(context):
        value = given.get(parameter.name)
        absent = value is None or value == () or not isinstance(value, str | tuple | list | bool)
        if absent and parameter.required:
            raise click.UsageError(f"{context.command_path}: {parameter.name} is missing")
        if not absent and isinstance(parameter.type, CHECKED):
            for one in value if isinstance(value, tuple | list) else [value]:
                parameter.type(one, parameter, context)


def option_names(context: click.Context) -> set[str]:
    """The long options of a command, its negations included."""
    found = {"--help"}
    for parameter in context.command.get_params(context):
        if isinstance(parameter, click.Option):
            found |= {name for name in (*parameter.opts, *parameter.secondary_opts) if name.startswith("--")}
    return found


def all_commands(context: click.Context | None = None) -> Iterator[click.Context]:
    """Every command, groups before what is below them."""
    context = context or _root()
    yield context
    if isinstance(context.command, click.Group):
        for name, command in context.command.commands.items():
            yield from all_commands(click.Context(command, info_name=name, parent=context))
