"""What `import cistrace` shows: its names, how soon, and how objects show themselves."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from statistics import median

import numpy as np
import pytest
from card_helpers import a_told_card
from cli_helpers import a_card, a_prediction

import cistrace
from cistrace import errors
from cistrace.cards.explanation import Explanation
from cistrace.cards.ledger import Ledger, SiteAmount
from cistrace.cards.sites import Site
from cistrace.motifs.background import load_background
from cistrace.motifs.hit import MotifHit
from cistrace.motifs.library import load_library
from cistrace.motifs.scanner import Scanner
from cistrace.predictions.html import MOST_ROWS
from cistrace.predictions.predictions import Predictions
from cistrace.traces.trace import Claim, Finding, Verification

HEAVY = {"torch", "pyarrow", "transformers", "numpy", "pandas", "polars", "rich", "lightmotif", "pysam"}


def in_python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_every_name_is_there_and_nothing_else_is_shown() -> None:
    assert [name for name in cistrace.__all__ if not hasattr(cistrace, name)] == []
    assert dir(cistrace) == sorted(cistrace.__all__) == sorted(set(cistrace.__all__))
    with pytest.raises(AttributeError, match="'cistrace' has no attribute 'Oracle'"):
        cistrace.Oracle  # noqa: B018


def test_type_checkers_read_what_python_gives() -> None:
    tree = ast.parse(Path(cistrace.__file__).read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    stated = {
        alias.name: node.module for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert stated == {name: f"cistrace.{home}" for home, names in cistrace._HOMES.items() for name in names}
    for name, home in stated.items():
        assert getattr(cistrace, name) is getattr(importlib.import_module(str(home)), name)
    lazy = set(stated) | {name for name, _ in error_classes()} | {"__version__"}
    assert lazy == set(cistrace.__all__)


def error_classes() -> list[tuple[str, type]]:
    return inspect.getmembers(errors, lambda one: inspect.isclass(one) and one.__module__ == errors.__name__)


def test_the_tree_of_errors_is_told_as_it_is() -> None:
    lines = [line for line in (errors.__doc__ or "").splitlines() if re.match(r" {4}(Cistrace|\+|\|)", line)]
    assert "\n".join(lines) in (cistrace.__doc__ or "")
    parents, stated = ["CistraceError"], {}
    for line in lines[1:]:
        depth, name = line.index("+--") // 4, re.findall(r"\w+", line)[0]
        parents[depth:] = [name]
        stated[name] = parents[depth - 1]
    assert stated == {name: kind.__bases__[0].__name__ for name, kind in error_classes() if name != "CistraceError"}


def test_importing_loads_nothing_heavy_and_takes_no_time() -> None:
    code = (
        "import sys, time; start = time.process_time(); import cistrace; print(time.process_time() - start, "
        f"*({HEAVY} & set(sys.modules)))"
    )
    spent = [in_python(code).split() for _ in range(3)]
    assert [found[1:] for found in spent] == [[]] * 3
    assert median(float(found[0]) for found in spent) < 0.1


def test_the_light_names_load_no_torch() -> None:
    light = [name for name in cistrace.__all__ if name not in ("Explainer", "Predictor", "Reward", "VariantScorer")]
    code = f"import sys, cistrace; [getattr(cistrace, name) for name in {light}]; print('torch' in sys.modules)"
    assert in_python(code) == "False"


def test_objects_show_themselves_in_a_line() -> None:
    prediction = a_prediction()
    assert repr(prediction) == (
        "<Prediction one in K562: +0.420 (-0.33 to +0.67), level 2, percentile 61.5, 5 of 5 claims verified>"
    )
    tiled = replace(prediction, start=100, end=300, flags=("tiled:3", "window:101-300"))
    assert repr(tiled).startswith("<Prediction one, 101-300, in K562: +0.420 (")
    assert repr(replace(prediction, trace_text=None)).endswith("percentile 61.5, no trace>")
    assert "not a trace>" in repr(replace(prediction, verification=None))
    assert "(no interval)" in repr(replace(prediction, lower=float("-inf"), upper=float("inf")))
    assert repr(a_card()) == "<Card 34 bp in K562: 2 sites (ELK1, FOXA1), 0 tags, total +0.42>"
    assert repr(a_card().sites[0]) == "<CardSite ELK1 (ETS) [0:8] +, +0.31>"
    untold = replace(a_card().sites[0], amount=None)
    assert repr(untold) == "<CardSite ELK1 (ETS) [0:8] +, among the rest>"
    plain = cistrace.paper_card("ACGT" * 10, "K562", [])
    assert repr(plain) == "<Card 40 bp in K562: no hits, 0 tags, no ledger>"
    assert repr(a_card().hits[0]) == "<MotifHit ELK1 MA0028.3 [0:8] +, 9.50 bits, p 1.0e-05>"
    assert repr(cistrace.DnaSequence("x", "ACGT" * 50)) == "<DnaSequence 'x': 200 bp, ACGTACGTACGTACGTACGT...>"
    assert re.fullmatch(r"<Trace of 5 steps \(\w+(, \w+){4}\), level 2>", repr(prediction.trace))
    assert repr(Claim("site", (("tf", "SP1"), ("strand", "+")))) == "<Claim site: tf=SP1, strand=+>"
    findings = (Finding(1, "gc", "40", "41", False), Finding(2, "tf", "SP1", "SP1", True))
    found = Verification(findings, 2, 1, ("gc", "site"))
    assert repr(found) == "<Verification: 1 of 2 claims agree with the card; wrong: step 1 gc>"


def test_scanner_and_library_show_what_they_are() -> None:
    library = load_library()
    assert re.fullmatch(r"<MotifLibrary JASPAR2026: [\d,]+ motifs>", repr(library))
    part = replace(library, motifs=library.motifs[:2])
    assert (
        repr(part.motifs[0]) == f"<Motif {part.motifs[0].matrix_id} {part.motifs[0].name}, {part.motifs[0].width} bp>"
    )
    shown = repr(Scanner(part, load_background("fimo")))
    assert "<MotifLibrary JASPAR2026: 2 motifs>" in shown and "background=fimo p<=5e-05" in shown


class Tags(HTMLParser):
    """Collects tags and text; fails where a tag does not close."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read_html(text: str) -> Tags:
    parser = Tags()
    parser.feed(text)
    assert parser.open == []
    return parser


