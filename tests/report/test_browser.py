"""Reports in a real browser: what pointing, clicking and the keyboard do, and that nothing of the input acts.

Screenshots go to the folder CISTRACE_SCREENSHOTS, or to a temporary one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from browser_helpers import Watched, chromium
from cli_helpers import a_prediction, invoke
from playwright.sync_api import Browser, Page, expect
from report_helpers import write_report

from cistrace.io.sequences import read_sequences
from cistrace.traces.text import parse_trace
from cistrace.traces.verify import verify

pytestmark = pytest.mark.integration

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"
EXAMPLE = Path(__file__).parents[2] / "examples" / "enhancers.fa"
LIT_SITES = ".track-row[data-cell='{cell}'] .site.lit"
LIT_STEPS = "[data-cell='{cell}'] .step.lit"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped model's page of natural elements, a long sequence, a short one, and one of a hostile name."""
    folder = tmp_path_factory.mktemp("report")
    natural = {one.id: one.bases for one in read_sequences(EXAMPLE)}
    first, second, third, *_, last = natural.values()
    sequences = {
        "chr14_73247660_K562": natural["chr14_73247660_K562"],
        HOSTILE: first,
        "long": second + third + "N" * 30,
        "short": last[40:120],
    }
    lines = [json.dumps({"id": name, "sequence": bases}) + "\n" for name, bases in sequences.items()]
    (folder / "in.jsonl").write_text("".join(lines))
    result = invoke("predict", folder / "in.jsonl", "--report", folder / "out.html")
    assert result.exit_code == 0, result.stderr
    return folder / "out.html"


@pytest.fixture
def opened(browser: Browser, report: Path) -> Iterator[Watched]:
    """The report, as it opens; whatever a test did with it, nothing went wrong."""
    watched = Watched(browser, report.as_uri())
    yield watched
    assert watched.wrong == []
    watched.page.close()


def first_sequence(page: Page) -> None:
    page.get_by_role("link", name="chr14_73247660_K562").click()
    expect(page.get_by_role("heading", level=2)).to_have_text("chr14_73247660_K562")


def test_the_overview_opens_a_sequence_and_comes_back(opened: Watched, tmp_path: Path) -> None:
    page = opened.page
    expect(page.locator(".all tbody tr")).to_have_count(4)
    opened.screenshot(tmp_path, "overview")
    first_sequence(page)
    expect(page.locator(".track")).to_have_count(3)
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_role("heading", level=2)).to_have_text(HOSTILE)
    page.get_by_role("link", name="All sequences").click()
    expect(page.locator(".all tbody tr")).to_have_count(4)
    page.go_back()
    expect(page.get_by_role("heading", level=2)).to_have_text(HOSTILE)


def test_columns_sort(opened: Watched) -> None:
    page = opened.page
    given = page.locator(".all tbody th").all_inner_texts()
    page.get_by_role("button", name="K562").click()
    expect(page.get_by_role("columnheader", name="K562")).to_have_attribute("aria-sort", "descending")
    shown = page.locator(".all tbody tr td:nth-child(4) b").all_inner_texts()
    values = [float(one.replace("\u2212", "-")) for one in shown]
    assert values == sorted(values, reverse=True) and len(values) == 4
    page.get_by_role("button", name="K562").click()
    expect(page.get_by_role("columnheader", name="K562")).to_have_attribute("aria-sort", "ascending")
    assert page.locator(".all tbody tr td:nth-child(4) b").all_inner_texts() == shown[::-1]
    page.get_by_role("button", name="No.").click()
    assert page.locator(".all tbody th").all_inner_texts() == given


def test_words_levels_and_flags_filter(opened: Watched) -> None:
    page = opened.page
    rows = page.locator(".all tbody tr")
    page.get_by_label("Find").fill("short padded")
    expect(rows).to_have_count(1)
    expect(page.get_by_role("status")).to_have_text("1 of 4 sequences")
    page.get_by_label("Find").fill("<script>")
    expect(rows).to_have_count(1)
    page.get_by_label("Find").fill("sp/klf")  # an archetype of the first
    assert 1 <= rows.count() < 4
    page.get_by_label("Find").fill("")
    page.get_by_label("flagged only").check()
    assert {"long", "short"} <= {one.split()[0] for one in page.locator(".all tbody th").all_inner_texts()}
    page.get_by_label("flagged only").uncheck()
    page.get_by_label("in", exact=True).select_option("K562")
    page.get_by_label("Level").select_option("level 3 or more")
    expect(rows.filter(has_text="chr14_73247660_K562")).to_have_count(1)
    assert rows.count() < 4


