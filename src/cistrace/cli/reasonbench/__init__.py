"""`cistrace reasonbench`: build, review and measure a data set of reasoning traces."""

from __future__ import annotations

import click

from cistrace.cli.reasonbench.build import build
from cistrace.cli.reasonbench.leakage import leakage
from cistrace.cli.reasonbench.review import review


@click.group(short_help="Data sets of reasoning traces, from any MPRA table.")
def reasonbench() -> None:
    """Build a data set of reasoning traces from an MPRA table, let people review it, measure what it leaks."""


reasonbench.add_command(build)
reasonbench.add_command(review)
reasonbench.add_command(leakage)
