"""The site: every page is in its navigation, it builds without a warning, its links lead somewhere, it asks nobody."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from docs_helpers import DOCS, MADE, PAGES, ROOT, prose

CONFIGURATION = ROOT / "mkdocs.yml"


def configuration() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(CONFIGURATION.read_text(encoding="utf-8"))
    return loaded


def named(navigation: object) -> Iterator[str]:
    """The pages of a part of the navigation."""
    if isinstance(navigation, str):
        yield navigation
    elif isinstance(navigation, dict):
        for below in navigation.values():
            yield from named(below)
    elif isinstance(navigation, list):
        for below in navigation:
            yield from named(below)


def test_every_page_is_in_the_navigation_once() -> None:
    pages = [page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")]
    listed = list(named(configuration()["nav"]))
    assert set(pages) - set(listed) == set(), "add these to nav in mkdocs.yml"
    assert set(listed) - set(pages) == set(), "nav of mkdocs.yml names pages that are not there"
    assert len(listed) == len(set(listed))


def test_nothing_is_asked_of_others() -> None:
    theme = configuration()["theme"]
    assert theme["font"] is False
    assert not re.search(r"https?:", CONFIGURATION.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_has_one_title_and_its_pictures_are_told(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    assert len(re.findall(r"^# \S", text, flags=re.MULTILINE)) == 1
    for told in re.findall(r"!\[([^]]*)\]\(", text):
        assert len(told) > 10, "a picture's alternative text says what it shows"


HERE = [page for page in PAGES if not page.is_symlink() and page.name not in MADE | {"architecture.md"}]
"""Pages that are the site's alone; others are read elsewhere too, where a path is what a reader needs."""


@pytest.mark.parametrize("page", HERE, ids=lambda page: page.name)
def test_pages_that_are_named_are_links(page: Path) -> None:
    text = re.sub(r"`[^`]*`", "", prose(page))
    assert re.findall(r"(?<![\w/])docs/[\w-]+\.md", text) == [], "write [The ledger](ledger.md)"


class Reader(HTMLParser):
    """Of a built page: where it leads, what it loads, which anchors it has."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.untold: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.anchors |= {found[name] for name in ("id", "name") if name in found}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        elif tag == "link" and found.get("rel") not in ("canonical", "prev", "next"):
            self.loaded.append(found["href"])
        elif "src" in found:
            self.loaded.append(found["src"])
        if tag == "img" and not found.get("alt"):
            self.untold.append(found["src"])


@cache
def reader(path: Path) -> Reader:
    return Reader(path)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as a reader would."""
    pytest.importorskip("material", reason="pip install '.[docs]'")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--config-file", str(CONFIGURATION)]
    done = subprocess.run([*command, "--site-dir", str(folder)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def lost(page: Path, link: str, site: Path) -> str | None:
    """What is wrong with a link, if anything is."""
    parts = urlsplit(link)
    if parts.scheme in ("http", "https", "mailto"):
        return None
    target = page if not parts.path else (page.parent / unquote(parts.path)).resolve()
    target = target / "index.html" if target.is_dir() else target
    if not target.is_relative_to(site) or not target.is_file():
        return f"{link}: no such file"
    if (
        parts.fragment
        and target.suffix == ".html"
        and unquote(parts.fragment) not in reader(target).anchors | {"__top"}
    ):
        return f"{link}: no such anchor"
    return None


@pytest.mark.pipeline
def test_links_lead_somewhere_and_nothing_comes_from_elsewhere(site: Path) -> None:
    pages = [page for page in site.rglob("*.html") if page.name != "404.html"]
    assert len(pages) == len(PAGES)
    assert (site / "search" / "search_index.json").stat().st_size > 10_000
    for page in pages:
        found = reader(page)
        wrong = [fault for link in found.links if (fault := lost(page, link, site.resolve()))]
        assert wrong == [], page
        assert found.untold == [], page
        for loaded in found.loaded:
            assert not urlsplit(loaded).netloc, f"{page} loads {loaded}"
            assert loaded.startswith("data:") or lost(page, loaded, site.resolve()) is None, f"{page} loads {loaded}"


@pytest.mark.pipeline
def test_no_script_is_part_of_the_site(site: Path) -> None:
    assert list(site.rglob("*.py")) == []
