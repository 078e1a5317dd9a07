from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cistrace.engines.side_by_side import one_at_a_time, side_by_side


@given(items=st.lists(st.integers(), max_size=30), threads=st.integers(1, 4))
def test_results_come_in_the_order_of_the_items(items: list[int], threads: int) -> None:
    def work(item: int) -> int:
        time.sleep((item % 3) / 5000)
        return -item

    assert list(side_by_side(work, items, threads)) == [-item for item in items]


def test_items_are_worked_on_at_the_same_time_each_with_one_thread_of_torch() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    meeting = threading.Barrier(2, timeout=20)  # breaks where one waits for another's end

    def work(item: int) -> tuple[str, int]:
        meeting.wait()
        return threading.current_thread().name, torch.get_num_threads()

    found = list(side_by_side(work, range(8), 2))
    assert len({name for name, _ in found}) == 2
    assert {count for _, count in found} == {1}
    assert torch.get_num_threads() == 2
    torch.set_num_threads(before)


def test_one_item_or_one_thread_is_worked_on_here() -> None:
    here = threading.current_thread().name
    assert list(side_by_side(lambda _: threading.current_thread().name, [1], 4)) == [here]
    assert set(side_by_side(lambda _: threading.current_thread().name, range(5), 1)) == {here}
    assert list(side_by_side(abs, iter(()), 3)) == []


def test_few_items_are_taken_beforehand() -> None:
    taken = []

    def stream() -> Iterator[int]:
        for item in range(1000):
            taken.append(item)
            yield item

    results = side_by_side(abs, stream(), 2)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    assert len(taken) <= 2 + 2 * 2 + 1


def test_an_error_is_raised_where_its_result_would_stand_and_ends_the_work() -> None:
    done = []

    def work(item: int) -> int:
        if item == 3:
            raise ValueError("three")
        done.append(item)
        return item

    results = side_by_side(work, range(1000), 2)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="three"):
        next(results)
    assert len(done) < 12


def test_who_stops_reading_ends_the_work() -> None:
    results = side_by_side(abs, range(10**9), 2)
    assert next(results) == 0
    results.close()  # type: ignore[attr-defined]


def test_reports_wait_for_one_another() -> None:
    inside, most, total = 0, 0, 0

    def report(count: int) -> None:
        nonlocal inside, most, total
        inside += 1
        most = max(most, inside)
        time.sleep(0.001)
        total += count
        inside -= 1

    reported = one_at_a_time(report)
    assert reported is not None and one_at_a_time(None) is None
    list(side_by_side(reported, [1] * 40, 4))
    assert (most, total) == (1, 40)
