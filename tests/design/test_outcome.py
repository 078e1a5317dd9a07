"""Designs from judging to files: what is told is what the models say."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cli_helpers import invoke
from report_helpers import data_of

from cistrace.design.agreement import SiteLoss, agreement_of, site_losses
from cistrace.design.design import Design
from cistrace.design.judge import load_judge
from cistrace.design.natural import NaturalSet
from cistrace.design.outcome import DesignReport, judge_designs, judgements
from cistrace.design.summary import summary_lines
from cistrace.io.sequences import read_sequences
from cistrace.predict import Predictor
from cistrace.reward.objective import objective_of

pytestmark = pytest.mark.pipeline

CELLS = ("HepG2", "K562", "WTC11")
EXAMPLES = Path(__file__).parents[2] / "examples" / "enhancers.fa"
AIM = objective_of(None, "HepG2", ("K562", "WTC11"), None, CELLS)
RECORDS = list(read_sequences(EXAMPLES))[:4]


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor(threads=1)


@pytest.fixture(scope="module")
def report(predictor: Predictor) -> DesignReport:
    towers = predictor.checkpoint.towers
    assert towers is not None
    bases = [one.bases for one in RECORDS]
    said = [dict(zip(CELLS, row)) for row in towers.estimate(bases).tolist()]
    designs = [Design(f"d{at}", bases[at], "s", bases[at - 1], 0.0, said[at], {}, 9, 1) for at in range(1, len(bases))]
    natural = NaturalSet("n.fa", ("a", "b"), (bases[0], bases[1]))
    return judge_designs(designs, AIM, predictor, load_judge(), "HepG2", ("K562", "WTC11"), natural)


def test_values_and_gaps_are_those_of_the_two_models(report: DesignReport) -> None:
    judge = load_judge()
    for one in report.designs:
        (scores,) = judge.scores([one.design.bases])
        assert one.judgement is not None and one.gap is not None
        assert one.judgement.value == pytest.approx(scores[0] - max(scores[1:]), abs=1e-5)
        activities = one.design.activities
        assert one.gap == pytest.approx(
            activities["HepG2"] - max(activities["K562"], activities["WTC11"]) - one.judgement.value, abs=1e-5
        )
        assert one.judgement.percentiles == dict(zip(CELLS, judge.percentiles(scores[None])[0].tolist()))
        (start,) = judgements(judge, AIM, [one.design.start_bases or ""])
        assert one.start == start


def test_natural_elements_rank_evenly_by_their_own_objective() -> None:
    judge = load_judge()
    values = AIM.values(judge.natural)
    found = judgements(judge, AIM, [one.bases for one in RECORDS])
    for one in found:
        assert one.percentile == pytest.approx(100 * np.mean(values < one.value), abs=0.1)


def test_the_account_and_the_nearest_elements(report: DesignReport) -> None:
    assert report.account.designs == 3 and report.designs[0].nearest is not None
    assert (report.designs[0].nearest.id, report.designs[0].nearest.edits) == ("b", 0)
    assert report.account.natural is not None and report.account.natural[0] == 0
    assert all(one.starts is not None and one.natural is not None for one in report.account.motifs)


def test_traces_are_told_of_designs_and_starts_in_all_cell_types(report: DesignReport) -> None:
    assert all([told.cell_type for told in one.predictions] == list(CELLS) for one in report.designs)
    assert set(report.starts) == {one.design.start_bases for one in report.designs}
    assert report.agreement is not None
    assert report.agreement.sites == sum(one.agreement.sites for one in report.designs if one.agreement)


def test_a_site_s_loss_is_what_the_judge_says_without_it(predictor: Predictor) -> None:
    bases = RECORDS[0].bases
    (told,) = predictor.predict(bases, "K562")
    losses = site_losses([told], [bases], load_judge())
    assert told.ledger is not None and len(losses) == len(told.ledger.sites)
    assert [(one.tf, one.amount) for one in losses] == [(site.tf, site.amount) for site in told.ledger.sites]
    assert site_losses([replace(told, ledger=None)], [bases], load_judge()) == []


def test_agreement_counts_clear_sites_and_correlates_all() -> None:
    told = [(0.5, 0.4), (-0.2, 0.1), (0.05, -1.0), (0.1, 0.2)]
    found = agreement_of([SiteLoss("0", "SP1", 1, 9, amount, loss) for amount, loss in told])
    assert (found.sites, found.same_sign) == (3, 2)
    assert found.r == pytest.approx(np.corrcoef(np.array(told).T)[0, 1])
    assert agreement_of([]).r is None


def test_the_summary_begins_with_the_gap_and_states_shortfalls(report: DesignReport) -> None:
    lines = summary_lines(report)
    gaps = [one.gap for one in report.designs if one.gap is not None]
    assert f"a gap of {np.mean(gaps):.2f}" in lines[0] and lines[0].startswith("HepG2 - max(K562, WTC11):")
    assert any("at or above the judge's 99th percentile" in line for line in lines)
    unjudged = summary_lines(replace(report, judge=None, agreement=None))
    assert "not judged" in unjudged[0]


def test_the_command_judges_sequences_of_others(tmp_path: Path) -> None:
    line: list[str | Path] = ["judge", EXAMPLES, "--target", "hepg2", "--against", "K562,WTC11", "--no-trace", "-o"]
    made = invoke(*line, tmp_path / "out")
    assert made.exit_code == 0, made.output
    with (tmp_path / "out" / "designs.tsv").open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    records = list(read_sequences(EXAMPLES))
    assert [(row["id"], row["sequence"]) for row in rows] == [(one.id, one.bases) for one in records]
    assert float(rows[0]["gap"]) == pytest.approx(float(rows[0]["value"]) - float(rows[0]["judged"]), abs=2e-4)
    assert "a gap of" in made.stderr
    page = data_of((tmp_path / "out" / "report.html").read_text(encoding="utf-8"))
    assert [one["id"] for one in page["designs"]] == [one.id for one in records] and page["starts"] == []
    assert page["designs"][0]["view"] is None and page["judged"]  # no traces were asked for
    again = invoke(*line, tmp_path / "out")
    assert again.exit_code == 2 and "expected an empty folder" in again.stderr


@pytest.mark.parametrize(
    ("bases", "options", "message"),
    [
        ("ACGTN" * 20, [], "holds letters other than A, C, G and T"),
        ("ACGTT" * 41, [], "has 205 bp, expected at most 200"),
        ("ACGTT" * 20, ["--against", "HepG2"], "is an off-target too"),
        ("ACGTT" * 20, ["--judge", "none.safetensors"], "none.safetensors: not a readable tower"),
    ],
)
def test_what_cannot_be_judged_is_refused_before_any_work(
    tmp_path: Path, bases: str, options: list[str], message: str
) -> None:
    (tmp_path / "in.fa").write_text(f">one\n{bases}\n")
    made = invoke("judge", tmp_path / "in.fa", "--target", "HepG2", *options, "-o", tmp_path / "out")
    assert made.exit_code == 2 and message in made.stderr, made.output
    assert not (tmp_path / "out").exists()
