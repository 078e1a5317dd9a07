"""Tools for assistants, by the Model Context Protocol: one model, asked over standard input and output."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

from annotated_types import Gt, Le, MaxLen
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp.types import CallToolResult, InputRequiredResult, ToolAnnotations
from pydantic import Field, ValidationError

from cistrace.cards.windows import MINIMUM_KNOWN
from cistrace.errors import CistraceError
from cistrace.io.dna_sequence import DnaSequence
from cistrace.motifs.scanner import DEFAULT_P_THRESHOLD
from cistrace.predictions.table import prediction_object
from cistrace.serve.asking import Asked, prediction_work, told_in_turns
from cistrace.serve.faults import faults_text, told
from cistrace.serve.limits import Limits
from cistrace.serve.requests import Variants, sequences_of
from cistrace.serve.service import Service
from cistrace.serve.worker import Worker
from cistrace.version import __version__

_Result = TypeVar("_Result")
LIMITS = Limits(sequences=100, options=False)
INSTRUCTIONS = (
    "cistrace predicts how strongly a short piece of regulatory DNA (an enhancer or a promoter, about 200 bp) drives "
    "expression in a cell type, in a reporter assay: log2(RNA/DNA). Every prediction has a 90 % interval, a level (0 "
    "weakest to 3) among natural enhancers, and a trace whose ledger adds up to it. A verified trace agrees with what "
    "the model saw; that the cell works by those reasons is a hypothesis. Positions are 1-based, inclusive."
)

Sequences = Annotated[
    dict[str, str],
    Field(description="DNA by id: at least 20 letters of A, C, G, T each, or N."),
]
CellTypes = Annotated[
    tuple[str, ...], Field(description="HepG2, K562, WTC11 for the model that comes with cistrace, or all.")
]
_READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)


class _Server(MCPServer):
    """Tells faults of what is asked in one line of our words, where the package would repeat those of pydantic."""

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        try:
            return await super().call_tool(name, arguments, context)
        except UnexpectedToolError:  # a fault of ours, of which the package tells nothing
            raise
        except ToolError as error:
            cause = error.__cause__
            if isinstance(cause, ValidationError):
                raise ToolError(faults_text(cause.errors())) from None
            raise ToolError(str(cause or error)) from None


class _Model:
    """The service, made in the worker's thread when it is first asked for; faults become what a tool answers."""

    def __init__(self, model: Path | None, threads: int | None, genome: Path | None, worker: Worker) -> None:
        self._arguments = (model, threads, None, genome)
        self._service: Service | None = None
        self.worker = worker

    async def service(self) -> Service:
        return await self.run(self._opened)

    async def run(self, work: Callable[[], _Result]) -> _Result:
        try:
            return await self.worker.run(work)
        except CistraceError as error:
            raise ToolError(told(error)) from None

    def _opened(self) -> Service:
        if self._service is None:
            self._service = Service(*self._arguments)
        return self._service


def build_tools(model: Path | None = None, threads: int | None = None, genome: Path | None = None) -> MCPServer:
    """A server of the protocol with the tools predict, explain, variants and scan.

    Parameters
    ----------
    model, threads, genome
        As `Service` takes them; the model is loaded when a tool first needs it.
    """
    server = _Server("cistrace", title="cistrace", version=__version__, instructions=INSTRUCTIONS, log_level="WARNING")
    opened = _Model(model, threads, genome, Worker(LIMITS.requests, threads))

    @server.tool(title="Predict activity", annotations=_READS)
    async def predict(
        sequences: Sequences, context: Context, cell_types: CellTypes = ("all",), trace: bool = True
    ) -> dict[str, Any]:
        """Predict how strongly regulatory DNA drives expression in cell types, and why.

        Of a sequence longer than 200 bp the window of the highest activity is reported. Without trace it is many times
        as fast and gives the activity alone.
        """
        service = await opened.service()
        records = _records(sequences)
        cells = await opened.run(lambda: service.cells(cell_types))
        await opened.run(lambda: service.predictor.readout(trace))
        asked, rows = Asked(records, cells, trace, "best", service.window), []
        try:
            async for news in told_in_turns(opened.worker, asked, prediction_work(service, asked)):
                if isinstance(news, int):
                    await context.report_progress(news, asked.total)
                else:
                    rows += [prediction_object(row) for row in news]
        except CistraceError as error:
            raise ToolError(told(error)) from None
        return {"predictions": rows}

    @server.tool(title="Explain a score", annotations=_READS)
    async def explain(sequences: Sequences, cell_types: CellTypes = ("all",)) -> dict[str, Any]:
        """Tell the score of sequences of at most 200 bp as a sum over all their transcription-factor sites.

        `amount` is a site's share of the sum, `alone` what its loss costs while every other site is there.
        """
        service = await opened.service()
        records = _records(sequences)
        cells = await opened.run(lambda: service.cells(cell_types))
        return {"explanations": await opened.run(lambda: service.explanations(records, cells))}

    @server.tool(title="Score variants", annotations=_READS)
    async def variants(
        variants: Annotated[Variants, MaxLen(LIMITS.sequences)], cell_types: CellTypes = ("all",), trace: bool = True
    ) -> dict[str, Any]:
        """Predict what variants change: activity with either allele, the difference with a 90 % interval, and why.

        A variant is a pair of whole sequences (ref, alt; about 200 bp, the change in the middle), or, where this server
        was started with a genome, `contig:position:ref:alt`, 1-based as in VCF.
        """
        service = await opened.service()
        cells = await opened.run(lambda: service.cells(cell_types))
        return {"effects": await opened.run(lambda: service.effects(variants, cells, trace))}

    @server.tool(title="Scan for motifs", annotations=_READS)
    async def scan(
        sequences: Sequences,
        p_threshold: Annotated[float, Gt(0), Le(DEFAULT_P_THRESHOLD)] = DEFAULT_P_THRESHOLD,
    ) -> dict[str, Any]:
        """Find hits of JASPAR 2026's vertebrate motifs on both strands, by FIMO's rules and in its columns.

        A hit is a match of a sequence; it does not show that a factor binds.
        """
        service = await opened.service()
        records = _records(sequences, 0)
        return {"hits": await opened.run(lambda: service.hits(records, p_threshold))}

    return server


def _records(sequences: dict[str, str], minimum_known: int = MINIMUM_KNOWN) -> tuple[DnaSequence, ...]:
    try:
        records = tuple(sequences_of(sequences, minimum_known))
        LIMITS.check(records)
    except CistraceError as error:
        raise ToolError(told(error)) from None
    return records
