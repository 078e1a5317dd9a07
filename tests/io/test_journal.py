"""What a run keeps while it is under way: whole blocks alone, of the same sequences and settings alone."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from cistrace.errors import OutputError
from cistrace.io.dna_sequence import DnaSequence
from cistrace.io.journal import Journal, check_no_journal

OF = {"model": "m1", "traces": True}
FIRST, SECOND, OTHER = ([DnaSequence(f"{name}{i}", "ACGT" * 5) for i in range(3)] for name in "abc")


def run(
    output: Path, blocks: Iterable[list[DnaSequence]], resume: bool = False, die_in: int | None = None,
    of: dict[str, Any] = OF,
) -> tuple[list[str], list[str]]:  # fmt: skip
    """All rows of a run, and those of them that were made now; it breaks off in a block after one of its rows."""
    rows, made = [], []

    def make(block: list[DnaSequence], number: int) -> Iterable[str]:
        for sequence in block:
            made.append(f"row of {sequence.id}\u2028")
            yield made[-1]
            if number == die_in:
                raise KeyboardInterrupt

    with Journal(output, of, resume) as journal:
        for number, block in enumerate(blocks):
            known = journal.known(block)
            rows += list(journal.add(block, make(block, number)) if known is None else known)
    return rows, made


def test_a_run_that_ends_leaves_no_journal(tmp_path: Path) -> None:
    rows, made = run(tmp_path / "out", [FIRST, SECOND])
    assert rows == made and len(rows) == 6
    assert os.listdir(tmp_path) == []


def test_an_interrupted_run_goes_on_after_its_last_whole_block(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "out", [FIRST, SECOND], die_in=1)
    assert os.listdir(tmp_path) == ["out.partial"]
    rows, made = run(tmp_path / "out", [FIRST, SECOND, OTHER], resume=True)
    assert rows == run(tmp_path / "whole", [FIRST, SECOND, OTHER])[0]
    assert len(made) == 6  # the first block is not made again
    assert os.listdir(tmp_path) == []


def test_a_run_may_be_interrupted_many_times(tmp_path: Path) -> None:
    blocks = [FIRST, SECOND, OTHER]
    for number in range(3):
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "out", blocks, resume=True, die_in=number)
    assert run(tmp_path / "out", blocks, resume=True)[0] == run(tmp_path / "whole", blocks)[0]


def test_nothing_is_left_where_no_block_was_finished(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "out", [FIRST], die_in=0)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("left", [b"", b'{"of"', b'{"of": {"model": "m1"}}\n', b'{"of": {}}\n{"sequences": 3}\n"en'])
@pytest.mark.parametrize("resume", [False, True])
def test_a_journal_without_a_finished_block_is_none(tmp_path: Path, left: bytes, resume: bool) -> None:
    """As a kill leaves it before the first block is done."""
    (tmp_path / "out.partial").write_bytes(left)
    if not resume:
        check_no_journal(tmp_path / "out")
    assert run(tmp_path / "out", [FIRST, SECOND], resume=resume)[0] == run(tmp_path / "whole", [FIRST, SECOND])[0]


def test_what_a_journal_is_of_is_on_disk_at_once(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "out", OF, False)
    rows = journal.add(FIRST, ["row"])
    next(rows)
    assert (tmp_path / "out.partial").read_bytes().startswith(b'{"of": ')


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_a_torn_end_is_made_again(tmp_path: Path, cut: int) -> None:
    """As a machine that loses power may leave it."""
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "out", [FIRST, SECOND, OTHER], die_in=2)
    path = tmp_path / "out.partial"
    path.write_bytes(path.read_bytes().rpartition(b'{"end"')[0][:-cut])
    rows, made = run(tmp_path / "out", [FIRST, SECOND], resume=True)
    assert (len(rows), len(made)) == (6, 3)


def test_what_was_altered_is_named_and_made_again(tmp_path: Path) -> None:
    """Every bit of a journal's blocks, one at a time: no altered row is ever taken for one that was made."""
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "out", [FIRST, SECOND, OTHER], die_in=2)
    path = tmp_path / "out.partial"
    written = path.read_bytes()
    whole = run(tmp_path / "whole", [FIRST, SECOND, OTHER])[0]
    ends = [match.end() for match in re.finditer(rb'"end": "[0-9a-f]+"}\n', written)]
    for at in range(written.index(b"\n") + 1, ends[-1]):
        changed = bytearray(written)
        changed[at] ^= 1 << at % 8
        path.write_bytes(changed)
        journal = Journal(tmp_path / "out", OF, True)
        assert journal.kept == (3 if at >= ends[0] else 0)
        assert journal.altered is None or journal.altered.startswith(f"{path}: was altered behind its first")
        assert journal.altered is not None or at == ends[-1] - 1  # the line's end: as a kill leaves it
        rows = []
        with journal:
            for block in (FIRST, SECOND, OTHER):
                known = journal.known(block)
                made = (f"row of {sequence.id}\u2028" for sequence in block)
                rows += list(journal.add(block, made) if known is None else known)
        assert rows == whole


def test_other_settings_or_sequences_are_named_and_nothing_is_lost(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "out", [FIRST, SECOND, OTHER], die_in=2)
    before = (tmp_path / "out.partial").read_bytes()
    with pytest.raises(OutputError, match=r"another model \(m1, not m2\)"):
        run(tmp_path / "out", [FIRST], resume=True, of={**OF, "model": "m2"})
    with pytest.raises(OutputError, match="3 sequences from 'c0' on are not those"):
        run(tmp_path / "out", [FIRST, OTHER], resume=True)
    assert run(tmp_path / "out", [FIRST, SECOND, OTHER], resume=True)[1] == [f"row of c{i}\u2028" for i in range(3)]
    assert before


def test_a_journal_is_neither_overlooked_nor_shared(tmp_path: Path) -> None:
    check_no_journal(tmp_path / "out")
    journal = Journal(tmp_path / "out", OF, False)
    list(journal.add(FIRST, ["row"]))
    with pytest.raises(OutputError, match="add --resume to go on from it, or remove it"):
        check_no_journal(tmp_path / "out")
    with pytest.raises(OutputError, match="another run is at work"):
        Journal(tmp_path / "out", OF, True)
    with pytest.raises(OutputError, match="File exists"), Journal(tmp_path / "out", OF, False) as second:
        list(second.add(FIRST, ["row"]))


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "out.partial").symlink_to(tmp_path / "victim")
    with pytest.raises(OutputError):
        run(tmp_path / "out", [FIRST], resume=True)
    with pytest.raises(OutputError):
        run(tmp_path / "out", [FIRST])
    assert not (tmp_path / "victim").exists()


def test_what_is_no_journal_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out.partial").write_text("my notes\n")
    with pytest.raises(OutputError, match="is no journal"):
        run(tmp_path / "out", [FIRST], resume=True)
    assert (tmp_path / "out.partial").read_text() == "my notes\n"
