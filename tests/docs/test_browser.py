"""The site in a real browser: no faults of access, at a desk and on a phone, light and dark; search finds."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal

import pytest
from browser_helpers import Watched, chromium
from docs_helpers import ROOT
from playwright.sync_api import Browser

pytestmark = pytest.mark.integration

LOOKED_AT = ("", "quickstart/", "concepts/", "predict/", "cli/", "results/", "design/")
PHONE = 390


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the built site is served, on this machine."""
    pytest.importorskip("material", reason="pip install '.[docs]'")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--config-file", str(ROOT / "mkdocs.yml"), "--site-dir"]
    subprocess.run([*command, str(folder)], check=True, capture_output=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.mark.parametrize("width", (1280, PHONE))
@pytest.mark.parametrize("scheme", ("light", "dark"))
def test_pages_are_sound(
    scheme: Literal["light", "dark"], width: int, address: str, browser: Browser, tmp_path: Path
) -> None:
    faults = []
    for name in LOOKED_AT:
        seen = Watched(browser, address, width, scheme)
        seen.page.goto(address + name)
        assert seen.page.evaluate("document.body.getAttribute('data-md-color-scheme')") == (
            "slate" if scheme == "dark" else "default"
        )
        wide = seen.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{name or 'home'} is {wide} px wide"
        seen.screenshot(tmp_path, f"site-{name.strip('/') or 'home'}-{scheme}-{width}")
        faults += [f"{name or 'home'}: {one}" for one in (*seen.faults(), *seen.wrong)]
        seen.page.close()
    assert faults == []


def test_search_finds_the_page_that_explains_a_word(address: str, browser: Browser) -> None:
    seen = Watched(browser, address)
    seen.page.get_by_role("textbox", name="Search").fill("interplay")
    results = seen.page.locator(".md-search-result__item")
    results.first.wait_for()
    assert any("ledger" in text.lower() for text in results.all_inner_texts())
    assert seen.wrong == []
