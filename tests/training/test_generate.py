"""Offline generation: resumed at any byte, through a process of its own or an endpoint."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import pytest
from chat_server import Act, answer_text, chat_server, first
from hypothesis import given
from hypothesis import strategies as st
from training_helpers import examples, tiny_recipe

from cistrace.errors import DataError, RecipeError, TeacherError
from cistrace.traces.templates import THINK_END
from cistrace.training.examples import Example
from cistrace.training.generate import Batch, Writing, generate, part_of
from cistrace.training.recipe_file import load_recipe
from cistrace.training.served import SEEDS, by_endpoint, chat_settings
from cistrace.training.trace_file import TraceSource, read_traces, trace_line
from cistrace.writers.layout import CHAT

MANY = examples(CHAT, 9)
_Item = TypeVar("_Item")


class Killed(Exception):
    """In the place of a kill."""


class Pen:
    """Writes a text of each record's own, in batches of two, and counts."""

    def __init__(self, stop_after: int | None = None, model: str = "m1", sampling: str = "greedy") -> None:
        self.asked: list[int] = []
        self._stop_after = stop_after
        self.writing = Writing(TraceSource(model, sampling), self._write)
        self._told = "" if sampling == "greedy" else f" {sampling}"

    def _write(self, many: Sequence[Example], wanted: Sequence[int]) -> Iterator[Batch]:
        for begin in range(0, len(wanted), 2):
            if self._stop_after is not None and len(self.asked) >= self._stop_after:
                raise Killed
            places = list(reversed(wanted[begin : begin + 2]))
            self.asked += places
            yield [(at, text_of(many[at], self._told)) for at in places]


def text_of(example: Example, told: str = "") -> str:
    return f"1. {example.id} in {example.cell_type}{told}\n{THINK_END}Level: 2"


def whole_file(folder: Path) -> bytes:
    generate(MANY, Pen().writing, folder / "whole.jsonl")
    return (folder / "whole.jsonl").read_bytes()


def test_all_are_written_in_order(tmp_path: Path) -> None:
    counts = generate(MANY, Pen().writing, tmp_path / "traces.jsonl")
    assert (counts.examples, counts.written, counts.ended) == (17, 17, 17)
    assert read_traces(tmp_path / "traces.jsonl", MANY, Pen().writing.source) == [text_of(record) for record in MANY]
    assert [path.name for path in tmp_path.iterdir()] == ["traces.jsonl"]


def test_all_traces_that_are_missing_are_tracked(tmp_path: Path) -> None:
    seen: list[tuple[str, int | None]] = []

    def track(items: Iterable[_Item], what: str, total: int | None = None) -> Iterator[_Item]:
        for item in items:
            seen.append((what, total))
            yield item

    generate(MANY[:5], Pen().writing, tmp_path / "traces.jsonl", track)
    generate(MANY, Pen().writing, tmp_path / "traces.jsonl", track)
    generate(MANY, Pen().writing, tmp_path / "traces.jsonl", track)
    assert seen == [("traces", 5)] * 5 + [("traces", 12)] * 12


@given(done=st.integers(0, 17), torn=st.integers(0, 400))
def test_a_killed_generation_goes_on_from_what_is_there(
    tmp_path_factory: pytest.TempPathFactory, done: int, torn: int
) -> None:
    """Killed after some batches, the last bytes of the part torn off at any place."""
    folder = tmp_path_factory.mktemp("generate")
    path = folder / "traces.jsonl"
    try:
        generate(MANY, Pen(stop_after=done).writing, path)
    except Killed:
        part = part_of(path, 0)
        content = part.read_bytes()
        part.write_bytes(content[: max(0, len(content) - torn)])
        left = content[: max(0, len(content) - torn)].count(b"\n")
        again = Pen()
        generate(MANY, again.writing, path)
        assert len(again.asked) == len(set(again.asked)) == len(MANY) - left
    assert path.read_bytes() == whole_file(folder)


def test_parts_of_processes_that_are_no_more_are_used(tmp_path: Path) -> None:
    path, pen = tmp_path / "traces.jsonl", Pen()
    lines = [trace_line(example, pen.writing.source, text_of(example)) for example in MANY]
    part_of(path, 3).write_text("".join(lines[5:9]))
    generate(MANY, pen.writing, path)
    assert len(pen.asked) == len(MANY) - 4
    assert path.read_bytes() == whole_file(tmp_path)
    assert not list(tmp_path.glob(".*part"))