def test_pointing_at_a_step_lights_its_sites_and_its_bar(opened: Watched, tmp_path: Path) -> None:
    page = opened.page
    first_sequence(page)
    steps = page.locator("[data-cell='1'] .steps .step[data-sites]")
    step = steps.filter(has_text="m1: ").first
    unlit = step.locator(".fall .box").evaluate("one => getComputedStyle(one).strokeWidth")
    step.hover()
    expect(page.locator(".lit.site")).to_have_count(1)
    expect(page.locator(LIT_SITES.format(cell=1))).to_have_attribute("data-number", "1")
    expect(page.locator(LIT_STEPS.format(cell=1))).to_have_count(1)
    assert step.locator(".fall .box").evaluate("one => getComputedStyle(one).strokeWidth") > unlit
    opened.screenshot(tmp_path, "lit_step", whole=True)
    page.mouse.move(5, 5)
    expect(page.locator(".lit")).to_have_count(0)


def test_pointing_at_a_site_lights_the_steps_that_are_about_it(opened: Watched) -> None:
    page = opened.page
    first_sequence(page)
    site = page.locator(".track-row[data-cell='2'] .site[data-number='1']")
    said = [one for one in page.locator("[data-cell='2'] .step[data-sites]").all_inner_texts()]
    sites = page.locator("[data-cell='2'] .step[data-sites]").evaluate_all("all => all.map(one => one.dataset.sites)")
    about = [text for text, numbers in zip(said, sites, strict=True) if "1" in numbers.split()]
    site.hover()
    expect(page.locator(LIT_STEPS.format(cell=2))).to_have_count(len(about))
    assert page.locator(LIT_STEPS.format(cell=2)).all_inner_texts() == about and len(about) >= 1
    expect(page.locator(".track-row[data-cell='2'] .readout")).to_contain_text("m1 ")
    expect(page.locator(LIT_STEPS.format(cell=0))).to_have_count(0)


def test_a_cluster_lights_all_its_sites(opened: Watched) -> None:
    page = opened.page
    first_sequence(page)
    step = page.locator(".step", has_text="sites stand within").first
    count = int(step.locator(".words").inner_text().split()[0])
    step.hover()
    expect(page.locator(".site.lit")).to_have_count(count)


def test_a_click_keeps_it_lit_until_escape(opened: Watched) -> None:
    page = opened.page
    first_sequence(page)
    site = page.locator(".track-row[data-cell='0'] .site[data-number='2']")
    site.click()
    page.mouse.move(5, 5)
    expect(site).to_have_attribute("aria-pressed", "true")
    expect(page.locator(LIT_SITES.format(cell=0))).to_have_count(1)
    page.keyboard.press("Escape")
    page.mouse.click(5, 5)
    expect(page.locator(".lit")).to_have_count(0)


def test_the_keyboard_does_all_that_pointing_does(opened: Watched) -> None:
    page = opened.page
    page.get_by_role("link", name="chr14_73247660_K562").focus()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    track = page.locator(".track-row[data-cell='0'] .site")
    while not track.first.evaluate("one => one === document.activeElement"):
        page.keyboard.press("Tab")
    expect(page.locator(".lit.site")).to_have_count(1)
    page.keyboard.press("ArrowRight")
    expect(track.nth(1)).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(track.last).to_be_focused()
    page.keyboard.press("Enter")
    expect(track.last).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    expect(track.last).to_be_focused()  # one stop of the tabulator, where it was left
    page.keyboard.press("Escape")
    expect(track.last).to_have_attribute("aria-pressed", "false")
    words = page.locator("[data-cell='0'] .words[aria-pressed]")
    words.first.focus()
    page.keyboard.press("ArrowDown")
    expect(words.nth(1)).to_be_focused()
    expect(page.locator(LIT_STEPS.format(cell=0))).to_have_count(1)
    page.keyboard.press(" ")
    expect(words.nth(1)).to_have_attribute("aria-pressed", "true")


def test_text_of_the_input_is_text(opened: Watched) -> None:
    page = opened.page
    expect(page.locator(".all tbody th").nth(1)).to_have_text(HOSTILE)
    page.goto(page.url.split("#")[0] + "#2")
    expect(page.get_by_role("heading", level=2)).to_have_text(HOSTILE)
    assert page.locator("main script, main img, footer script").count() == 0
    assert page.title().startswith(HOSTILE)


def test_every_step_bears_its_mark_and_the_bars_add_up(opened: Watched) -> None:
    page = opened.page
    first_sequence(page)
    for cell in range(3):
        trace = page.locator(f"[data-cell='{cell}'] .trace")
        steps = trace.locator(".step[data-sites]").count()
        expect(trace.get_by_role("img", name="verified", exact=True)).to_have_count(steps)
        figures = trace.locator(".step[data-sites] .figure").all_text_contents()
        total = trace.locator(".total .figure").text_content() or ""
        amounts = [round(100 * float(one.replace("\u2212", "-"))) for one in [*figures, total]]
        assert sum(amounts[:-1]) == amounts[-1] and steps >= 5
        assert page.locator(".activity tbody tr").nth(cell).locator(".strong").inner_text() == total