HOSTILE = "<script>alert('x')</script>\x1b[31m"


def test_a_notebook_shows_the_row_the_trace_and_the_card() -> None:
    prediction = replace(a_prediction(HOSTILE), card=a_card())
    page = read_html(prediction._repr_html_())
    assert "script" not in page.tags and "\x1b" not in "".join(page.text)
    assert page.text.count("+0.420") == 1 and "-0.33 to +0.67" in page.text
    assert any("Verified: all 5 claims agree with the card." in text for text in page.text)
    assert page.tags.count("details") == 3 and page.tags.count("svg") == 2


def test_a_notebook_shows_no_trace_where_there_is_none() -> None:
    page = read_html(a_prediction(trace=False)._repr_html_())
    assert "details" not in page.tags and "svg" not in page.tags


def test_a_card_draws_its_sites_where_they_lie() -> None:
    hit = MotifHit("MA1.1", "<A & B>", frozenset({"F<G>"}), 50, 60, "-", 9.5, 1e-5)
    html = a_told_card("ACGT" * 25, [hit], [-0.2], 0.1, 0.1, cell_type="K<562")._repr_html_()
    page = read_html(html)
    assert {"<A & B>", "MA1.1", "51-60", "-0.20"} <= set(page.text) and "b" in page.tags and "a" not in page.tags
    (box,) = re.findall(r"<rect [^>]*>", html)
    assert 'x="300.0"' in box and 'width="60.0"' in box and 'y="19"' in box and 'fill="#2263a8"' in box


def test_a_notebook_shows_a_list_of_predictions_as_one_table() -> None:
    several = Predictions([a_prediction(HOSTILE, trace=False), a_prediction("two", "HepG2")])
    page = read_html(several._repr_html_())
    assert page.tags.count("table") == 1 and page.tags.count("tr") == 3 and "script" not in page.tags
    assert {"two", "HepG2", "+0.420"} <= set(page.text) and "\x1b" not in "".join(page.text)
    assert several == list(several) and Predictions(several[:1]) == several[:1]
    many = Predictions([a_prediction(trace=False)] * (MOST_ROWS + 1_001))
    page = read_html(many._repr_html_())
    assert page.tags.count("tr") == 1 + MOST_ROWS and "and 1,001 more" in page.text


def test_a_notebook_shows_a_trace_step_by_step() -> None:
    trace = a_prediction().trace
    assert trace is not None
    hostile = replace(trace, steps=(*trace.steps, Claim("prose", (("text", HOSTILE),))))
    page = read_html(hostile._repr_html_())
    assert page.tags.count("li") == len(trace.steps) + 1 and f"Level {trace.level}" in page.text
    assert "script" not in page.tags and "<script>alert('x')</script>\\x1b[31m" in page.text


def test_a_notebook_shows_ledgers_as_waterfalls() -> None:
    told = a_prediction().ledger
    assert told is not None
    page = read_html(told._repr_html_())
    assert {"backdrop", "ELK1 1-8", "+0.31", "FOXA1 13-20", "-0.12", "activity", "+0.42"} <= set(page.text)
    hit = MotifHit("MA1.1", "<b>", frozenset(), 4, 10, "+", 9.5, 1e-5)
    amounts = tuple(SiteAmount(Site(4, 10, hit, "<i>", "X"), 0.5 / (at + 1), 0.0) for at in range(7))
    total = 0.1 + sum(one.amount for one in amounts)
    explanation = Explanation(cistrace.DnaSequence(HOSTILE, "ACGT" * 5), (Ledger("K<562", 0.1, amounts, total),))
    page = read_html(explanation._repr_html_())
    assert {"<i> 5-10", "2 other sites", "+0.50", "+0.25", f"{total:+.2f}", " K<562"} <= set(page.text)
    assert "script" not in page.tags and "i" not in page.tags and page.tags.count("rect") == 8


def test_a_notebook_shows_what_bases_do() -> None:
    changes = np.zeros((5, 4, 1), dtype=np.float32)
    changes[1, 3, 0], changes[2, 0, 0], changes[4] = 0.25, -0.75, np.nan
    added = np.array([[0.5], [-0.25], [0.0], [0.0], [0.0]], dtype=np.float32)
    one = np.ones(1, dtype=np.float32)
    found = cistrace.BaseEffects(
        cistrace.DnaSequence(HOSTILE, "ACGTN"), ("K<562",), changes, added,
        (cistrace.WindowSum(0, 5, one, one, np.full(1, 0.25, dtype=np.float32)),), np.zeros(5, dtype=np.intp),
    )  # fmt: skip
    page = read_html(found._repr_html_())
    assert {"G 3", "-0.750", "C 2", "+0.250"} <= set(page.text) and page.text.count("A") == 3
    assert page.tags.count("tr") == 3 and "script" not in page.tags
    assert "Contributions add up to the activity within 0.250." in page.text
    plain = replace(found, contributions=None, windows=(cistrace.WindowSum(0, 5, one),))
    assert "svg" not in read_html(plain._repr_html_()).tags
