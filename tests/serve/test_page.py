"""The page's parts, and what it is given to draw."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from cli_helpers import DNA
from serve_helpers import client_of
from starlette.testclient import TestClient

from cistrace.serve.page import DRAWING, OWN_SCRIPTS, STYLES, page_html

HOSTILE = "</script><script>alert(1)</script>"


@pytest.fixture(scope="module")
def client() -> TestClient:
    return client_of()


class Tags(HTMLParser):
    """All tags of a page with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def events(text: str) -> Iterator[tuple[str, Any]]:
    for block in text.split("\n\n")[:-1]:
        name, data = block.split("\n")
        yield name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def test_the_page_asks_this_server_alone_and_runs_nothing_of_its_own(client: TestClient) -> None:
    found = client.get("/")
    assert found.status_code == 200 and found.headers["Content-Type"].startswith("text/html")
    assert found.text == page_html() and "{{" not in found.text
    tags = Tags(found.text).found
    for tag, attributes in tags:
        assert tag != "style" and not {name for name in attributes if name == "style" or name.startswith("on")}
        for name in ("src", "href"):
            target = attributes.get(name)
            assert target is None or target.startswith(("/page/", "#")) or target == "data:,"
    scripts = [attributes["src"] for tag, attributes in tags if tag == "script"]
    assert scripts == [f"/page/{name}" for name in (*DRAWING, *OWN_SCRIPTS)]


@pytest.mark.parametrize("name", [*DRAWING, *OWN_SCRIPTS, *STYLES])
def test_every_part_is_there_and_names_no_other_place(client: TestClient, name: str) -> None:
    found = client.get(f"/page/{name}")
    media = "text/css" if name.endswith(".css") else "text/javascript"
    assert found.status_code == 200 and found.headers["Content-Type"] == f"{media}; charset=utf-8"
    assert not re.findall(r"https?://(?!www\.w3\.org/2000/svg)", found.text)
    assert not re.findall(r"innerHTML|insertAdjacentHTML|outerHTML|document\.write|eval\(|new Function", found.text)


@pytest.mark.parametrize(
    "name", ["report.js", "serve.html", "page.py", "..%2Fapp.py", "%2Fetc%2Fpasswd", ".js", "x.js"]
)
def test_nothing_else_is_handed_out(client: TestClient, name: str) -> None:
    assert client.get(f"/page/{name}").status_code == 404


def test_what_is_drawn_is_what_reports_draw(client: TestClient) -> None:
    question = {
        "sequences": [{"id": HOSTILE, "bases": DNA}, {"id": "b", "bases": DNA}],
        "cell_types": ["K562", "HepG2"],
    }
    told = list(events(client.post("/page/views", json=question).text))
    rows = [row for name, row in told if name == "view"]
    assert [row["view"]["id"] for row in rows] == [HOSTILE, "b"] and told[-1] == ("end", {})
    for row in rows:
        assert row["bases"] == DNA and row["made"]["checkpoint"]
        assert [cell["cell_type"] for cell in row["view"]["cells"]] == ["K562", "HepG2"]
        assert row["view"]["windows"] == [{"start": 1, "end": len(DNA), "bases": DNA}]
        assert all(cell["contributions"] is None and cell["steps"] for cell in row["view"]["cells"])
    assert client.post("/page/views", json={"sequences": "ACGT"}).status_code == 422


def test_scales(client: TestClient) -> None:
    scales = client.get("/page/scales").json()
    assert set(scales) == {"HepG2", "K562", "WTC11"} and all(len(one["cuts"]) == 3 for one in scales.values())
