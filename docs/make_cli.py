"""Write docs/cli.md from the commands themselves: what each says at `--help`, word for word, as a page.

python docs/make_cli.py
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import click

from cistrace.cli.main import cli

PAGE = Path(__file__).with_name("cli.md")
HEAD = """# Commands

Made from the commands by `python docs/make_cli.py`; do not edit. Each section is what `cistrace COMMAND --help` prints.

"""
KEPT = "\b"  # click's mark: lines of this paragraph stay as they are


def page() -> str:
    """The whole page."""
    root = click.Context(cli, info_name="cistrace", **cli.context_settings)
    return HEAD + "\n".join(section(context) for context in contexts(root))


def contexts(context: click.Context) -> Iterator[click.Context]:
    """A command, and all below it, in the order of `--help`."""
    yield context
    group = context.command
    if isinstance(group, click.Group):
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            yield from contexts(click.Context(command, info_name=name, parent=context, **command.context_settings))


def section(context: click.Context) -> str:
    """One command: how it is called, what it does, its options, and what commands are below it."""
    command = context.command
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    parts = [f"## {context.command_path}", f"```text\nUsage: {usage}\n```", *paragraphs(command.help or "")]
    parts += ["**Options:**", "\n".join(options(context))]
    if isinstance(command, click.Group):
        parts += ["**Commands:**", "\n".join(commands(command, context))]
    return "\n\n".join(parts) + "\n"


def paragraphs(text: str) -> Iterator[str]:
    """Help as Markdown: paragraphs, and what keeps its lines as it stands."""
    for part in re.split(r"\n\s*\n", inspect.cleandoc(text)):
        if part.startswith(KEPT):
            title, _, rest = part.removeprefix(KEPT).strip("\n").partition("\n")
            if title.endswith(":"):
                yield f"**{title}**"
                title = ""
            yield f"```text\n{inspect.cleandoc(chr(10).join([title, rest]) if title else rest)}\n```"
        else:
            yield plain(" ".join(part.split()))


def options(context: click.Context) -> Iterator[str]:
    """A line an option, with default and bounds as `--help` states them."""
    for parameter in context.command.get_params(context):
        record = parameter.get_help_record(context) if isinstance(parameter, click.Option) else None
        if record is not None:
            names, told = record
            yield f"- `{names}`: {plain(' '.join(told.split()))}".removesuffix(": ")


def commands(group: click.Group, context: click.Context) -> Iterator[str]:
    """A line a command below this one."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield f"- [{name}](#{context.command_path.replace(' ', '-')}-{name}): {plain(command.get_short_help_str(1000))}"


def plain(text: str) -> str:
    """Text in which nothing is markup but what stands in backticks."""
    quoted = re.split(r"(`[^`]*`)", text)
    return "".join(
        part if part.startswith("`") else part.replace("<", "&lt;").replace("*", r"\*").replace("_", r"\_")
        for part in quoted
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
