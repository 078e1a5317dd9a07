"""`cistrace serve`: a local page and API."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import click

from cistrace.cli.extras import need_serving
from cistrace.cli.reading import expression_option, model_option, threads_option

genome_option = click.option(
    "--genome",
    type=click.Path(path_type=Path),
    metavar="FASTA",
    help="Genome (plain or bgzip) that places of variants are of. [default: none; variants are pairs of sequences]",
)
_LIMIT = click.IntRange(min=1)


@click.command(short_help="A page, a JSON API and GAME's convention on a local address.")
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    default=8000,
    show_default=True,
    help="Port; 0 takes any that is free.",
)
@click.option(
    "--allow-host",
    "names",
    multiple=True,
    metavar="NAME",
    help="Name by which browsers may call this server, beside its address and localhost; may be given more than once.",
)
@model_option
@click.option("--max-sequences", type=_LIMIT, default=1000, show_default=True, metavar="N", help="In one request.")
@click.option("--max-length", type=_LIMIT, default=10_000, show_default=True, metavar="BP", help="Of one sequence.")
@click.option("--max-mebibytes", type=_LIMIT, default=8, show_default=True, metavar="N", help="In one request.")
@genome_option
@expression_option
@threads_option
def serve(
    host: str,
    port: int,
    names: tuple[str, ...],
    model: Path | None,
    max_sequences: int,
    max_length: int,
    max_mebibytes: int,
    genome: Path | None,
    expression: Path | None,
    threads: int | None,
) -> None:
    """Answer questions about sequences over HTTP, on this machine alone unless --host says otherwise.

    Its page takes sequences and shows what a report shows; there bases are changed and sites broken,
    to see what that does. /openapi.json describes the JSON API below /api (predict, card, explain,
    variants, reward, scan; docs/serve.md).
    /formats, /help and /predict follow GAME's convention for predictors, so that its benchmark
    suites can ask. Nothing that is sent is stored or logged. There is no password: on another address
    than 127.0.0.1 whoever reaches it may ask. Ctrl-C stops.

    \b
    Examples:
      cistrace serve
      cistrace serve --model run/model --port 8080
      cistrace serve --max-sequences 100000 --max-mebibytes 64     # for a benchmark suite
    """
    need_serving("serve")

    from cistrace.cards.expression import read_expressed
    from cistrace.serve.app import build_app
    from cistrace.serve.limits import MEBIBYTE, Limits
    from cistrace.serve.listen import address_of, answer_on, is_loopback, listening
    from cistrace.serve.service import Service
    from cistrace.serve.worker import Worker

    expressed = None if expression is None else read_expressed(expression)
    with listening(host, port) as found:
        limits = Limits(max_mebibytes * MEBIBYTE, max_sequences, max_length)
        service = Service(model, threads, expressed, genome)
        service.warm()
        worker = Worker(limits.requests, threads)
        app = build_app(service, worker, limits, names, is_loopback(host))
        if not is_loopback(host):
            click.echo(f"cistrace: whoever reaches {host} may ask; there is no password", err=True)
        click.echo(f"cistrace: answers on {address_of(found)} (Ctrl-C stops)", err=True)
        with suppress(KeyboardInterrupt):
            answer_on(app, found)
        worker.close()