def test_another_models_texts_are_not_taken_for_its_own(tmp_path: Path) -> None:
    path = tmp_path / "traces.jsonl"
    generate(MANY, Pen().writing, path)
    same, other = Pen(), Pen(model="m2")
    assert generate(MANY, same.writing, path).written == 0 and not same.asked
    assert generate(MANY, other.writing, path).written == len(MANY)


def test_nothing_that_was_written_is_lost(tmp_path: Path) -> None:
    """A few examples, or another sampling, after all of them: what was there stays, byte for byte, and is found."""
    path = tmp_path / "traces.jsonl"
    generate(MANY, Pen().writing, path)
    first = path.read_bytes()
    assert generate(MANY[:2], Pen().writing, path).written == 0
    assert path.read_bytes() == first
    warm = Pen(sampling="warm")
    assert generate(MANY[:3], warm.writing, path).written == 3
    assert path.read_bytes().startswith(first) and path.read_bytes().count(b"\n") == len(MANY) + 3
    assert read_traces(path, MANY, Pen().writing.source) == [text_of(example) for example in MANY]
    assert read_traces(path, MANY[:3], warm.writing.source) == [text_of(example, " warm") for example in MANY[:3]]
    with pytest.raises(DataError, match="lacks 14 of 17 traces"):
        read_traces(path, MANY, warm.writing.source)


def test_a_file_that_lacks_some_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "traces.jsonl"
    generate(MANY[:4], Pen().writing, path)
    with pytest.raises(DataError, match="expected one an example"):
        read_traces(path, MANY, Pen().writing.source)


def served(url: str, folder: Path, **generation: object) -> Writing:
    recipe = tiny_recipe(Path("base"), generation=generation)
    settings = chat_settings(url, "stage-one", recipe, 4)
    return by_endpoint(settings, recipe, "weights", folder / "answers.sqlite")


def test_an_endpoint_writes_for_every_record_with_its_own_seed(tmp_path: Path) -> None:
    path = tmp_path / "traces.jsonl"
    with chat_server() as server:
        sampling = {"sampling": "sample", "most_tokens": 1024}
        counts = generate(MANY, served(server.base_url, tmp_path, **sampling), path)
        sent = [seen.plain for seen in server.seen]
        writing = served(server.base_url, tmp_path, **sampling)
        assert generate(MANY, writing, path).written == 0
        path.unlink()
        generate(MANY, writing, path)  # from the answers on disk
        assert len(server.seen) == len(sent)
    assert (counts.examples, counts.ended) == (17, 17)
    messages = [
        [{"role": "system", "content": record.shared}, {"role": "user", "content": record.own}] for record in MANY
    ]
    assert read_traces(path, MANY, writing.source) == [answer_text(told) for told in messages]
    assert len({plain["seed"] for plain in sent}) == len({record.prompt.text for record in MANY})
    assert all(0 <= plain["seed"] <= SEEDS for plain in sent)
    assert {
        (plain["temperature"], plain["top_p"], plain["top_k"], plain["max_tokens"], plain["model"]) for plain in sent
    } == {(0.95, 0.7, 50, 1024, "stage-one")}


def test_greedy_is_asked_for_as_such(tmp_path: Path) -> None:
    with chat_server() as server:
        generate(MANY[:1], served(server.base_url, tmp_path, sampling="greedy"), tmp_path / "traces.jsonl")
        (seen,) = server.seen
    assert seen.plain["temperature"] == 0 and "top_k" not in seen.plain


def test_a_record_that_the_endpoint_refuses_is_named_and_the_others_kept(tmp_path: Path) -> None:
    body = json.dumps({"error": {"message": "maximum context length is 8 tokens"}}).encode()
    with chat_server(first(Act(status=400, body=body))) as server:
        with pytest.raises(TeacherError, match="1 of 17 examples have no answer, the first e"):
            generate(MANY, served(server.base_url, tmp_path), tmp_path / "traces.jsonl")
        asked = len(server.seen)
        generate(MANY, served(server.base_url, tmp_path), tmp_path / "traces.jsonl")
        assert len(server.seen) == asked + 1


def test_the_compact_model_has_no_endpoint(tmp_path: Path) -> None:
    recipe = load_recipe("compact")
    settings = chat_settings("http://127.0.0.1:1/v1", "m", recipe, 1)
    with pytest.raises(RecipeError, match=r"model\.layout is domain"):
        by_endpoint(settings, recipe, "weights", tmp_path / "answers.sqlite")
