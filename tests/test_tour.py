"""docs/tour.ipynb runs from its first cell to its last."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

TOUR = Path(__file__).parents[1] / "docs" / "tour.ipynb"


def read() -> Any:
    return nbformat.read(TOUR, as_version=4)


def test_the_tour_holds_no_outputs() -> None:
    cells = [cell for cell in read().cells if cell.cell_type == "code"]
    assert cells and not any(cell.outputs or cell.execution_count for cell in cells)


@pytest.mark.pipeline
def test_the_tour_runs_and_shows_what_it_says(tmp_path: Path) -> None:
    (tmp_path / "examples").mkdir()
    shutil.copy(TOUR.parents[1] / "examples" / "enhancers.fa", tmp_path / "examples")
    tour = NotebookClient(read(), timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [
        output.data for cell in tour.cells if cell.cell_type == "code" for output in cell.outputs if "data" in output
    ]
    pages = [data["text/html"] for data in shown if "text/html" in data]
    marks = "<table>", "Verified:", "backdrop", "Contributions add up", "Alternative: card"
    for mark, page in zip(marks, pages, strict=True):
        assert mark in page
    assert any("image/png" in data for data in shown)
    report = (tmp_path / "tour" / "report.html").read_text()
    assert "<script" in report and "chr5_1010220_HepG2" in report
    assert any("VariantEffect" in data.get("text/plain", "") for data in shown)
    found = ast.literal_eval(shown[-1]["text/plain"])
    assert found["after"] > found["before"]
