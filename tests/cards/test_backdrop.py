from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from table_helpers import one_line

from cistrace.cards.backdrop import FEWEST, NO_LINE, CompositionLine, fit_line, read_lines, write_lines
from cistrace.cards.card import Composition
from cistrace.errors import DataError

FIGURES = st.floats(-3, 3)


def compositions(count: int, seed: int = 0) -> list[Composition]:
    random = np.random.default_rng(seed)
    return [Composition(gc, cpg, 0.0) for gc, cpg in random.uniform([0.3, 0], [0.7, 1.2], size=(count, 2)).tolist()]


@given(st.lists(st.builds(CompositionLine, FIGURES, FIGURES, FIGURES), min_size=1, max_size=3))
def test_planes_are_found_again_in_every_cell_type(lines: list[CompositionLine]) -> None:
    measured = compositions(FEWEST)
    found = fit_line(measured, np.array([[line.of(one) for line in lines] for one in measured]))
    for one, line in zip(found, lines, strict=True):
        np.testing.assert_allclose((one.intercept, one.gc, one.cpg), (line.intercept, line.gc, line.cpg), atol=1e-9)


def test_no_other_plane_is_nearer_than_the_one_found() -> None:
    measured = compositions(80)
    random = np.random.default_rng(1)
    backdrops = random.normal(size=(80, 1))
    (line,) = fit_line(measured, backdrops.astype(np.float32))

    def misses(one: CompositionLine) -> float:
        return float(sum((one.of(each) - value) ** 2 for each, value in zip(measured, backdrops[:, 0], strict=True)))

    for by in random.normal(scale=0.1, size=(40, 3)):
        moved = CompositionLine(*(np.array([line.intercept, line.gc, line.cpg]) + by).tolist())
        assert misses(line) < misses(moved)


def test_few_sequences_have_their_mean_and_none_has_nothing() -> None:
    measured = compositions(FEWEST - 1)
    backdrops = np.arange(2.0 * len(measured), dtype=np.float32).reshape(-1, 2)
    assert fit_line(measured, backdrops) == (CompositionLine(28.0, 0.0, 0.0), CompositionLine(29.0, 0.0, 0.0))
    assert fit_line([], np.zeros((0, 3), dtype=np.float32)) == (NO_LINE,) * 3


def test_sequences_of_one_composition_have_their_mean() -> None:
    (line,) = fit_line([Composition(0.5, 0.25, 0.0)] * 40, np.arange(40.0)[:, None])
    assert line.of(Composition(0.5, 0.25, 0.0)) == pytest.approx(19.5)


@given(st.dictionaries(st.text(max_size=12), st.builds(CompositionLine, FIGURES, FIGURES, FIGURES), max_size=4))
def test_lines_come_back_to_the_bit(
    tmp_path_factory: pytest.TempPathFactory, lines: dict[str, CompositionLine]
) -> None:
    path = tmp_path_factory.mktemp("lines") / "backdrop.json"
    write_lines(path, lines)
    assert read_lines(path) == lines


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "3", '{"K562": 1}', '{"K562": {"intercept": 1.0, "gc": 0.0}}', '{"K562": [1, 2, 3]}',
        json.dumps({"K562": {"intercept": 1.0, "gc": 0.0, "cpg": 0.0, "more": 0.0}}),
        json.dumps({"K562": {"intercept": "high", "gc": 0.0, "cpg": 0.0}}),
        json.dumps({"K562": {"intercept": None, "gc": 0.0, "cpg": 0.0}}),
    ],
)  # fmt: skip
def test_what_holds_no_lines_is_named(text: str, tmp_path: Path) -> None:
    path = tmp_path / "backdrop.json"
    path.write_text(text)
    assert "backdrop.json: not a readable file of composition lines" in one_line(read_lines, path, error=DataError)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert "none.json: not a readable file" in one_line(read_lines, tmp_path / "none.json", error=DataError)
