"""The page in a real browser, as a person uses it, with the shipped model behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("playwright")

from browser_helpers import Watched, chromium
from motif_helpers import random_sequences
from playwright.sync_api import Browser, Locator, Position, expect

pytestmark = pytest.mark.integration

HOSTILE = "<img/src=x/onerror=alert(1)>"
EXAMPLES = (Path(__file__).parents[2] / "examples" / "enhancers.fa").read_text(encoding="utf-8")
PATIENCE = 60_000  # milliseconds
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def watched(browser: Browser, port: int) -> Iterator[Watched]:
    """The page; whatever a test does with it, there is no error, no message, no request to anywhere else."""
    found = Watched(browser, f"http://127.0.0.1:{port}/")
    expect(found.page.locator("#cells input")).to_have_count(3)
    yield found
    assert found.wrong == []
    found.page.context.close()


def ask(watched: Watched, text: str, bases: bool = False) -> None:
    watched.page.fill("#sequences", text)
    if not bases:
        watched.page.uncheck("#contributions")
    watched.page.click("#ask")


def status(watched: Watched) -> Locator:
    return watched.page.locator(".bench .edit [role=status]")


def first(text: str, count: int = 1) -> str:
    """The first records of a FASTA."""
    return "".join(f">{record}" for record in text.split(">")[1 : count + 1])


def test_several_sequences_from_the_question_to_the_trace(watched: Watched, tmp_path: Path) -> None:
    page = watched.page
    assert watched.faults() == []
    watched.screenshot(tmp_path, "serve-question")
    ask(watched, f">{HOSTILE}\n{random_sequences(1, 200)[0]}\n{first(EXAMPLES)}")
    expect(page.locator("table.all tbody tr")).to_have_count(2)
    expect(page.locator("table.all")).to_contain_text(HOSTILE)
    assert watched.faults() == []
    page.locator("table.all tbody a").first.click()
    expect(page.locator("article.sequence h2")).to_have_text(HOSTILE)
    expect(page.locator(".verdict")).to_have_count(3)
    assert page.locator("svg.track").count() == 3
    page.get_by_role("link", name="Next").click()
    expect(page.locator("article.sequence h2")).to_have_text("chr5_1010220_HepG2")
    page.get_by_role("link", name="All sequences").click()
    expect(page.locator("table.all tbody tr")).to_have_count(2)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_bench_has_no_serious_fault_of_accessibility(watched: Watched, scheme: str, tmp_path: Path) -> None:
    if scheme == "dark":
        watched.page.click(".theme")
    ask(watched, first(EXAMPLES), bases=True)
    expect(watched.page.locator(".verdict")).to_have_count(3)
    watched.page.locator(".bases-field").focus()
    watched.page.keyboard.press("Control+Home")
    expect(watched.page.locator(".pick-base")).to_be_visible()
    assert watched.faults() == []
    watched.screenshot(tmp_path, f"serve-bench-{scheme}", whole=True)


def test_a_broken_site_changes_everything_and_comes_back(watched: Watched, tmp_path: Path) -> None:
    page = watched.page
    ask(watched, first(EXAMPLES))
    site = page.locator(".break button").first
    start, end = map(int, re.findall(r"(\d+)\u2013(\d+)", site.inner_text())[0])
    before = page.locator(".bases-field").input_value()
    activities = page.locator(".effect tbody td:nth-child(3)")
    at_start = activities.all_inner_texts()
    site.click()
    expect(status(watched)).to_have_text(re.compile(r"^Predicted in \d+\.\d\d s$"))
    now = page.locator(".bases-field").input_value()
    assert all(one != other for one, other in zip(before[start - 1 : end], now[start - 1 : end]))
    assert before[: start - 1] + before[end:] == now[: start - 1] + now[end:]
    assert activities.all_inner_texts() != at_start
    assert page.locator(".effect tbody td:nth-child(2)").all_inner_texts() == at_start
    expect(page.locator(".changes")).to_contain_text(f"{start}{before[start - 1]}>")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".changes")).to_have_text("Nothing is changed.")
    expect(activities.first).to_have_text(at_start[0])
    assert page.locator(".bases-field").input_value() == before


def test_a_base_is_typed_or_chosen_in_a_track_by_keys_alone_too(watched: Watched) -> None:
    page = watched.page
    ask(watched, first(EXAMPLES))
    field = page.locator(".bases-field")
    before = field.input_value()
    field.focus()
    page.keyboard.press("Control+Home")
    expect(page.locator(".pick-base")).to_contain_text(f"is {before[0]}")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    letter = next(one for one in "ACGT" if one != before[0])
    expect(page.locator(".changes")).to_have_text(f"Changed: 1{before[0]}>{letter}.")
    expect(status(watched)).to_have_text(re.compile("^Predicted"))
    track = page.locator("svg.track").first
    box = track.bounding_box()
    assert box is not None
    place: Position = {"x": box["width"] * 0.5, "y": box["height"] - 26}  # the row of letters
    track.hover(position=place, force=True)
    track.click(position=place, force=True)
    expect(page.locator(".pick-base")).to_have_attribute("aria-label", re.compile(r"^Base (9|10)\d$"))
    page.locator(".pick-base button").first.click()
    expect(page.locator(".changes")).to_have_text(re.compile(rf"^Changed: 1{before[0]}>{letter}, \d+[ACGT]>[ACGT]\.$"))
    field.fill(before + "ACGT")
    expect(page.locator(".changes")).to_have_text("4 bp longer than at the start.")


def test_a_fault_is_told_where_it_happened(watched: Watched) -> None:
    page = watched.page
    ask(watched, ">a\nACGU")
    expect(page.locator("#fault")).to_have_text(re.compile("position 4 is 'U'.*write T for U"))
    watched.wrong[:] = [one for one in watched.wrong if "422" not in one]  # the browser's own remark on the status
    for one in page.locator("#cells input").all():
        one.uncheck()
    page.click("#ask")
    expect(page.locator("#fault")).to_have_text("Choose at least one cell type.")
    page.locator("#cells input").first.check()
    ask(watched, first(EXAMPLES))
    page.locator(".bases-field").fill("ACGT")
    expect(status(watched)).to_have_text(re.compile("4 bp long, expected at least 20"))
    watched.wrong[:] = [one for one in watched.wrong if "422" not in one]


def test_a_file_is_read_and_a_long_question_stopped(watched: Watched, tmp_path: Path) -> None:
    page = watched.page
    path = tmp_path / "many.fa"
    path.write_text("".join(f">{number}\n{bases}\n" for number, bases in enumerate(random_sequences(400, 200))))
    page.set_input_files("#file", path)
    expect(page.locator("#says")).to_have_text("many.fa is read.")
    page.click("#ask")
    expect(page.locator("#says")).to_have_text(re.compile(r"^\d+ of 1,200 predictions$"))
    expect(page.locator("#progress")).to_be_visible()
    page.click("#stop")
    expect(page.locator("#says")).to_have_text("Stopped.")
    expect(page.locator("#progress")).to_be_hidden()
    ask(watched, first(EXAMPLES))
    expect(page.locator(".verdict")).to_have_count(3)
