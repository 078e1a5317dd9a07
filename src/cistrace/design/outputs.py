"""The files of a run of designs."""

from __future__ import annotations

from pathlib import Path

from cistrace.design.judged_table import write_judged_fasta, write_judged_table
from cistrace.design.outcome import DesignReport
from cistrace.io.files import text_output

FILES = ("designs.fasta", "designs.tsv")


def write_outputs(report: DesignReport, folder: Path) -> None:
    """Write `FILES` into a folder that is there, each whole or not at all.

    Raises
    ------
    OutputError
        A file cannot be written.
    """
    with text_output(folder / FILES[0]) as out:
        write_judged_fasta(report, out)
    with text_output(folder / FILES[1]) as out:
        write_judged_table(report, out)
