"""Judged designs as FASTA and as a table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TextIO

from cistrace.design.judged import JudgedDesign
from cistrace.design.outcome import DesignReport
from cistrace.io.delimited import row_writer

_BLANKS = re.compile(r"[\s\0]+")


def write_judged_fasta(report: DesignReport, out: TextIO) -> None:
    """A record a design: id, the objective as optimised and as judged, flags.

    Blanks in an id become `_`: it ends at the first, and at a line's end the record would.
    """
    for one in report.designs:
        judged = "" if one.judgement is None else f" judged={one.judgement.value:.4f}"
        flags = f" flags={';'.join(one.flags)}" if one.flags else ""
        name = _BLANKS.sub("_", one.design.id)
        out.write(f">{name} objective={one.value:.4f}{judged}{flags}\n{one.design.bases}\n")


def write_judged_table(report: DesignReport, out: TextIO) -> None:
    """A row a design, tab-separated; what is not known is empty."""
    rows = [dict(_row(one)) for one in report.designs]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    columns.append(columns.pop(columns.index("sequence")))
    write = row_writer(out, "\t")
    write(columns)
    for row in rows:
        write(row.get(name, "") for name in columns)


def _row(judged: JudgedDesign) -> Iterator[tuple[str, object]]:
    one, said, figures = judged.design, judged.judgement, judged.figures
    yield from {"id": one.id, "start": one.start_id or "", "edits": one.edits, "round": one.round}.items()
    yield "moves", ",".join(one.moves)
    yield "reward", f"{one.reward:.4f}"
    yield from _figures("", one.components)
    yield "value", f"{judged.value:.4f}"
    yield from _figures("activity_", one.activities)
    if said is not None:
        yield "judged", f"{said.value:.4f}"
        yield "gap", f"{judged.gap:.4f}"
        yield "judged_percentile", f"{said.percentile:.2f}"
        yield from _figures("judge_", said.scores)
        yield from _figures("judge_percentile_", said.percentiles)
    if judged.start is not None:
        yield "start_judged", f"{judged.start.value:.4f}"
    if judged.excess is not None:
        yield "domain_excess", f"{judged.excess:.4f}"
    if judged.agreement is not None:
        yield "told_sites", judged.agreement.sites
        yield "told_sites_agreeing", judged.agreement.same_sign
    yield from {"gc": f"{figures.gc:.3f}", "sites": figures.sites, "covered": f"{figures.covered:.3f}"}.items()
    yield from {"dust": f"{figures.dust:.2f}", "entropy": f"{figures.entropy:.2f}"}.items()
    if judged.nearest is not None:
        yield "nearest_natural", judged.nearest.id
        yield "nearest_natural_edits", judged.nearest.edits
    yield "flags", ";".join(judged.flags)
    yield "sequence", one.bases


def _figures(prefix: str, values: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    yield from ((f"{prefix}{name}", f"{value:.4f}") for name, value in values.items())
