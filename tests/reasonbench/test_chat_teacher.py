"""The chat teacher against a real server on loopback: order, bounds, patience, budget, and what a broken run keeps."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from chat_server import GOOD, Act, ChatServer, answer_text, chat_server, completion, error_body, first, some_subjects
from cli_helpers import obey_interrupts

from cistrace.cards.text import parse_card, render_card
from cistrace.chat.answers import AnswerCache
from cistrace.chat.asker import Asker, Usage, UsageCount
from cistrace.chat.client import AHEAD
from cistrace.chat.endpoint import Endpoint
from cistrace.chat.limits import Pace
from cistrace.chat.question import Answer, Question
from cistrace.chat.settings import ChatSettings
from cistrace.errors import TeacherError
from cistrace.reasonbench.chat_teacher import ChatTeacher, key_of, messages_for
from cistrace.reasonbench.subjects import Subject
from cistrace.traces.templates import FEWEST_STEPS, LEVEL_LINE, MOST_STEPS, THINK_END

TESTS = Path(__file__).parent.parent


async def no_sleep(seconds: float) -> None:
    await asyncio.sleep(0)


def settings_for(server: ChatServer, **changes: Any) -> ChatSettings:
    return ChatSettings(**{"base_url": server.base_url, "model": "m1", "timeout": 5.0, **changes})


def nothing(usage: Usage) -> None:
    """No report."""


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[AnswerCache]:
    with AnswerCache(tmp_path / "answers.sqlite") as opened:
        yield opened


def run(subjects: list[Subject], settings: ChatSettings, cache: AnswerCache) -> tuple[list[Answer], Usage]:
    """All answers without back-off; their order is checked."""
    teacher = ChatTeacher(settings, cache, nothing, no_sleep)
    pairs = list(teacher.answers(subjects, "none"))
    assert [subject for subject, _ in pairs] == subjects
    return [answer for _, answer in pairs], teacher.usage


def expected(subjects: list[Subject]) -> list[str]:
    return [answer_text(messages_for(subject, "none")) for subject in subjects]


def test_the_teacher_is_told_the_protocol_the_card_and_the_level_where_asked() -> None:
    subject = some_subjects(4)[3]
    (system, blind), (told_system, told) = messages_for(subject, "none"), messages_for(subject, "level")
    for text in (system["content"], told_system["content"]):
        assert all(word in text for word in (f"{FEWEST_STEPS} to {MOST_STEPS}", THINK_END, LEVEL_LINE, "m1"))
    assert parse_card(blind["content"]) == parse_card(render_card(subject.card))
    assert told["content"] == blind["content"] + "\n\nObserved Level: 3"
    assert "Observed Level" not in blind["content"] + system["content"]


def test_what_shapes_an_answer_is_in_its_key_and_nothing_else() -> None:
    told = messages_for(some_subjects(1)[0], "none")
    base = ChatSettings("http://a/v1", "m")
    key = key_of(told, "none", base)
    changes: tuple[dict[str, Any], ...] = (
        {"model": "n"}, {"temperature": 0.5}, {"top_p": 0.5}, {"max_tokens": 9}, {"seed": 1},
    )  # fmt: skip
    for change in changes:
        assert key_of(told, "none", replace(base, **change)) != key
    changes = ({"base_url": "https://b/v1"}, {"concurrency": 2}, {"attempts": 2}, {"key_variable": "K"})
    for change in changes:
        assert key_of(told, "none", replace(base, **change)) == key
    assert key_of(told, "level", base) != key


def test_answers_come_in_order_within_the_concurrency_and_once(cache: AnswerCache) -> None:
    subjects = some_subjects(24)
    with chat_server(lambda number, plain: Act(delay=0.04 if number % 5 == 0 else 0.01)) as server:
        answers, usage = run(subjects, settings_for(server, concurrency=3, seed=5), cache)
        assert [answer.text for answer in answers] == expected(subjects)
        assert (answers[0].prompt_tokens, answers[0].completion_tokens) == (100, 50)
        assert usage == Usage(asked=24, answered=24, prompt_tokens=2400, completion_tokens=1200)
        assert server.most_at_once == 3
        again, usage = run(subjects, settings_for(server, concurrency=3, seed=5), cache)
        assert again == answers and usage == Usage(cached=24) and len(server.seen) == 24
    sent = server.seen[0].plain
    assert (sent["temperature"], sent["top_p"], sent["max_tokens"], sent["seed"]) == (0.95, 0.7, 1024, 5)
    # All is cached: there is no server any more, and none is needed.
    assert run(subjects, settings_for(server, concurrency=3, seed=5), cache)[0] == answers


def test_equal_requests_are_sent_once(cache: AnswerCache) -> None:
    subject = some_subjects(1)[0]
    with chat_server(lambda number, plain: Act(delay=0.05)) as server:
        _, usage = run([subject] * 6, settings_for(server), cache)
    assert (len(server.seen), usage.asked, usage.cached) == (1, 1, 5)


def test_no_more_subjects_are_read_ahead_than_a_few_times_the_concurrency(cache: AnswerCache) -> None:
    read = []

    def reading() -> Iterator[Subject]:
        for subject in some_subjects(100):
            read.append(subject)
            yield subject

    with chat_server(lambda number, plain: Act(delay=0.3 if number == 0 else 0.0)) as server:
        given = ChatTeacher(settings_for(server, concurrency=2), cache, nothing).answers(reading(), "none")
        next(given)
        assert len(read) <= AHEAD * 2
        given.close()


@pytest.mark.parametrize(
    "act",
    [
        Act("stall"),
        Act("half"),
        Act("drop"),
        Act(status=500),
        Act(status=502, body=b"<html>bad gateway</html>"),
        Act(status=408),
        Act(status=409),
        Act(status=425),
        Act(status=429, body=error_body("slow down", "rate_limit_exceeded")),
        Act(body=b"\x00not json"),
        Act(body=b"[" * 100_000),
        Act(body=b'{"choices": []}'),
        Act(body=b'{"choices": [{"message": {"content": ["a"]}}]}'),
    ],
    ids=lambda act: f"{act.kind}-{act.status}-{(act.body or b'')[:12]!r}",
)
def test_what_may_pass_is_tried_again(cache: AnswerCache, act: Act) -> None:
    subjects = some_subjects(3)
    with chat_server(first(act, act)) as server:
        answers, usage = run(subjects, settings_for(server, concurrency=2, timeout=0.3), cache)
    assert [answer.text for answer in answers] == expected(subjects)
    assert (usage.asked, usage.answered, usage.retried) == (3, 3, 2)
    assert usage.estimated == (act.kind != "send" or act.status == 200)  # for those the server may charge


def test_a_server_that_asks_to_wait_is_obeyed_by_all_requests(cache: AnswerCache) -> None:
    subjects = some_subjects(12)
    acts = (GOOD, GOOD, Act(status=429, headers={"Retry-After": "1"}))
    with chat_server(first(*acts)) as server:
        pairs = list(ChatTeacher(settings_for(server, concurrency=2), cache, nothing).answers(subjects, "none"))
    assert [answer.text for _, answer in pairs] == expected(subjects)
    refused = server.seen[2].at
    in_the_pause = [seen for seen in server.seen[3:] if refused + 0.1 < seen.at < refused + 0.95]
    assert not in_the_pause and server.seen[-1].at > refused + 0.95


def test_a_wait_of_hours_stops_the_run(cache: AnswerCache) -> None:
    with (
        chat_server(first(Act(status=429, headers={"x-ratelimit-reset-requests": "8h0m0s"}))) as server,
        pytest.raises(TeacherError, match=r"come back in 28800 s; .* a second run goes on from there"),
    ):
        run(some_subjects(1), settings_for(server), cache)


def test_requests_a_minute_are_obeyed(cache: AnswerCache) -> None:
    with chat_server() as server:
        began = time.monotonic()
        list(
            ChatTeacher(settings_for(server, requests_per_minute=1200), cache, nothing).answers(
                some_subjects(8), "none"
            )
        )
    # How they are spaced is `Pace`'s own test; a busy machine may let them arrive together.
    assert server.seen[-1].at - began >= 7 * 0.05


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (Act(status=401, body=error_body("bad key")), "401 (bad key); expected a key that it takes; OPENAI_API_KEY"),
        (Act(status=403), "HTTP 403"),
        (Act(status=404), "expected http://127.0.0.1"),
        (Act(status=400, body=error_body("The model `m1` does not exist")), "serves m1"),
        (Act(status=422, body=error_body("x", "unsupported_parameter")), "HTTP 422"),
        (Act(status=429, body=error_body("no credit", "insufficient_quota")), "expected an account with funds"),
        (Act(status=307, headers={"Location": "http://elsewhere.invalid/v1"}), "redirects elsewhere"),
        (Act(status=418), "HTTP 418"),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Act) else "",
)
def test_what_concerns_every_request_stops_the_run_at_once(cache: AnswerCache, act: Act, said: str) -> None:
    with chat_server(lambda number, plain: act) as server:
        with pytest.raises(TeacherError) as caught:
            run(some_subjects(30), settings_for(server, concurrency=2), cache)
        assert len(server.seen) <= 2
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_nothing_more_is_sent_to_a_lost_endpoint_before_the_answers_are_read(cache: AnswerCache) -> None:
    async def ask_all(settings: ChatSettings) -> list[Answer | BaseException]:
        async with Endpoint(settings) as endpoint:
            asker = Asker(settings, endpoint, cache, Pace(None, asyncio.sleep), UsageCount(), asyncio.sleep)
            asked = [
                asker.ask(Question(str(k), messages_for(subject, "none")))
                for k, subject in enumerate(some_subjects(30))
            ]
            return await asyncio.gather(*asked, return_exceptions=True)

    with chat_server(lambda number, plain: Act(status=401)) as server:
        ends = asyncio.run(ask_all(settings_for(server, concurrency=2)))
        assert len(server.seen) <= 2
    assert len(ends) == 30 and all(isinstance(end, TeacherError) and "401" in str(end) for end in ends)


@pytest.mark.parametrize("status", [400, 413, 422])
def test_what_concerns_one_request_is_its_fault_alone_and_asked_again_later(cache: AnswerCache, status: int) -> None:
    body = error_body("This model's maximum context length is 8 tokens", "context_length_exceeded")
    subjects = some_subjects(5)
    with chat_server(first(Act(status=status, body=body))) as server:
        answers, usage = run(subjects, settings_for(server, concurrency=1), cache)
        fault = f"refused: HTTP {status} (This model's maximum context length is 8 tokens, context_length_exceeded)"
        assert answers[0] == Answer("", fault)
        assert [answer.text for answer in answers[1:]] == expected(subjects)[1:]
        assert (usage.refused, usage.answered) == (1, 4)
        assert run(subjects, settings_for(server, concurrency=1), cache)[1].asked == 1


def test_a_response_without_end_is_refused(cache: AnswerCache) -> None:
    with chat_server(first(Act(body=completion("x" * (1 << 20))))) as server:
        answers, usage = run(some_subjects(2), settings_for(server, concurrency=1), cache)
    assert answers[0].fault == "refused: a response of more than 1048576 bytes"
    assert answers[1].text and usage.estimated


def test_an_endpoint_that_only_refuses_stops_the_run(cache: AnswerCache) -> None:
    with (
        chat_server(lambda number, plain: Act(status=422, body=error_body("no such field"))) as server,
        pytest.raises(TeacherError, match=r"refused the first 16 requests, the last with: HTTP 422"),
    ):
        run(some_subjects(60), settings_for(server), cache)


def test_attempts_end_and_a_second_run_goes_on(cache: AnswerCache) -> None:
    subjects = some_subjects(10)
    bad = messages_for(subjects[4], "none")
    broken = True

    def script(number: int, plain: dict[str, Any]) -> Act:
        return Act(status=500) if broken and plain["messages"] == bad else GOOD

    with chat_server(script) as server:
        settings = settings_for(server, concurrency=1, attempts=3)
        with pytest.raises(TeacherError) as caught:
            run(subjects, settings, cache)
        assert "HTTP 500, 3 times in a row; " in str(caught.value)
        assert f"{len(cache)} answers are kept" in str(caught.value) and "second run goes on" in str(caught.value)
        assert f"{10 - len(cache)} are left to ask" in str(caught.value)
        broken, kept = False, server.answered
        answers, usage = run(subjects, settings, cache)
        assert [answer.text for answer in answers] == expected(subjects)
        assert usage.cached == kept and server.answered == 10


def test_the_budget_holds_and_a_larger_one_goes_on(cache: AnswerCache) -> None:
    subjects = some_subjects(20)
    with chat_server(lambda number, plain: Act(body=completion("1. a\n</think>Level: 1", 500, 100))) as server:
        with pytest.raises(TeacherError) as caught:
            run(subjects, settings_for(server, max_tokens=100, token_budget=7000), cache)
        paid = server.answered
        assert 8 <= paid <= 11  # 600 tokens each; less is held for prompts before the first has been counted
        assert str(caught.value).startswith(
            f"token budget: {600 * paid} of 7000 are spent; {paid} answers are kept in "
        )
        assert f"{20 - paid} are left to ask; a larger budget goes on from there" in str(caught.value)
        _, usage = run(subjects, settings_for(server, max_tokens=100, token_budget=30_000), cache)
        assert server.answered == 20 and usage.cached == paid


def test_the_budget_is_one_for_all_calls_of_a_run(cache: AnswerCache) -> None:
    subjects = some_subjects(10)
    with chat_server() as server:
        teacher = ChatTeacher(settings_for(server, max_tokens=50, token_budget=1400), cache, nothing, no_sleep)
        list(teacher.answers(subjects[:5], "none"))
        with pytest.raises(TeacherError, match="token budget"):
            list(teacher.answers(subjects[5:], "none"))


def test_tokens_that_the_server_does_not_count_are_estimated(cache: AnswerCache) -> None:
    text = "1. a\n</think>Level: 1"
    body = json.dumps({"choices": [{"message": {"content": text}}]}).encode()
    reports: list[Usage] = []
    with chat_server(first(Act(body=body))) as server:
        ((subject, answer),) = ChatTeacher(settings_for(server), cache, reports.append).answers(
            some_subjects(1), "none"
        )
    told = sum(len(message["content"]) for message in messages_for(subject, "none"))
    assert (answer.prompt_tokens, answer.completion_tokens) == (-(-told // 3), 7)
    assert reports[-1] == Usage(1, 1, 0, 0, 0, -(-told // 3), 7, estimated=True)


def test_an_empty_answer_is_a_fault_that_was_paid_for(cache: AnswerCache) -> None:
    with chat_server(lambda number, plain: Act(body=completion(None))) as server:
        answers, _ = run(some_subjects(1), settings_for(server), cache)
        assert answers == [Answer("", "refused: an empty answer (finish reason stop)", 100, 50)]
        assert run(some_subjects(1), settings_for(server), cache)[0] == answers and len(server.seen) == 1


@pytest.mark.parametrize("way", ["close", "error in subjects", "interrupt in subjects"])
def test_a_run_that_is_left_leaves_nothing_behind(
    cache: AnswerCache, way: str, caplog: pytest.LogCaptureFixture
) -> None:
    fault: dict[str, type[BaseException]] = {"error in subjects": OSError, "interrupt in subjects": KeyboardInterrupt}

    subjects = some_subjects(6)

    def reading() -> Iterator[Subject]:
        yield from subjects[:5]
        time.sleep(0.3)  # the first is answered, the others are under way
        yield subjects[5]
        raise fault.get(way, AssertionError)

    def script(number: int, plain: dict[str, Any]) -> Act:
        return GOOD if plain["messages"] == messages_for(subjects[0], "none") else Act("stall")

    before = set(threading.enumerate())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with chat_server(script) as server:
            given = ChatTeacher(settings_for(server), cache, nothing).answers(reading(), "none")
            next(given)
            began = time.monotonic()
            if way == "close":
                given.close()
            else:
                with pytest.raises(fault[way]):
                    next(given)
            assert time.monotonic() - began < 2
        left = {thread for thread in threading.enumerate() if "process_request" not in thread.name}  # the server's
        assert left <= before
    assert not [record for record in caplog.records if record.name == "asyncio"]


RUN = """
import sys
from pathlib import Path
from chat_server import some_subjects
from cistrace.chat.answers import AnswerCache
from cistrace.reasonbench.chat_teacher import ChatTeacher
from cistrace.chat.settings import ChatSettings
url, path, count = sys.argv[1:]
with AnswerCache(Path(path)) as cache:
    settings = ChatSettings(url, "m1", concurrency=4, timeout=5)
    teacher = ChatTeacher(settings, cache, lambda usage: None)
    for subject, answer in teacher.answers(some_subjects(int(count)), "none"):
        print(subject.row, answer.text.replace("\\n", " "), flush=True)
