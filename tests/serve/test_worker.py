"""Turns: one piece at a time, in the order of asking."""

from __future__ import annotations

import asyncio
import threading

import pytest

from cistrace.serve.worker import BusyError, Worker


def test_pieces_of_several_requests_take_turns_in_one_thread() -> None:
    worker = Worker(4, 1)
    done: list[tuple[str, str]] = []

    async def request(name: str) -> None:
        for _ in range(3):
            await worker.run(lambda: done.append((name, threading.current_thread().name)))

    async def both() -> None:
        await asyncio.gather(request("a"), request("b"))

    asyncio.run(both())
    worker.close()
    assert [name for name, _ in done] == ["a", "b"] * 3
    assert len({thread for _, thread in done}) == 1


def test_places_run_out_and_come_back() -> None:
    worker = Worker(2, 1)
    with worker.place(), pytest.raises(ZeroDivisionError), worker.place():
        assert worker.waiting == 2
        with pytest.raises(BusyError), worker.place():
            pass
        raise ZeroDivisionError
    assert worker.waiting == 0
    with worker.place():
        pass


def test_work_that_nobody_waits_for_is_not_begun() -> None:
    worker = Worker(4, 1)
    gate = threading.Event()
    done: list[int] = []

    async def leave() -> None:
        first = asyncio.ensure_future(worker.run(gate.wait))
        second = asyncio.ensure_future(worker.run(lambda: done.append(2)))
        third = asyncio.ensure_future(worker.run(lambda: done.append(3)))
        await asyncio.sleep(0.01)
        second.cancel()
        await asyncio.sleep(0.01)
        gate.set()
        await first
        await third

    asyncio.run(leave())
    assert done == [3]