def test_zoom_widens_the_tracks(opened: Watched) -> None:
    page = opened.page
    first_sequence(page)
    before = page.locator(".track").first.bounding_box()
    page.get_by_role("button", name="2\u00d7").click()
    after = page.locator(".track").first.bounding_box()
    assert before is not None and after is not None and after["width"] > 1.8 * before["width"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")  # the tracks scroll, not the page


def test_a_base_says_what_it_adds(opened: Watched) -> None:
    page = opened.page
    first_sequence(page)
    track = page.locator(".track").first
    box = track.bounding_box()
    assert box is not None
    letters = track.locator(".bases").bounding_box()
    assert letters is not None
    page.mouse.move(letters["x"] + 2, letters["y"] + 4)
    expect(page.locator(".readout").first).to_contain_text("position 1: T")


def test_positions_of_a_long_sequence_are_those_of_the_input(opened: Watched, tmp_path: Path) -> None:
    page = opened.page
    page.get_by_role("link", name="long").click()
    expect(page.locator(".flags")).to_contain_text("tiled:")
    places = page.locator(".sites tbody td:first-child").all_inner_texts()
    assert places and all(int(one.split("\u2013")[1]) <= 430 for one in places)
    opened.screenshot(tmp_path, "long", whole=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("place", ["", "#1", "#3", "#4"])
def test_there_is_no_serious_fault_of_accessibility(
    browser: Browser, report: Path, tmp_path: Path, scheme: str, place: str
) -> None:
    watched = Watched(browser, report.as_uri() + place, scheme=scheme)  # type: ignore[arg-type]
    assert watched.page.locator("html").get_attribute("data-theme") == scheme
    watched.screenshot(tmp_path, f"{place.strip('#') or 'all'}_{scheme}", whole=True)
    assert watched.faults() == [] and watched.wrong == []
    if place == "#1":
        watched.page.locator(".site").first.hover()
        assert watched.faults() == []
    watched.page.close()


def test_a_narrow_screen_holds_it(browser: Browser, report: Path, tmp_path: Path) -> None:
    for place in ("", "#1"):
        watched = Watched(browser, report.as_uri() + place, width=420)
        assert watched.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        watched.screenshot(tmp_path, f"narrow{place}", whole=True)
        assert watched.wrong == []
        watched.page.close()


def test_it_prints_on_white_in_few_pages(opened: Watched, tmp_path: Path) -> None:
    page = opened.page
    first_sequence(page)
    page.get_by_role("button", name="Dark").click()
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.get_by_role("button", name="Fit", exact=True).is_visible()
    opened.screenshot(tmp_path, "print", whole=True)
    printed = page.pdf(prefer_css_page_size=True)
    assert 1 <= printed.count(b"/Type /Page\n") <= 5
    (tmp_path / "print.pdf").write_bytes(printed)


def test_many_sequences_are_drawn_by_and_by(browser: Browser, tmp_path: Path) -> None:
    write_report(tmp_path / "many.html", (a_prediction(f"s{number}") for number in range(250)))
    watched = Watched(browser, (tmp_path / "many.html").as_uri())
    rows = watched.page.locator(".all tbody tr")
    expect(rows).to_have_count(100)
    watched.page.get_by_role("button", name="Show more").click()
    expect(rows).to_have_count(200)
    watched.page.get_by_role("button", name="Show more").click()
    expect(rows).to_have_count(250)
    expect(watched.page.get_by_role("button", name="Show more")).to_be_hidden()
    assert watched.wrong == []
    watched.page.close()


def test_one_sequence_opens_at_once_and_what_is_wrong_is_told(browser: Browser, tmp_path: Path) -> None:
    plain = a_prediction("\u202eone")
    assert plain.trace_text is not None and plain.card is not None
    text = plain.trace_text.replace("ELK1 site", "GATA1 site")
    one = replace(plain, trace=parse_trace(text), trace_text=text, verification=verify(text, plain.card))
    write_report(tmp_path / "one.html", [one])
    watched = Watched(browser, (tmp_path / "one.html").as_uri())
    expect(watched.page.get_by_role("heading", level=2)).to_have_text("\\u{202e}one")
    expect(watched.page.get_by_role("img", name="not verified")).to_have_count(1)
    expect(watched.page.locator(".reason")).to_have_text("tf GATA1, the card has ELK1")
    expect(watched.page.locator(".verdict")).to_contain_text("Not verified")
    assert watched.faults() == [] and watched.wrong == []
    watched.screenshot(tmp_path, "not_verified", whole=True)
    watched.page.close()
