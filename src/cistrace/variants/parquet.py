"""Effects of variants as Parquet, in row groups, so that memory does not grow with the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

_TEXT, _FIGURE, _PLACE = pa.string(), pa.float64(), pa.int64()
_SITE = pa.struct(
    [
        *((name, _TEXT) for name in ("fate", "tf", "archetype")),
        *((name, _PLACE) for name in ("start", "end")),
        ("strand", _TEXT),
        *((name, _FIGURE) for name in ("ref_bits", "alt_bits", "ref_amount", "alt_amount", "change")),
    ]
)
_STEP = pa.struct([("kind", _TEXT), ("text", _TEXT), ("values", pa.map_(_TEXT, _TEXT))])
_LEDGER = pa.struct(
    [
        *((name, _FIGURE) for name in ("composition", "bases")),
        ("sites", pa.list_(_SITE)),
        *((name, _FIGURE) for name in ("interplay", "windows", "rest", "difference")),
    ]
)
_FAILED = pa.struct([("step", pa.int32()), *((name, _TEXT) for name in ("field", "claimed", "found"))])
_PROVENANCE = pa.struct(
    [
        *((name, _TEXT) for name in ("cistrace", "checkpoint", "motifs", "scanner", "prompt", "evidence")),
        ("seed", _PLACE),
    ]
)
SCHEMA = pa.schema(
    [
        ("chrom", _TEXT),
        ("pos", _PLACE),
        *((name, _TEXT) for name in ("id", "ref", "alt", "cell_type")),
        *((name, _FIGURE) for name in ("ref_activity", "alt_activity", "difference", "lower", "upper", "percentile")),
        ("flags", pa.list_(_TEXT)),
        ("window_start", _PLACE),
        ("window_end", _PLACE),
        ("sites", pa.list_(_SITE)),
        ("trace", pa.struct([("steps", pa.list_(_STEP)), ("text", _TEXT), ("written_by", _TEXT)])),
        ("ledger", _LEDGER),
        ("verification", pa.struct([("verified", pa.bool_()), ("claims", pa.int32()), ("failed", pa.list_(_FAILED))])),
        ("provenance", _PROVENANCE),
    ]
)
"""The columns of `variants.table.effect_object`, nested as in JSONL; the values of a step are a map."""


@contextmanager
def parquet_rows(path: Path, row_group: int) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Open a Parquet file and give the function that adds a row, as `effect_object` makes it.

    Parameters
    ----------
    row_group : int
        Rows held in memory and written together.
    """
    waiting: list[dict[str, Any]] = []
    with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:

        def flush() -> None:
            writer.write_table(pa.Table.from_pylist(waiting, schema=SCHEMA))
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
    if row["trace"] is None:
        return row
    steps = [{**step, "values": list(step["values"].items())} for step in row["trace"]["steps"]]
    return {**row, "trace": {**row["trace"], "steps": steps}}
