"""`cistrace mcp`: tools for assistants."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import click

from cistrace.cli.extras import need_serving
from cistrace.cli.reading import model_option, threads_option
from cistrace.cli.serve import genome_option


@click.command(short_help="Tools for assistants, by the Model Context Protocol.")
@model_option
@genome_option
@threads_option
def mcp(model: Path | None, genome: Path | None, threads: int | None) -> None:
    """Offer the tools predict, explain, variants and scan to an assistant, over standard input and output.

    An assistant's host starts this command; nothing is to be typed. The model is loaded when a tool
    first needs it. Nothing is read from or written to files, and nothing reaches the network.

    \b
    In the host's configuration of servers:
      {"mcpServers": {"cistrace": {"command": "cistrace", "args": ["mcp"]}}}
    """
    need_serving("mcp")

    from cistrace.checkpoints.schema import model_folder, read_config
    from cistrace.serve.tools import build_tools

    read_config(model_folder(model))  # what is no model says so before a host waits for it
    with suppress(KeyboardInterrupt):
        build_tools(model, threads, genome).run("stdio")
