"""Predictions as Parquet, in row groups, so that memory does not grow with the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

STEP = pa.struct([("kind", pa.string()), ("text", pa.string()), ("values", pa.map_(pa.string(), pa.string()))])
_TRACE = pa.struct(
    [
        ("steps", pa.list_(STEP)),
        ("level", pa.int8()),
        *((name, pa.string()) for name in ("text", "positions", "written_by")),
    ]
)
_LEDGER_SITE = pa.struct(
    [
        ("site", pa.int32()),
        ("tf", pa.string()),
        ("archetype", pa.string()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("strand", pa.string()),
        ("amount", pa.float64()),
    ]
)
_LEDGER = pa.struct(
    [
        ("backdrop", pa.float64()),
        ("composition", pa.float64()),
        ("sites", pa.list_(_LEDGER_SITE)),
        ("interplay", pa.list_(pa.struct([("sites", pa.list_(pa.int32())), ("amount", pa.float64())]))),
        ("rest", pa.float64()),
        ("correction", pa.float64()),
        ("total", pa.float64()),
    ]
)
FAILED = pa.struct([("step", pa.int32()), ("field", pa.string()), ("claimed", pa.string()), ("found", pa.string())])
_VERIFICATION = pa.struct(
    [
        ("verified", pa.bool_()),
        ("claims", pa.int32()),
        ("supported", pa.int32()),
        ("failed", pa.list_(FAILED)),
        ("level_agrees", pa.bool_()),
    ]
)
PROVENANCE = pa.struct(
    [
        *((name, pa.string()) for name in ("cistrace", "checkpoint", "motifs", "scanner", "prompt", "evidence")),
        ("seed", pa.int64()),
    ]
)
SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("cell_type", pa.string()),
        ("activity", pa.float64()),
        ("lower", pa.float64()),
        ("upper", pa.float64()),
        ("percentile", pa.float64()),
        ("level", pa.int8()),
        ("flags", pa.list_(pa.string())),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("level_probabilities", pa.list_(pa.float64())),
        ("domain_percentile", pa.float64()),
        ("card_hash", pa.string()),
        ("trace", _TRACE),
        ("ledger", _LEDGER),
        ("verification", _VERIFICATION),
        ("provenance", PROVENANCE),
    ]
)
"""The columns of `cistrace.predictions.table.prediction_object`, nested as in JSONL; the values of a step are a map."""


@contextmanager
def parquet_rows(path: Path, schema: pa.Schema, row_group: int) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Open a Parquet file and give the function that adds a row, of JSON types.

    Parameters
    ----------
    schema : pa.Schema
        Of the rows; one of their columns is `trace`, with `steps` as `STEP` has them.
    row_group : int
        Rows held in memory and written together.
    """
    waiting: list[dict[str, Any]] = []
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:

        def flush() -> None:
            writer.write_table(pa.Table.from_pylist(waiting, schema=schema))
            waiting.clear()

        def add(row: dict[str, Any]) -> None:
            waiting.append(_with_maps(row))
            if len(waiting) >= row_group:
                flush()

        yield add
        if waiting:
            flush()


def _with_maps(row: dict[str, Any]) -> dict[str, Any]:
    """The row with the values of every step as pairs, which is how pyarrow takes a map."""
    trace = row["trace"]
    if trace is None or trace["steps"] is None:
        return row
    steps = [{**step, "values": list(step["values"].items())} for step in trace["steps"]]
    return {**row, "trace": {**trace, "steps": steps}}
