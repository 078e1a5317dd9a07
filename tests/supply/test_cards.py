"""The model card's header is one that hubs read, and its figures are those of docs/results.md."""

from __future__ import annotations

import re

import yaml
from script_helpers import ROOT

CARD = (ROOT / "src" / "cistrace" / "data" / "MODEL_CARD.md").read_text(encoding="utf-8")
RESULTS = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
CELL_TYPES = ("HepG2", "K562", "WTC11")


def test_hubs_read_the_header() -> None:
    from huggingface_hub import ModelCard

    data = ModelCard(CARD, ignore_metadata_errors=False).data.to_dict()
    assert (data["license"], data["library_name"]) == ("apache-2.0", "cistrace")
    (result,) = data["model-index"][0]["results"]
    assert [one["type"] for one in result["metrics"]] == ["pearson"] * 3


def test_the_figures_are_those_of_the_results() -> None:
    rows = {
        (cells[1], cells[2]): cells
        for line in RESULTS.splitlines()
        if len(cells := [cell.strip() for cell in line.split("|")]) == 13
    }
    (index,) = yaml.safe_load(CARD.split("---")[1])["model-index"]
    (result,) = index["results"]
    for cell_type, metric in zip(CELL_TYPES, result["metrics"], strict=True):
        n, pearson, spearman, rmse = (rows["model", cell_type][at] for at in (3, 4, 5, 6))
        assert f"| {cell_type} | {n} | {pearson} | {spearman} | {rmse} |" in CARD
        assert metric["name"].endswith(cell_type) and f"{metric['value']:.3f}" == pearson.split()[0]


def test_both_cards_give_the_same_splits() -> None:
    data = (ROOT / "docs" / "data-card.md").read_text(encoding="utf-8")
    counts = dict(re.findall(r"^\| (train|val|test) \| ([\d,]+) \|", data, flags=re.MULTILINE))
    assert f"{counts['train']} elements train, {counts['val']} val" in " ".join(CARD.split())
    assert f"{counts['test']} test" in CARD
