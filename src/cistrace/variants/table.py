"""Effects of variants as TSV, CSV, JSONL, Parquet and VCF."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cistrace.errors import OutputError
from cistrace.io.files import whole_file
from cistrace.io.streams import shown
from cistrace.predictions.table import figure, text_rows
from cistrace.traces.ledger import hundredths, signed
from cistrace.variants.contrast import Contrast
from cistrace.variants.effect import VariantEffect
from cistrace.variants.fates import SiteFate

Write = Callable[[dict[str, Any]], object]
"""Adds a row: an `effect_object`."""

COLUMNS = (
    "chrom",
    "pos",
    "id",
    "ref",
    "alt",
    "cell_type",
    "ref_activity",
    "alt_activity",
    "difference",
    "lower",
    "upper",
    "percentile",
    "flags",
    "sites",
    "trace_verified",
)
VCF_ENDINGS = (".vcf", ".vcf.gz")
TABLE_ENDINGS = (".tsv", ".tsv.gz", ".csv", ".csv.gz", ".jsonl", ".jsonl.gz", ".parquet")
ROW_GROUP = 2000  # rows of Parquet in memory


def check_effect_ending(path: Path) -> None:
    """Refuse a name from which no format follows.

    Raises
    ------
    OutputError
        Another ending than those of `VCF_ENDINGS` and `TABLE_ENDINGS`, in any case.
    """
    if not path.name.lower().endswith(VCF_ENDINGS + TABLE_ENDINGS):
        raise OutputError(
            f"{shown(path)}: its ending {path.suffix!r} names no format; expected "
            f"{', '.join(VCF_ENDINGS + TABLE_ENDINGS)}; rename it"
        )


def is_vcf(path: Path | None) -> bool:
    """Whether results go to a VCF."""
    return path is not None and path.name.lower().endswith(VCF_ENDINGS)


def effect_object(effect: VariantEffect) -> dict[str, Any]:
    """An effect as JSON types: one line of JSONL. Positions are 1-based, stretches inclusive.

    `lower` and `upper` are null with the flag `no_interval`, `percentile` with `no_background`; `sites`, `trace`,
    `ledger` and `verification` without traces.
    """
    variant, found = effect.variant, effect.contrast
    return {
        "chrom": variant.contig,
        "pos": variant.start + 1,
        "id": variant.id,
        "ref": variant.ref,
        "alt": variant.alt,
        "cell_type": effect.cell_type,
        "ref_activity": figure(effect.ref_activity),
        "alt_activity": figure(effect.alt_activity),
        "difference": figure(effect.difference),
        "lower": figure(effect.lower) if math.isfinite(effect.lower) else None,
        "upper": figure(effect.upper) if math.isfinite(effect.upper) else None,
        "percentile": None if effect.percentile is None else figure(effect.percentile),
        "flags": list(effect.flags),
        "window_start": effect.start + 1,
        "window_end": effect.end,
        "sites": None if found is None else [_site(one) for one in found.fates if one.fate != "kept"],
        "trace": None if found is None else _trace(found),
        "ledger": None if found is None else _ledger(found),
        "verification": None if found is None else _verification(found),
        "provenance": {name: getattr(effect.provenance, name) for name in effect.provenance.__slots__},
    }


def _site(one: SiteFate) -> dict[str, Any]:
    plain = asdict(one)
    change = None if one.change is None else hundredths(one.change) / 100
    for name in ("ref_amount", "alt_amount"):
        plain[name] = None if plain[name] is None else hundredths(plain[name]) / 100
    return {**plain, "start": one.start + 1, "change": change}


def _trace(found: Contrast) -> dict[str, Any]:
    steps = [{"kind": one.kind, "text": one.text, "values": dict(one.values)} for one in found.steps]
    return {"steps": steps, "text": found.text, "written_by": "grounded writer"}


def _ledger(found: Contrast) -> dict[str, Any]:
    return {**asdict(found.ledger), "sites": [_site(one) for one in found.ledger.sites]}


def _verification(found: Contrast) -> dict[str, Any]:
    failed = [
        {"step": one.step, "field": one.field, "claimed": one.claimed, "found": one.found}
        for one in found.findings
        if not one.supported
    ]
    return {"verified": found.verified, "claims": len(found.steps), "failed": failed}


@contextmanager
def effect_output(path: Path | None, contigs: Mapping[str, int], cell_types: tuple[str, ...]) -> Iterator[Write]:
    """Open a file of effects and give the function that adds one.

    Parameters
    ----------
    path : Path or None
        Its ending decides the format; None is TSV on standard output.
    contigs : mapping of str to int
        bp of the genome's contigs, for a VCF.
    cell_types : tuple of str
        In the order of every variant's rows, for a VCF.

    Raises
    ------
    OutputError
        An ending that names no format, or a file that cannot be written.
    """
    name = ".tsv" if path is None else path.name.lower()
    if path is not None and is_vcf(path):
        from cistrace.variants.vcf_output import vcf_rows

        with vcf_rows(path, contigs, cell_types) as add:
            yield add
        return
    if path is not None and name.endswith(".parquet"):
        from cistrace.predictions.parquet import parquet_rows
        from cistrace.variants.parquet import SCHEMA

        with whole_file(path) as part, parquet_rows(part, SCHEMA, ROW_GROUP) as add:
            yield add
        return
    with text_rows(path, COLUMNS, _fields) as add:
        yield add


def _fields(row: dict[str, Any]) -> list[str]:
    """A row of TSV and CSV: the values of `COLUMNS` as text."""
    missing = {"lower": "-inf", "upper": "inf"}
    numbers = [
        missing.get(name, "") if row[name] is None else f"{row[name]:.9g}"
        for name in ("ref_activity", "alt_activity", "difference", "lower", "upper", "percentile")
    ]
    return [
        row["chrom"],
        str(row["pos"]),
        row["id"],
        row["ref"],
        row["alt"],
        row["cell_type"],
        *numbers,
        ";".join(row["flags"]),
        ";".join(site_words(row["sites"] or ())),
        "" if row["verification"] is None else str(row["verification"]["verified"]).lower(),
    ]


def site_words(sites: Any) -> list[str]:
    """Sites gained, lost or altered, a word each: `lost|CEBP|109274965-109274974|-0.41`, or `rest` for the change."""
    return [
        "|".join(
            (
                one["fate"],
                one["archetype"],
                f"{one['start']}-{one['end']}",
                "rest" if one["change"] is None else signed(hundredths(one["change"])),
            )
        )
        for one in sites
    ]
