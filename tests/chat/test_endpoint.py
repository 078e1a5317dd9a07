"""One request: the key stays secret, settings are checked, replies and waits are read."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from chat_server import GOOD, Act, Script, chat_server, completion, error_body, some_subjects
from hypothesis import given
from hypothesis import strategies as st

from cistrace.chat.answers import AnswerCache
from cistrace.chat.endpoint import Endpoint, Refused, Reply, Unusable
from cistrace.chat.limits import LONGEST_PAUSE, Budget, OutOfBudget, Pace, backoff, stated_wait
from cistrace.chat.question import Answer
from cistrace.chat.settings import ChatSettings
from cistrace.errors import TeacherError
from cistrace.reasonbench.chat_teacher import ChatTeacher

KEY = "sk-test/0123456789abcdef"


def ask(script: Script, **changes: Any) -> Reply:
    """One request to a server that follows a script."""

    async def once(settings: ChatSettings) -> Reply:
        async with Endpoint(settings) as endpoint:
            return await endpoint.send([{"role": "user", "content": "x"}])

    with chat_server(script) as server:
        return asyncio.run(once(ChatSettings(**{"base_url": server.base_url, "model": "m", "timeout": 5.0, **changes})))


def test_a_reply_is_read_as_it_came() -> None:
    found = ask(lambda number, plain: Act(body=completion("1. a\n</think>\nLevel: 2", 7, 5)))
    assert found == Reply("1. a\n</think>\nLevel: 2", "stop", 7, 5, "served-model")


@pytest.mark.parametrize(
    ("content", "more", "text"),
    [
        ("\n\nLevel: 1", {"reasoning_content": "1. a\n"}, "1. a\n</think>\n\nLevel: 1"),
        ("Level: 1", {"reasoning": "1. a\n"}, "1. a\n</think>Level: 1"),
        (None, {"reasoning_content": "1. a"}, "1. a</think>"),
        ("1. a</think>Level: 1", {"reasoning_content": "hm"}, "1. a</think>Level: 1"),
        ("<think>\n1. a</think>Level: 1", {}, "1. a</think>Level: 1"),
        (" 1. a <think> b", {"reasoning_content": None}, " 1. a <think> b"),
        (None, {}, ""),
        ("half a letter \ud800", {}, "half a letter ?"),
    ],
)
def test_thinking_apart_from_the_content_is_put_before_it(content: str | None, more: dict[str, Any], text: str) -> None:
    assert ask(lambda number, plain: Act(body=completion(content, **more))).text == text


@pytest.mark.parametrize(
    "usage", [None, [], {}, {"prompt_tokens": -1, "completion_tokens": "5"}, {"prompt_tokens": True}]
)
def test_counts_that_are_none_are_not_believed(usage: Any) -> None:
    body = json.dumps({"choices": [{"message": {"content": "a"}}], "usage": usage}).encode()
    found = ask(lambda number, plain: Act(body=body))
    assert (found.prompt_tokens, found.completion_tokens) == (None, None)


@pytest.mark.parametrize(
    "url", ["http://user:pass@host/v1", "https://token@host/v1", "https://host/v1?key=s3cret", "https://host/v1#s3cret"]
)
def test_credentials_in_the_url_are_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(TeacherError, match="put the key into the environment variable OPENAI_API_KEY") as caught:
        ChatSettings(url, "m")
    assert not any(word in str(caught.value) for word in ("pass@", "token@", "s3cret"))


@pytest.mark.parametrize(
    "url", ["", "host/v1", "ftp://host/v1", "http://", "http://host:99999/v1", "http://[::1/v1", "http://a b/"]
)
def test_a_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(TeacherError, match="expected http"):
        ChatSettings(url, "m")


@pytest.mark.parametrize(
    "change",
    [
        {"model": " "}, {"temperature": -1.0}, {"temperature": float("nan")}, {"top_p": 0.0}, {"max_tokens": 0},
        {"concurrency": 0}, {"timeout": 0.0}, {"requests_per_minute": 0.0}, {"token_budget": 0}, {"attempts": 0},
        {"key_variable": KEY},
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_used_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(TeacherError, match=f"{next(iter(change))} is") as caught:
        ChatSettings(**{"base_url": "http://host/v1", "model": "m", **change})
    assert KEY not in str(caught.value)


def test_the_key_is_sent_where_it_is_set_and_nothing_where_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str | None] = []

    def asked(variable: str) -> str | None:
        with chat_server() as server:
            ask_settings = ChatSettings(server.base_url, "m", key_variable=variable)

            async def once() -> None:
                async with Endpoint(ask_settings) as endpoint:
                    await endpoint.send([{"role": "user", "content": "x"}])

            asyncio.run(once())
            return server.seen[0].headers.get("authorization")

    monkeypatch.setenv("MY_KEY", f"{KEY}\n")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    seen += [asked("MY_KEY"), asked("OPENAI_API_KEY")]
    assert seen == [f"Bearer {KEY}", None]


def telling(number: int, plain: dict[str, Any]) -> Act:
    """A server that says the key wherever it can."""
    acts = {
        0: Act(status=500, body=error_body(f"failed with {KEY}")),
        1: Act(status=400, body=error_body(f"context too long, {KEY}")),
        2: Act(body=completion(f"1. {KEY}\n</think>Level: 1", model=KEY)),
        3: Act(
            body=json.dumps({"model": KEY, "choices": [{"message": {"content": KEY}, "finish_reason": KEY}]}).encode()
        ),
        4: Act("half"),
        5: Act(status=429, headers={"Retry-After": "0"}),
        9: Act(status=401, body=json.dumps({"error": KEY.replace("/", "\\/")}).encode()),
    }  # fmt: skip
    return acts.get(number, GOOD)


def test_the_key_is_nowhere_but_in_the_header(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    caplog.set_level(logging.DEBUG)
    for name in ("httpx2", "httpcore2"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    said: list[str] = []
    answers: list[Answer] = []

    async def no_sleep(seconds: float) -> None:
        await asyncio.sleep(0)

    with chat_server(telling) as server, AnswerCache(tmp_path / "answers.sqlite") as cache:
        settings = ChatSettings(server.base_url, "m", concurrency=1)
        teacher = ChatTeacher(settings, cache, lambda usage: said.append(repr(usage)), no_sleep)
        with pytest.raises(TeacherError) as caught:
            for _, answer in teacher.answers(some_subjects(20), "none"):
                answers.append(answer)
        said += [repr(settings), "".join(traceback.format_exception(caught.value))]
        assert all(seen.headers["authorization"] == f"Bearer {KEY}" for seen in server.seen)
    monkeypatch.setenv("OPENAI_API_KEY", f"{KEY}\u00e9")
    with pytest.raises(TeacherError, match="holds characters") as caught:
        ask(telling)
    said += ["".join(traceback.format_exception(caught.value)), caplog.text, repr(answers)]
    said += [str(vars(record)) for record in caplog.records]
    assert repr(answers).count("[key]") == 3 and "(failed with [key])" in caplog.text
    assert not [text for text in said if KEY in text]
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]


def test_the_library_does_not_log_every_request(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    for name in ("httpx2", "httpcore2"):
        logging.getLogger(name).setLevel(logging.NOTSET)
    ask(lambda number, plain: GOOD)
    assert not caplog.records


def test_a_server_that_drips_is_given_up_in_time() -> None:
    with pytest.raises(Unusable, match=r"no answer within 0\.3 s") as caught:
        ask(lambda number, plain: Act("stall"), timeout=0.3)
    assert caught.value.billed and caught.value.wait is None


def test_no_connection_costs_nothing() -> None:
    with chat_server() as server:
        url = server.base_url

    async def once() -> None:
        async with Endpoint(ChatSettings(url, "m")) as endpoint:
            await endpoint.send([])

    with pytest.raises(Unusable, match="no connection") as caught:
        asyncio.run(once())
    assert not caught.value.billed


def test_a_refusal_names_the_reason_in_one_short_line() -> None:
    with pytest.raises(Refused) as caught:
        ask(lambda number, plain: Act(status=400, body=error_body("too long:\n" + "x\x1b" * 500)))
    assert len(str(caught.value)) < 230 and str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "2", "x-ratelimit-reset-requests": "9s"}, 2),
        ({"x-ratelimit-reset-requests": "6m0s"}, 360),
        ({"x-ratelimit-reset-tokens": "120ms"}, 0.12),
        ({"x-ratelimit-reset-tokens": "1h2m3.5s"}, 3723.5),
        ({"x-ratelimit-reset-tokens": "1 hour"}, None),
        ({"x-ratelimit-reset-requests": "6m0s", "x-ratelimit-reset-tokens": "2s"}, 360),
        (
            {"x-ratelimit-reset-requests": "6m", "x-ratelimit-reset-tokens": "2s", "x-ratelimit-remaining-tokens": "0"},
            2,
        ),
    ],
)
def test_waits_are_read(headers: dict[str, str], seconds: float | None) -> None:
    found = stated_wait(httpx2.Headers(headers))
    assert found == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize("offset", [30, -30])
def test_a_date_to_wait_for_is_read(offset: int) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=offset), usegmt=True)
    found = stated_wait({"retry-after": date})
    assert found == pytest.approx(max(0, offset), abs=2)


@given(st.text(), st.integers(0, 1000))
def test_pauses_grow_within_bounds_and_repeat(key: str, attempt: int) -> None:
    pause = backoff(key, attempt)
    whole = min(LONGEST_PAUSE, 2.0 ** min(attempt, 9))
    assert whole / 2 <= pause <= whole and pause == backoff(key, attempt)


def test_turns_are_evenly_spaced() -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async def turns() -> None:
        for _ in range(5):
            await pace.turn()

    pace = Pace(6, sleep)
    asyncio.run(turns())
    assert slept == [pytest.approx(10 * place, abs=1) for place in (1, 2, 3, 4)]


def test_a_hold_moves_turns_already_waited_for() -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 1:
            pace.hold(20)

    async def turns() -> None:
        await pace.turn()
        await pace.turn()

    pace = Pace(60, sleep)
    asyncio.run(turns())
    assert slept == [pytest.approx(1, abs=0.1), pytest.approx(20, abs=0.1)]


def test_a_budget_waits_for_what_others_may_give_back() -> None:
    async def course() -> list[str]:
        budget, events = Budget(100, most=40), []

        async def take(name: str, spent: int) -> None:
            try:
                held = await budget.take(30)
            except OutOfBudget:
                events.append(f"{name} out")
                return
            events.append(f"{name} holds {held}")
            await asyncio.sleep(0.01)
            budget.settle(held, spent)

        await asyncio.gather(take("a", 10), take("b", 40), take("c", 30), take("d", 1))
        assert budget.spent <= 100
        return [*events, str(budget.spent)]

    assert asyncio.run(course()) == ["a holds 50", "b holds 50", "c holds 50", "d out", "80"]
