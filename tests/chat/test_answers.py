"""The cache of answers: what goes in comes out, what was altered does not, and no file breaks it."""

from __future__ import annotations

import logging
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cistrace.chat.answers import AnswerCache, KeptAnswer, request_key
from cistrace.errors import OutputError, TeacherError

counts = st.integers(0, 2**53)
stored = st.builds(KeptAnswer, st.text(), st.text(), counts, counts, st.text())
ANSWER = KeptAnswer("1. a\n</think>Level: 2", "stop", 100, 50, "served")


@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entries=st.dictionaries(st.text(min_size=1), stored, max_size=3))
def test_what_is_stored_is_found_also_in_a_file_opened_again(tmp_path: Path, entries: dict[str, KeptAnswer]) -> None:
    path = tmp_path / "round.sqlite"
    path.unlink(missing_ok=True)
    with AnswerCache(path) as cache:
        for key, answer in entries.items():
            assert cache.get(key) is None
            assert cache.put(key, answer) == answer
    with AnswerCache(path) as cache:
        assert {key: cache.get(key) for key in entries} == entries
        assert len(cache) == len(entries)


def test_the_first_answer_stays(tmp_path: Path) -> None:
    with AnswerCache(tmp_path / "a") as one, AnswerCache(tmp_path / "a") as other:
        assert one.put("k", ANSWER) == ANSWER
        assert other.put("k", KeptAnswer("another", "stop", 1, 1, "m")) == ANSWER


@pytest.mark.parametrize(
    "change",
    ["text = text || ' '", "text = x'ff00'", "prompt_tokens = 'many'", "key = 'other'", "hash = ''", "text = 7"],
)
def test_an_altered_entry_is_named_removed_and_not_believed(
    tmp_path: Path, change: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.sqlite"
    with AnswerCache(path) as cache:
        cache.put("k", ANSWER)
        cache.put("untouched", ANSWER)
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"UPDATE answers SET {change} WHERE key = 'k'")
        database.commit()
    key = "other" if change.startswith("key") else "k"
    with AnswerCache(path) as cache, caplog.at_level(logging.WARNING):
        assert cache.get(key) is None
        assert f"answer {key} was altered" in caplog.text
        assert len(cache) == 1 and cache.get("untouched") == ANSWER
        assert cache.put(key, ANSWER) == ANSWER == cache.get(key)


def test_an_altered_entry_gives_way_to_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    with AnswerCache(path) as cache, closing(sqlite3.connect(path)) as database:
        cache.put("k", ANSWER)
        database.execute("UPDATE answers SET finish = 'length'")
        database.commit()
        assert cache.put("k", ANSWER) == ANSWER
        assert cache.get("k") == ANSWER


def damaged(path: Path) -> bytes:
    """A cache of some pages with its middle missing."""
    with AnswerCache(path) as cache:
        for number in range(30):
            cache.put(str(number), KeptAnswer("x" * 3000, "stop", 1, 1, "m"))
    whole = path.read_bytes()
    path.unlink()
    return whole[: len(whole) // 2]


@pytest.mark.parametrize("kind", ["text", "torn", "other database", "later format", "zeros"])
def test_a_file_that_is_no_cache_is_one_clear_line_and_stays_as_it_was(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a.sqlite"
    if kind in ("other database", "later format"):
        with closing(sqlite3.connect(path)) as database:
            database.execute("CREATE TABLE mine (a)" if kind == "other database" else "PRAGMA user_version = 9")
            database.commit()
    else:
        content = {"text": b"id,sequence\n" * 400, "zeros": bytes(10_000), "torn": b""}[kind]
        path.write_bytes(content or damaged(path))
    before = path.read_bytes()
    with pytest.raises(TeacherError) as caught:
        AnswerCache(path)
    assert str(caught.value).startswith(f"{path}: ") and "\n" not in str(caught.value)
    assert path.read_bytes() == before


def test_a_path_that_cannot_be_written_is_said_before(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "no" / "folder"):
        with pytest.raises(OutputError):
            AnswerCache(path)


def test_an_empty_file_becomes_a_cache(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    with AnswerCache(tmp_path / "a") as cache:
        assert len(cache) == 0


WRITER = """
import sys
from pathlib import Path
from cistrace.chat.answers import AnswerCache, KeptAnswer
with AnswerCache(Path(sys.argv[1])) as cache:
    for number in range(25):
        cache.put(str(number), KeptAnswer(sys.argv[2], "stop", 1, 1, "m"))
        assert cache.get(str(number)) is not None
"""


def test_two_processes_share_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, path, name], env=environment) for name in ("a", "b")]
    assert [writer.wait(30) for writer in writers] == [0, 0]
    with AnswerCache(path) as cache:
        assert len(cache) == 25
        assert all(cache.get(str(number)) is not None for number in range(25))


def test_keys_do_not_depend_on_the_order_of_names() -> None:
    assert request_key({"a": 1, "b": [2.0, "é"]}) == request_key({"b": [2.0, "é"], "a": 1})
    assert request_key({"a": 1}) != request_key({"a": 2})
