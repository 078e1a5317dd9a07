from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from bench_helpers import an_entry

from cistrace.errors import DataError
from cistrace.reasonbench.entries import Entry
from cistrace.reasonbench.leakage import Reader, Score, measure, tokens


def traces(count: int, conclude: bool, hint: bool, split: str = "train") -> list[Entry]:
    """Entries of random levels whose trace tells the level in its conclusion, in its reasoning, or not at all."""
    random = np.random.default_rng(len(split) + conclude)
    entries = []
    for row, level in enumerate(random.integers(0, 4, count).tolist()):
        steps = f"1. motif sums to {level + random.normal(0, 0.05):.2f}\n" if hint else "1. motif sums to 0.5\n"
        end = level if conclude else int(random.integers(4))
        trace = f"{steps}2. a further step {random.integers(9)}\n</think>Level: {end}"
        entries.append(replace(an_entry(f"{split}{row}", split, level), trace=trace))
    return entries


def by_text(scores: Iterable[Score]) -> dict[str, Score]:
    return {score.text: score for score in scores}


@pytest.mark.pipeline
@pytest.mark.parametrize("held", [True, False])
def test_a_level_is_found_where_it_stands_and_nowhere_else(held: bool) -> None:
    for conclude, hint, expected in [(True, False, (1, 0)), (False, True, (1, 1)), (False, False, (0, 0))]:
        test = traces(300, conclude, hint, "test") if held else None
        found = by_text(measure(traces(400, conclude, hint), test))
        for text, told in zip(("trace", "trace without conclusion"), expected):
            assert (found[text].accuracy > 0.9) == bool(told), (text, found[text])
            assert found[text].low <= found[text].accuracy <= found[text].high
        assert found["card"].accuracy < 0.4  # all have one card
        assert found["card"].rows == (300 if held else 400)


def test_figures_become_ladders_under_the_words_before_them() -> None:
    texts = [tokens(f"Estimated at {value:.1f}, position {n}") for n, value in enumerate(np.linspace(-1, 1, 40))]
    reader = Reader(texts)
    matrix = reader.matrix(texts).toarray()
    rungs = matrix.sum(axis=1)
    assert rungs[0] < rungs[20] < rungs[39]
    assert tokens("Estimated at -0.5").figures == {"estimated at": [-0.5]}


def test_the_bases_of_a_card_are_not_read() -> None:
    assert tokens("DNA Sequence:\nACGTACGTACGTACGT (Total").words == tokens("DNA Sequence:\n (Total").words


def test_too_few_traces_are_refused() -> None:
    with pytest.raises(DataError, match="K562: found 20 traces"):
        list(measure(traces(20, True, True), None))
