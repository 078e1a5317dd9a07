"""The columns of effects of variants in Parquet."""

from __future__ import annotations

import pyarrow as pa

from cistrace.predictions.parquet import FAILED, PROVENANCE, STEP

_TEXT, _FIGURE, _PLACE = pa.string(), pa.float64(), pa.int64()
_SITE = pa.struct(
    [
        *((name, _TEXT) for name in ("fate", "tf", "archetype")),
        *((name, _PLACE) for name in ("start", "end")),
        ("strand", _TEXT),
        *((name, _FIGURE) for name in ("ref_bits", "alt_bits", "ref_amount", "alt_amount", "change")),
    ]
)
_LEDGER = pa.struct(
    [
        *((name, _FIGURE) for name in ("composition", "bases")),
        ("sites", pa.list_(_SITE)),
        *((name, _FIGURE) for name in ("interplay", "windows", "rest", "difference")),
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
        ("trace", pa.struct([("steps", pa.list_(STEP)), ("text", _TEXT), ("written_by", _TEXT)])),
        ("ledger", _LEDGER),
        ("verification", pa.struct([("verified", pa.bool_()), ("claims", pa.int32()), ("failed", pa.list_(FAILED))])),
        ("provenance", PROVENANCE),
    ]
)
"""The columns of `variants.table.effect_object`, nested as in JSONL; the values of a step are a map."""