"""


def start_run(url: str, path: Path, count: int) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": f"{TESTS}:{TESTS.parent / 'src'}"}
    command = [sys.executable, "-X", "dev", "-c", RUN, url, str(path), str(count)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True, preexec_fn=obey_interrupts)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_run_loses_at_most_what_was_under_way(tmp_path: Path, number: signal.Signals) -> None:
    count = 28
    with chat_server(lambda number, plain: Act(delay=0.03)) as server:
        broken = start_run(server.base_url, tmp_path / "a.sqlite", count)
        assert broken.stdout is not None
        for _ in range(8):
            broken.stdout.readline()
        broken.send_signal(number)
        _, errors = broken.communicate(timeout=60)
        assert broken.returncode == -number
        assert number == signal.SIGKILL or errors.rstrip().endswith("KeyboardInterrupt")
        assert "destroyed" not in errors and "never" not in errors
        with AnswerCache(tmp_path / "a.sqlite") as cache:
            answers, usage = run(some_subjects(count), settings_for(server, concurrency=4), cache)
        assert 8 <= usage.cached < count
        assert server.answered <= count + 4
    assert [answer.text for answer in answers] == expected(some_subjects(count))


def test_a_server_that_dies_midway_is_waited_for_and_nothing_is_paid_for_twice(
    tmp_path: Path, cache: AnswerCache
) -> None:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log, count = tmp_path / "log", 20
    command = [sys.executable, str(TESTS / "chat_server.py"), str(port), str(log), "0.02"]
    settings = ChatSettings(f"http://127.0.0.1:{port}/v1", "m1", concurrency=3, attempts=100, timeout=5)

    async def short(seconds: float) -> None:
        await asyncio.sleep(0.1)

    subjects, answers = some_subjects(count), []
    server = subprocess.Popen(command)
    try:
        for _, answer in ChatTeacher(settings, cache, nothing, short).answers(subjects, "none"):
            answers.append(answer.text)
            if len(answers) == 7:
                server.kill()
                server.wait()
                server = subprocess.Popen(command)
    finally:
        server.kill()
        server.wait()
    assert answers == expected(subjects)
    assert count <= len(log.read_text().splitlines()) <= count + 3
