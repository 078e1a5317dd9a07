"""The local engine: rows in order, one thread a core, what stages raise, what is lost."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from engine_helpers import Absent, Doubling, Dying, Refusing, Spreading, WhereAmI

from cistrace.engines.engine import LocalEngine
from cistrace.engines.ray_engine import check_reached
from cistrace.engines.workers import AHEAD, blocks
from cistrace.errors import ModelError, RecordError, WorkerError


@pytest.fixture(scope="module")
def two() -> Iterator[LocalEngine]:
    with LocalEngine(2) as engine:
        yield engine


def test_rows_come_in_the_order_of_the_blocks(two: LocalEngine) -> None:
    made = [(block, list(rows)) for block, rows in two.map(Doubling(slow=(0,)), blocks(range(50), 3))]
    assert made == [(block, [2 * number for number in block]) for block in blocks(range(50), 3)]


def test_a_stage_that_spreads_works_here_row_by_row(two: LocalEngine) -> None:
    heard: list[int] = []
    found = two.map(Spreading(heard=heard.append), blocks(range(6), 3))
    block, rows = next(found)
    assert block == [0, 1, 2] and not heard
    assert next(iter(rows)) == 0 and heard == [0]


def test_a_stage_that_spreads_has_its_blocks_read_one_by_one(two: LocalEngine) -> None:
    """What stands before a fault of the stream is done before it is met."""

    def stream() -> Iterator[list[int]]:
        yield [1]
        raise LookupError("torn")

    found = two.map(Spreading(), stream())
    assert list(next(found)[1]) == [2]
    with pytest.raises(LookupError, match="torn"):
        next(found)


def test_a_single_block_starts_no_process(two: LocalEngine) -> None:
    ((_, rows),) = two.map(WhereAmI(), [[1]])
    assert [where for where, _ in rows] == [os.getpid()]


def test_every_core_has_a_process_with_one_thread(two: LocalEngine) -> None:
    found = {row for _, rows in two.map(WhereAmI(), blocks(range(24), 2)) for row in rows}
    assert len({where for where, _ in found} - {os.getpid()}) == 2
    assert {threads for _, threads in found} == {"1"}


def test_few_blocks_are_read_ahead(two: LocalEngine) -> None:
    read: list[int] = []

    def stream() -> Iterator[list[int]]:
        for number in range(1000):
            read.append(number)
            yield [number]

    found = two.map(Doubling(), stream())
    assert list(next(found)[1]) == [0]
    assert len(read) <= 2 * AHEAD + 2
    found.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("block", [2, 30])
def test_what_a_stage_raises_is_raised_here(two: LocalEngine, block: int) -> None:
    with pytest.raises(RecordError, match="numbers: record 'three': found 3, expected another") as caught:
        for _, rows in two.map(Refusing(), blocks(range(12), block)):
            list(rows)
    assert caught.value.record == "three"


def test_what_cannot_be_opened_says_so(two: LocalEngine) -> None:
    with pytest.raises(ModelError, match="nowhere: no such folder"):
        two.opened(Absent())
    with pytest.raises(ModelError, match="nowhere: no such folder"):
        list(two.map(Absent(), blocks(range(12), 2)))


def test_a_process_that_is_killed_is_made_up_for(tmp_path: Path) -> None:
    with LocalEngine(2) as engine:
        found = [list(rows) for _, rows in engine.map(Dying(tmp_path / "mark"), blocks(range(12), 2))]
    assert found == list(blocks(range(12), 2)) and (tmp_path / "mark").exists()


def test_a_block_that_kills_every_process_ends_the_work() -> None:
    with LocalEngine(2) as engine, pytest.raises(WorkerError, match="ended while it worked, twice"):
        list(engine.map(Dying(), blocks(range(12), 2)))


def test_a_cluster_where_nothing_listens_is_told_at_once() -> None:
    for address in ("127.0.0.1:1", "ray://[::1]:1", "no.such.host.invalid:6379", "127.0.0.1:99999"):
        with pytest.raises(WorkerError, match=r"cannot be reached .* check the address"):
            check_reached(address)
    check_reached("auto")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        check_reached(f"127.0.0.1:{listening.getsockname()[1]}")
