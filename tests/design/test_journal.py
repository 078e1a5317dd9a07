"""The journal of a search: rounds come back as they were, a torn one is left out, another search is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from cistrace.design.archive import Found, Round
from cistrace.design.journal import SearchJournal
from cistrace.errors import OutputError

OF = {"seed": 1, "model": "abc"}
ROUNDS = [
    Round(0, (Found("ACGT", 0.1 + 0.2, "random", -1, -1, 0),), ()),
    Round(1, (), (0,)),
    Round(2, (Found("AAGT", -1.0, "climb", 0, -1, 2),), (1, 2)),
]


class Killed(BaseException):
    """What stands for a sudden end."""


def interrupted(output: Path, rounds: list[Round]) -> Path:
    with pytest.raises(Killed), SearchJournal(output, OF, False) as journal:
        for one in rounds:
            journal.add(one)
        raise Killed
    return output.with_name(f"{output.name}.partial")


def test_rounds_come_back_as_they_were(tmp_path: Path) -> None:
    path = interrupted(tmp_path / "out", ROUNDS)
    with SearchJournal(tmp_path / "out", OF, True) as journal:
        assert journal.kept == ROUNDS
    assert not path.exists()  # it goes when the output is whole


def test_a_torn_round_is_made_again(tmp_path: Path) -> None:
    path = interrupted(tmp_path / "out", ROUNDS)
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(Killed), SearchJournal(tmp_path / "out", OF, True) as journal:
        assert journal.kept == ROUNDS[:2]
        journal.add(ROUNDS[2])
        raise Killed
    with SearchJournal(tmp_path / "out", OF, True) as journal:
        assert journal.kept == ROUNDS


@pytest.mark.parametrize(
    "line", ['{"round": 1}', '{"round": 2, "gradients": [], "found": []}', '{"round": 1, "gradients": 1, "found": []}']
)
def test_an_altered_round_is_made_again(tmp_path: Path, line: str) -> None:
    path = interrupted(tmp_path / "out", ROUNDS[:1])
    path.write_bytes(path.read_bytes() + f"{line}\n".encode())
    with SearchJournal(tmp_path / "out", OF, True) as journal:
        assert journal.kept == ROUNDS[:1]
        assert journal.altered is not None and "round 1 was altered" in journal.altered


def test_every_altered_bit_is_found(tmp_path: Path) -> None:
    path = interrupted(tmp_path / "out", ROUNDS)
    written = path.read_bytes()
    first = written.index(b"\n") + 1
    second = written.index(b"\n", first) + 1
    for at in range(first, second):
        changed = bytearray(written)
        changed[at] ^= 1 << at % 8
        path.write_bytes(changed)
        with pytest.raises(Killed), SearchJournal(tmp_path / "out", OF, True) as journal:
            assert journal.kept == []
            assert journal.altered is not None and "round 0 was altered" in journal.altered
            raise Killed


def test_a_torn_head_begins_anew(tmp_path: Path) -> None:
    (tmp_path / "out.partial").write_bytes(b'{"of": {"se')
    with SearchJournal(tmp_path / "out", OF, True) as journal:
        assert journal.kept == []


def test_without_resume_a_journal_is_refused(tmp_path: Path) -> None:
    path = interrupted(tmp_path / "out", ROUNDS[:1])
    with pytest.raises(OutputError, match="add --resume"):
        SearchJournal(tmp_path / "out", OF, False)
    assert path.exists()


def test_another_search_is_refused(tmp_path: Path) -> None:
    interrupted(tmp_path / "out", ROUNDS[:1])
    with pytest.raises(OutputError, match=r"another seed \(1, not 2\)"):
        SearchJournal(tmp_path / "out", {**OF, "seed": 2}, True)


def test_what_is_no_journal_is_refused_and_stays(tmp_path: Path) -> None:
    (tmp_path / "out.partial").write_text('{"mine": 1}\n')
    with pytest.raises(OutputError, match="no journal of a search"):
        SearchJournal(tmp_path / "out", OF, True)
    assert (tmp_path / "out.partial").read_text() == '{"mine": 1}\n'


def test_one_search_at_a_time(tmp_path: Path) -> None:
    with SearchJournal(tmp_path / "out", OF, False), pytest.raises(OutputError, match="another search is at work"):
        SearchJournal(tmp_path / "out", OF, True)


def test_nothing_is_left_of_a_search_without_rounds(tmp_path: Path) -> None:
    assert not interrupted(tmp_path / "out", []).exists()
