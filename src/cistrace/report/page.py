"""A report: one HTML file that opens from disk, with its data, style and script inside and no link to anywhere.

The page's parts lie in `page/` as files of their own, so that a server can hand out the same. Data stand as JSON in a
script element that no browser runs; whatever text they hold, none of it can end that element or become markup, since
`<`, `>` and `&` are written as escapes there and the script sets text alone. The content security policy lets exactly
this script and this style in, by their SHA-256, and nothing from anywhere.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

from cistrace.errors import OutputError
from cistrace.io.files import text_output
from cistrace.io.streams import shown
from cistrace.report.view import sequence_views
from cistrace.version import __version__

MOST = 10_000
"""Predictions in one report: a browser draws no more at ease. Further ones are left out, and the page says so."""

ENDING = ".html"
SCRIPTS = ("marks.js", "light.js", "activity.js", "track.js", "trace.js", "figure.js", "overview.js", "report.js")
"""In their order; the last one starts a report, the others draw."""

Add = Callable[[Mapping[str, Any], Mapping[str, Any]], bool]
"""Takes an object of `view.cell_view` and the row's provenance; says whether there was room for it."""

_FIELD = re.compile(r"\{\{(\w+)\}\}")  # of report.html; filled in once, so that no value is read as another's place
_UNSAFE = str.maketrans({letter: f"\\u{ord(letter):04x}" for letter in "<>&\u2028\u2029"})


def check_report_ending(path: Path) -> None:
    """Refuse a name that no browser takes for a page.

    Raises
    ------
    OutputError
        Another ending than `.html`, in any case.
    """
    if not path.name.lower().endswith(ENDING):
        raise OutputError(f"{shown(path)}: its ending {path.suffix!r} is no page's; expected .html; rename it")


def part(name: str) -> str:
    """The text of one file of the page."""
    return (files("cistrace.report") / "page" / name).read_text(encoding="utf-8")


def script() -> str:
    """All of the page's script."""
    return "\n".join(map(part, SCRIPTS))


@contextmanager
def report_output(path: Path, title: str, scales: Mapping[str, Any]) -> Iterator[Add]:
    """Open a report and give the function that adds a prediction; memory does not grow with the file.

    Parameters
    ----------
    path : Path
    title : str
        What was predicted: the name of the input.
    scales : mapping
        As `scales.scale_views` makes it; empty where the model that predicted is not at hand.

    Raises
    ------
    OutputError
        An ending that is no page's, or a file that cannot be written. It appears whole or not at all.
    """
    check_report_ending(path)
    with text_output(path) as out:
        report = _Report(out.write)
        head, foot = page_frame(title, part("report.css"), script())
        out.write(f'{head}{{"title":{page_json(title)},"scales":{page_json(scales)},"sequences":[')
        yield report.add
        report.finish()
        out.write(f'],"made":{page_json(report.made)},"left_out":{report.left_out}}}{foot}')


class _Report:
    """Joins predictions to sequences, and writes each as soon as it is whole."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self._waiting: list[Mapping[str, Any]] = []
        self._written = 0
        self._taken = 0
        self.left_out = 0
        self.made: list[dict[str, Any]] = []

    def add(self, cell: Mapping[str, Any], provenance: Mapping[str, Any]) -> bool:
        if self._taken >= MOST:
            self.left_out += 1
            return False
        self._taken += 1
        made = {name: value for name, value in provenance.items() if value is not None}
        if made not in self.made:
            self.made.append(made)
        self._waiting.append(cell)
        whole = list(sequence_views(self._waiting))[:-1]
        if whole:
            self._put(whole)
            self._waiting = [cell]
        return True

    def finish(self) -> None:
        self._put(list(sequence_views(self._waiting)))

    def _put(self, views: list[dict[str, Any]]) -> None:
        for view in views:
            self._write(f"{',' if self._written else ''}\n{page_json(view)}")
            self._written += 1


def page_json(plain: object) -> str:
    """JSON that can stand in a script element: no text in it opens, ends or comments out anything."""
    return json.dumps(plain, ensure_ascii=False, allow_nan=False, separators=(",", ":")).translate(_UNSAFE)


def page_frame(title: str, style: str, code: str) -> tuple[str, str]:
    """A page before and behind its data, which are `page_json`; nothing but this style and script may act in it."""
    policy = (
        f"default-src 'none'; script-src '{_digest(code)}'; style-src '{_digest(style)}'; base-uri 'none'; "
        "form-action 'none'"
    )
    values = {
        "policy": policy, "title": escape(title), "version": escape(__version__), "style": style, "script": code
    }  # fmt: skip
    head, foot = (_FIELD.sub(lambda field: values[field[1]], text) for text in part("report.html").split("{{data}}"))
    return head, foot


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
