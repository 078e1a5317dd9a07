"""The file: whole, by itself, closed to anything from outside, and deaf to markup in its data."""

from __future__ import annotations

import base64
import hashlib
import re
from html import unescape
from pathlib import Path

import pytest
from cli_helpers import AWKWARD, a_prediction
from report_helpers import data_of, write_report

from cistrace.errors import OutputError
from cistrace.report import page as module
from cistrace.report.page import check_report_ending, part, report_output, script

HOSTILE = [
    "<script>alert(1)</script>", "</script><b>", "<!--<script>", "{{script}}", "{{data}}", "&lt;", '"><img src=x>',
    "\u2028", "\u202eabc",
]  # fmt: skip


def test_data_come_back_as_they_were(tmp_path: Path) -> None:
    ids = [*AWKWARD, *HOSTILE]
    page = write_report(tmp_path / "out.html", [a_prediction(one) for one in ids])
    assert [view["id"] for view in data_of(page)["sequences"]] == ids


def test_nothing_in_data_or_title_is_markup(tmp_path: Path) -> None:
    plain = write_report(tmp_path / "plain.html", [a_prediction()])
    for text in HOSTILE:
        page = write_report(tmp_path / "out.html", [a_prediction(text)], title=text)
        for mark in ("<script", "</script", "<!--", "<img", "<b>"):
            assert page.count(mark) == plain.count(mark)
        (title,) = re.findall(r"<title>(.*?) - cistrace</title>", page, flags=re.DOTALL)
        assert unescape(title) == text == data_of(page)["title"]


def test_a_page_links_to_nothing_outside_and_lets_in_its_own_script_alone(tmp_path: Path) -> None:
    page = write_report(tmp_path / "out.html", [a_prediction()])
    assert re.findall(r"(?:src|href)=[\"'](?!#)", page) == []
    assert [url for url in re.findall(r"https?://[^\s\"']+", page) if url != "http://www.w3.org/2000/svg"] == []
    assert "@import" not in page and "url(" not in part("report.css")
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', page)
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'" and "unsafe" not in policy
    for name, text in (("script-src", page.rsplit("<script>", 1)[1].split("</script>")[0]),
                       ("style-src", page.split("<style>")[1].split("</style>")[0])):  # fmt: skip
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert rules[name] == f"'sha256-{digest}'"


def test_the_scripts_make_no_markup_and_run_no_text() -> None:
    """What keeps every text of the input a text."""
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "fetch(",
                 "XMLHttpRequest", "localStorage", "</"):  # fmt: skip
        assert word not in script()


def test_a_report_of_the_same_is_the_same(tmp_path: Path) -> None:
    first, second = (write_report(tmp_path / name, [a_prediction()]) for name in ("a.html", "b.html"))
    assert first == second


def test_a_report_says_what_made_it_once(tmp_path: Path) -> None:
    page = write_report(tmp_path / "out.html", [a_prediction("a"), a_prediction("b")])
    (made,) = data_of(page)["made"]
    assert made["checkpoint"] == "c0ffee" and "seed" not in made


def test_what_is_too_much_for_a_page_is_left_out_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    data = data_of(write_report(tmp_path / "out.html", [a_prediction(name) for name in "abcd"]))
    assert [view["id"] for view in data["sequences"]] == ["a", "b"] and data["left_out"] == 2


def test_a_report_of_nothing_is_a_page(tmp_path: Path) -> None:
    assert data_of(write_report(tmp_path / "out.html", []))["sequences"] == []


def test_a_report_that_fails_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), report_output(tmp_path / "out.html", "in.fa", {}):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_no_pages_is_refused() -> None:
    check_report_ending(Path("A.HTML"))
    for name in ("out.tsv", "out", "out.html.gz", "out.htm"):
        with pytest.raises(OutputError, match=r"expected \.html"):
            check_report_ending(Path(name))


def test_a_thousand_predictions_are_a_small_page(tmp_path: Path) -> None:
    """These have two sites and five steps each; docs/reports.md says what real ones come to."""
    write_report(tmp_path / "out.html", (a_prediction(f"s{number}") for number in range(1000)))
    assert (tmp_path / "out.html").stat().st_size < 2_500_000
