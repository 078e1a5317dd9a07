"""Shards: every record is of one, in order, whatever was counted."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cistrace.errors import InputError, RecordError
from cistrace.io.rejects import Rejects
from cistrace.io.sequences import read_sequences
from cistrace.io.shards import MOST, Shard, check_sharded

DNA = "ACGTTGCAAGTCCGATAGCTTGCACC"


@given(st.integers(1, 40), st.integers(0, 200), st.integers(0, 200))
def test_shards_part_records_whatever_was_counted(count: int, records: int, counted: int) -> None:
    """Even where the count is off, as of tables whose fields hold line ends."""
    items = list(range(records))
    parts = [list(Shard(number, count).stretch(counted).of(items)) for number in range(1, count + 1)]
    assert [item for part in parts for item in part] == items


@given(st.integers(1, 40), st.integers(0, 200))
def test_shards_are_of_like_size(count: int, records: int) -> None:
    sizes = [
        len(list(Shard(number, count).stretch(records).of(range(records)))) for number in range(1, count + 1)
    ]  # fmt: skip
    assert max(sizes) - min(sizes) <= 1


@given(st.integers(1, MOST), st.integers(1, MOST))
def test_what_is_written_is_read(number: int, count: int) -> None:
    if number <= count:
        assert (
            Shard.parse(f" {number}/{count}") == Shard(number, count)
            and str(Shard(number, count)) in f"{number}/{count}"
        )
    else:
        with pytest.raises(InputError, match="expected I/N with I from 1 to N"):
            Shard.parse(f"{number}/{count}")


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "1/0", "-1/3", "1/3/5", "a/b", "", "1/1000001", "¹/3"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="expected I/N with I from 1 to N"):
        Shard.parse(text)


def test_nothing_is_read_behind_a_shard() -> None:
    stream = iter(range(100))
    assert list(Shard(1, 4).stretch(100).of(stream)) == list(range(25)) and next(stream) == 25


FORMATS = {
    "in.fa": "".join(f">s{at}\n{DNA}\n" for at in range(23)),
    "in.csv": "id,sequence\n" + "".join(f'"s{at}{chr(10) * (at == 3)}",{DNA}\n' for at in range(23)),
    "in.jsonl": "".join(f'{{"id": "s{at}", "sequence": "{DNA}"}}\n' for at in range(23)),
}


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("count", [1, 2, 7, 30])
def test_shards_of_a_file_are_the_file(tmp_path: Path, name: str, count: int) -> None:
    path = tmp_path / name
    path.write_text(FORMATS[name])
    whole = [one.id for one in read_sequences(path)]
    assert len(whole) == 23
    parts = [[one.id for one in read_sequences(path, shard=Shard(at, count))] for at in range(1, count + 1)]
    assert [one for part in parts for one in part] == whole


def test_every_shard_tells_of_its_own_rejects(tmp_path: Path) -> None:
    """An id that an earlier shard has too is found, and a fault is told by one shard alone."""
    path = tmp_path / "in.fa"
    path.write_text(f">a\n{DNA}\n>b\nACGU\n>c\n{DNA}\n>d\n{DNA}\n>a\n{DNA}\n>e\n{DNA}\n")

    def read(shard: Shard | None) -> tuple[list[str], list[tuple[str, int]]]:
        rejects = Rejects()
        found = [one.id for one in read_sequences(path, on_error="skip", rejects=rejects, shard=shard)]
        return found, [(one.record, one.number) for one in rejects]

    assert read(Shard(1, 3)) == (["a"], [("b", 3)])
    assert read(Shard(2, 3)) == (["c", "d"], [])
    assert read(Shard(3, 3)) == (["e"], [("a", 9)])
    assert read(None) == (["a", "c", "d", "e"], [("b", 3), ("a", 9)])
    assert len(list(read_sequences(path, shard=Shard(2, 3)))) == 2
    with pytest.raises(RecordError, match="record 'b'"):
        list(read_sequences(path, shard=Shard(1, 3)))


def test_what_can_be_read_once_has_no_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(f">a\n{DNA}\n".encode())))
    with pytest.raises(InputError, match="standard input: cannot be parted into shards"):
        check_sharded("-")
    check_sharded("not there")  # reading says so
