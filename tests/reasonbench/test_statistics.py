"""What a person reads after a build, and when it warns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from bench_helpers import an_entry
from cli_helpers import a_card
from hypothesis import given
from hypothesis import strategies as st

from cistrace.reasonbench.gates import judge
from cistrace.reasonbench.statistics import BuildStatistics, summary

WARNING = "  Warning: K562: stated levels agree with the observed ones in "


def lines(pairs: Sequence[tuple[int, int | None]]) -> list[str]:
    """Of a build of entries with these observed and stated levels."""
    entry, found = an_entry(), BuildStatistics()
    judged = judge(entry.trace, a_card())
    for observed, stated in pairs:
        found.add(replace(entry, level=observed, stated_level=stated), judged, kept=True)
    return list(summary(found.plain()))


def test_the_summary_of_a_build_is_this_one() -> None:
    assert lines([(0, 0), (1, 1), (2, 2), (3, 2)]) == [
        "train: 4 kept, 0 rejected; traces with faults by gate: none",
        "  K562: 4 traces; level agrees with the observed one in 75.0%; levels 0-3 observed 25%/25%/25%/25%, stated "
        "25%/25%/50%/0%",
        "20 steps, 100.00% supported by their cards, 5 distinct texts; kinds: backdrop 20.0%, complexity 20.0%, site "
        "40.0%, whole 20.0%",
    ]


@pytest.mark.parametrize(
    ("right", "warned"),
    # Four levels as often observed as stated: guessing agrees in 100 of 400, its standard error is 8.66.
    [(400, False), (118, False), (117, True), (100, True), (0, True)],
)
def test_agreement_within_two_standard_errors_of_guessing_is_warned_of(right: int, warned: bool) -> None:
    observed = [at % 4 for at in range(400)]
    stated = [level if at < right else (level + 1) % 4 for at, level in enumerate(observed)]
    assert {level: stated.count(level) for level in range(4)}.keys() == {0, 1, 2, 3}
    found = [line for line in lines(list(zip(observed, stated))) if line.startswith(WARNING)]
    assert len(found) == warned
    if warned:
        assert found[0].startswith(f"{WARNING}{right / 4:.1f}% of 400 traces, where guessing would in 25.0%: ")
        assert found[0].endswith("expected clearly more; bring other evidence (--towers), or more rows")


@given(st.integers(0, 3), st.lists(st.integers(0, 3), min_size=1, max_size=40))
def test_always_the_same_level_is_guessing(stated: int, observed: list[int]) -> None:
    found = lines([(level, stated) for level in observed])
    assert any(line.startswith(WARNING) for line in found)


def test_a_commoner_level_makes_guessing_likelier() -> None:
    """Nine in ten are of level 0 and said to be: what guessing gets right of these is no merit."""
    pairs = [(0, 0)] * 81 + [(0, 1)] * 9 + [(1, 0)] * 9 + [(1, 1)]
    assert any(f"{WARNING}82.0% of 100 traces, where guessing would in 82.0%" in line for line in lines(pairs))
    assert not any(WARNING in line for line in lines([(0, 0)] * 90 + [(1, 1)] * 10))


def test_where_no_level_is_stated_there_is_no_warning_about_levels() -> None:
    assert not any(WARNING in line for line in lines([(0, None), (1, None)]))
