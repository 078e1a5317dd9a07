"""The page of designs in a real browser; screenshots as of `tests/report/test_browser.py`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser_helpers import Watched, chromium
from playwright.sync_api import Browser, expect

from cistrace.design.design import Design
from cistrace.design.judge import load_judge
from cistrace.design.natural import NaturalSet
from cistrace.design.outcome import judge_designs
from cistrace.design.outputs import write_outputs
from cistrace.io.sequences import read_sequences
from cistrace.predict import Predictor
from cistrace.reward.objective import objective_of

pytestmark = pytest.mark.integration

CELLS = ("HepG2", "K562", "WTC11")
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"
EXAMPLES = Path(__file__).parents[2] / "examples" / "enhancers.fa"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four natural elements with an HNF1 site put in, one of them without a start and of a hostile name."""
    folder = tmp_path_factory.mktemp("designs")
    predictor = Predictor()
    towers = predictor.checkpoint.towers
    assert towers is not None
    starts = [one.bases for one in read_sequences(EXAMPLES)][:4]
    bases = [start[:60] + "GGTTAATGATTAACC" + start[75:] for start in starts]
    designs = []
    for at, said in enumerate(towers.estimate(bases).tolist()):
        edits = sum(one != other for one, other in zip(bases[at], starts[at]))
        activities = dict(zip(CELLS, said))
        own = at < 3
        name = f"design_{at + 1}" if own else HOSTILE
        begun, before = (f"start_{at}", starts[at]) if own else (None, None)
        designs.append(Design(name, bases[at], begun, before, 1.0, activities, {}, edits if own else 0, 4, ("site",)))
    aim = objective_of(None, "HepG2", ("K562", "WTC11"), None, CELLS)
    natural = NaturalSet("natural.fa", tuple("abcd"), tuple(starts))
    found = judge_designs(designs, aim, predictor, load_judge(), "HepG2", ("K562", "WTC11"), natural)
    write_outputs(found, predictor, "designs", folder)
    return folder / "report.html"


@pytest.fixture
def opened(browser: Browser, report: Path) -> Iterator[Watched]:
    watched = Watched(browser, report.as_uri())
    yield watched
    assert watched.wrong == []
    watched.page.close()


def test_the_overview_tells_the_gap_first_and_leads_to_each_design(opened: Watched, tmp_path: Path) -> None:
    page = opened.page
    expect(page.locator(".summary li").first).to_contain_text("a gap of")
    expect(page.locator(".panels figure")).to_have_count(3)
    expect(page.locator(".panels figure").first.locator("circle")).to_have_count(4)
    opened.screenshot(tmp_path, "designs", whole=True)
    page.get_by_role("link", name="design_2").click()
    expect(page.locator("article.sequence")).to_have_count(2)
    expect(page.locator(".which")).to_have_text(["Design", "Start"])
    opened.screenshot(tmp_path, "design", whole=True)
    page.get_by_role("link", name="All designs").click()
    expect(page.locator(".summary")).to_be_visible()


def test_what_was_changed_is_marked(opened: Watched) -> None:
    page = opened.page
    page.get_by_role("link", name="design_1").click()
    heading = page.get_by_role("heading", name="Changes:").inner_text()
    edits = int(heading.split()[1])
    expect(page.locator(".change b")).to_have_count(2 * edits)
    assert edits > 5


def test_a_design_from_nowhere_stands_alone_and_its_name_is_text(opened: Watched) -> None:
    page = opened.page
    page.goto(page.url.split("#")[0] + "#4")
    expect(page.locator("article.sequence")).to_have_count(1)
    expect(page.get_by_role("heading", level=2)).to_have_text(HOSTILE)
    expect(page.get_by_role("heading", name="Changes:")).to_have_count(0)
    assert page.locator("main script, main img").count() == 0


def test_pointing_lights_sites_of_one_of_the_two_alone(opened: Watched) -> None:
    page = opened.page
    page.get_by_role("link", name="design_1").click()
    page.locator("article.sequence").first.locator(".step[data-sites]").filter(has_text="m1: ").first.hover()
    assert page.locator("article.sequence").first.locator(".site.lit").count() >= 1
    expect(page.locator("article.sequence").last.locator(".lit")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("place", ["", "#1"])
def test_there_is_no_serious_fault_of_accessibility(
    browser: Browser, report: Path, tmp_path: Path, scheme: str, place: str
) -> None:
    watched = Watched(browser, report.as_uri() + place, scheme=scheme)  # type: ignore[arg-type]
    watched.screenshot(tmp_path, f"designs{place.strip('#')}_{scheme}", whole=True)
    assert watched.faults() == [] and watched.wrong == []
    watched.page.close()


def test_a_narrow_screen_holds_it(browser: Browser, report: Path) -> None:
    for place in ("", "#1"):
        watched = Watched(browser, report.as_uri() + place, width=420)
        assert watched.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert watched.wrong == []
        watched.page.close()
