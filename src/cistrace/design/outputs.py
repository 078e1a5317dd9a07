"""The files of a run of designs."""

from __future__ import annotations

from pathlib import Path

from cistrace.design.judged_table import write_judged_fasta, write_judged_table
from cistrace.design.outcome import DesignReport
from cistrace.design.page_file import write_page
from cistrace.io.files import text_output
from cistrace.predict import Predictor

FILES = ("designs.fasta", "designs.tsv", "report.html")


def write_outputs(report: DesignReport, predictor: Predictor, title: str, folder: Path) -> None:
    """Write `FILES` into a folder that is there, each whole or not at all.

    Parameters
    ----------
    predictor : Predictor
        That traced the designs.
    title : str
        Of the page: what was designed, or the name of the input.

    Raises
    ------
    OutputError
        A file cannot be written.
    """
    with text_output(folder / FILES[0]) as out:
        write_judged_fasta(report, out)
    with text_output(folder / FILES[1]) as out:
        write_judged_table(report, out)
    with text_output(folder / FILES[2]) as out:
        write_page(report, predictor, title, out)
