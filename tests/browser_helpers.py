"""A real browser for the tests of pages: Debian's Chromium without a window, and what must hold of every page."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

AXE = Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js"
SCREENS = os.environ.get("CISTRACE_SCREENSHOTS")
"""Folder for screenshots, to be looked at; unset, the tests take theirs to a temporary one."""

PATIENCE = 120_000  # ms: a busy machine is no fault of a page


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser; without one the test is skipped."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("no chromium: install Debian's package")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])  # as root there is none
        yield browser
        browser.close()


class Watched:
    """A page of its own context, and everything that it must not do: errors, messages, requests to anywhere else.

    Parameters
    ----------
    address : str
        Where it starts; nothing that does not begin with it, and is no data of the page, may be asked for.
    """

    def __init__(self, browser: Browser, address: str, width: int = 1280, scheme: Literal["light", "dark"] = "light"):
        self.page: Page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.page.set_default_timeout(PATIENCE)
        self.wrong: list[str] = []
        own = address.partition("#")[0]
        self.page.on("console", lambda said: self.wrong.append(f"console: {said.text}"))
        self.page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        self.page.on("dialog", lambda dialog: self.wrong.append(f"dialog: {dialog.message}"))
        self.page.on("request", lambda asked: None if asked.url.startswith(own) else self.wrong.append(asked.url))
        self.page.goto(address)

    def faults(self) -> list[str]:
        """Serious and critical faults that axe finds: which rule, and the first element that breaks it."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found: dict[str, Any] = self.page.evaluate("axe.run()")
        serious = [one for one in found["violations"] if one["impact"] in ("serious", "critical")]
        return [f"{one['id']}: {one['nodes'][0]['html'][:200]} {one['nodes'][0]['failureSummary']}" for one in serious]

    def screenshot(self, folder: Path, name: str, whole: bool = False) -> Path:
        """A picture of what is seen, or of the whole page."""
        path = (folder if SCREENS is None else Path(SCREENS)) / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=path, full_page=whole)
        return path
