"""Tools for assistants, asked by the protocol's own client: in this process, and as a host starts them."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest
from cli_helpers import subprocess_run
from mcp import Client, MCPError, StdioServerParameters
from motif_helpers import random_sequences
from serve_helpers import StandInService

from cistrace.serve import tools
from cistrace.serve.answers import Explanations, Hits, Predictions

DNA = "ACGTTGCAAGTCCGATAGCTTGCACCGTATTAGC"
AP1 = "".join(("ACGTTGCAAG" * 4, "ATGACTCATC", "ACGTTGCAAG" * 4))
_Result = TypeVar("_Result")


@pytest.fixture(autouse=True)
def stand_in(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "integration" not in request.keywords:
        monkeypatch.setattr(tools, "Service", lambda *arguments: StandInService())


def ask(work: Callable[[Client], Awaitable[_Result]]) -> _Result:
    async def asked() -> _Result:
        async with Client(tools.build_tools()) as client:
            return await work(client)

    return asyncio.run(asked())


async def _call(client: Client, name: str, **arguments: Any) -> tuple[bool, Any]:
    """Whether it failed, and what a tool says: as data, or, where it failed, as text."""
    found = await client.call_tool(name, arguments)
    return bool(found.is_error), found.content[0].text if found.is_error else found.structured_content  # type: ignore[union-attr]


def call(name: str, **arguments: Any) -> tuple[bool, Any]:
    return ask(lambda client: _call(client, name, **arguments))


def test_every_tool_says_what_it_does_and_changes_nothing() -> None:
    found = {tool.name: tool for tool in ask(lambda client: client.list_tools()).tools}
    assert set(found) == {"predict", "explain", "variants", "scan"}
    for tool in found.values():
        assert tool.description and tool.annotations is not None and tool.annotations.read_only_hint
        assert tool.input_schema["required"] == ["variants" if tool.name == "variants" else "sequences"]
    assert set(found["predict"].input_schema["properties"]) == {"sequences", "cell_types", "trace"}


def test_answers_are_those_of_the_api() -> None:
    failed, found = call("predict", sequences={"<b>": DNA, "two": DNA}, cell_types=["k562"])
    rows = Predictions.model_validate(found, strict=True).predictions
    assert not failed and [(row.id, row.cell_type) for row in rows] == [("<b>", "K562"), ("two", "K562")]
    assert rows[0].trace is not None
    failed, found = call("predict", sequences={"a": DNA}, trace=False)
    assert [row["trace"] for row in found["predictions"]] == [None] * 3
    failed, found = call("explain", sequences={"a": AP1}, cell_types=["K562"])
    (row,) = Explanations.model_validate(found, strict=True).explanations
    assert not failed and row.ledgers[0].sites[0].archetype == "AP-1"
    failed, found = call("scan", sequences={"a": AP1})
    assert not failed and Hits.model_validate(found, strict=True).hits


def test_progress_is_told() -> None:
    told: list[tuple[float, float | None]] = []

    async def heard(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total))

    async def asked(client: Client) -> None:
        sequences = {str(number): DNA for number in range(20)}
        await client.call_tool("predict", {"sequences": sequences, "cell_types": ["K562"]}, progress_callback=heard)

    ask(asked)
    assert told[-1] == (20, 20) and told == sorted(told)


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("predict", {"sequences": {"a": "ACGU" * 9}}, "sequence 'a': position 4 is 'U', expected ACGT"),
        ("predict", {"sequences": {"a": DNA}, "cell_types": ["HeLa"]}, "cell type 'HeLa': not known to the model"),
        ("predict", {"sequences": {}}, "sequences: found none"),
        (
            "scan", {"sequences": {str(n): DNA for n in range(101)}},
            "sequences: found 101, expected at most 100; ask in parts",
        ),
        ("scan", {"sequences": {"a": DNA * 300}}, "sequence 'a': 10,200 bp long, expected at most 10,000; cut it"),
        ("explain", {"sequences": {"a": "ACGT"}}, "4 bp long, expected at least 20"),
        ("scan", {"sequences": {"a": DNA}, "p_threshold": 1}, "p_threshold: found 1, expected at most 5e-05"),
        (
            "scan", {"sequences": {"a": DNA}, "p_threshold": "few"},
            'p_threshold: found "few", expected a number; write one',
        ),
        ("variants", {"variants": [{"id": "v", "ref": DNA, "alt": DNA}]}, "record 'v': both sequences are the same"),
        ("variants", {"variants": []}, "variants: found [], expected at least 1; give more"),
        ("variants", {"variants": ["1:1:A:C"] * 101}, "variants: found 101, expected at most 100; ask in parts"),
        ("variants", {"variants": [{"ref": DNA}]}, "variants.0.pair.alt: found nothing, expected this field; add it"),
        ("predict", {"sequences": "/etc/passwd"}, 'sequences: found "/etc/passwd", expected an object, {...}'),
        ("predict", {"sequences": {"a": 7}}, 'sequences.a: found 7, expected a string; write "..." around it'),
        ("predict", {}, "sequences: found nothing, expected this field; add it"),
        (
            "predict", {"sequences": {"a": DNA}, "cell_types": "K562"},
            'cell_types: found "K562", expected a list; write [...] around what is one',
        ),
        (
            "predict", {"sequences": {"a": DNA}, "trace": "maybe"},
            'trace: found "maybe", expected true or false; write one of these',
        ),
        ("nothing", {}, "nothing"),
    ],
)  # fmt: skip
def test_faults_are_told_to_the_assistant(name: str, arguments: dict[str, Any], told: str) -> None:
    try:
        failed, found = call(name, **arguments)
    except* MCPError as group:
        failed, found = True, str(group.exceptions[0])
    assert failed and told in found
    assert "\n" not in found and "pydantic" not in found and "--" not in found and "Error executing" not in found


@pytest.mark.integration
def test_a_host_starts_the_command_and_asks() -> None:
    sequences = dict(zip("ab", random_sequences(2, 200)))
    command = StdioServerParameters(command=sys.executable, args=["-m", "cistrace", "mcp"], env={**os.environ})

    async def asked() -> tuple[set[str], Any, Any]:
        async with Client(command) as client:
            names = {tool.name for tool in (await client.list_tools()).tools}
            good = await _call(client, "predict", sequences=sequences, cell_types=["K562"])
            bad = await _call(client, "predict", sequences={"a": "ACGT"})
            return names, good, bad

    names, (failed, found), (refused, told) = asyncio.run(asked())
    assert names == {"predict", "explain", "variants", "scan"} and not failed and refused
    rows = Predictions.model_validate(found, strict=True).predictions
    assert [row.id for row in rows] == ["a", "b"]
    assert all(row.verification is not None and row.verification["verified"] for row in rows)
    assert "4 bp long, expected at least 20" in told


@pytest.mark.integration
def test_what_is_no_model_says_so_at_once() -> None:
    done = subprocess_run("mcp", "--model", "no/such/folder")
    assert done.returncode == 2 and done.stdout == "" and done.stderr.count("\n") == 1
