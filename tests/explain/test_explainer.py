"""Ledgers of the shipped model and of any other."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from checkpoint_helpers import altered_checkpoint
from motif_helpers import random_sequences
from numpy.typing import NDArray

from cistrace import Explainer
from cistrace.checkpoints.load import load_checkpoint
from cistrace.errors import CellTypeError, InputError, ModelError

AP1 = "ATGACTCATC"
GATA = "AGATAAGA"


def with_sites(seed: int = 0) -> str:
    left, right = random_sequences(2, 60, seed)
    return f"{left}{AP1}{right}{GATA}{left[:40]}"


def count(sequences: list[str]) -> NDArray[np.float64]:
    """Two made-up cell types: one counts AP-1 sites, the other has use for GATA beside AP-1 alone."""
    ap1 = np.array(["TGACTCA" in bases for bases in sequences], dtype=np.float64)
    gata = np.array([GATA in bases for bases in sequences], dtype=np.float64)
    return np.stack([ap1, ap1 * gata], axis=1)


def test_a_model_of_ones_own_is_explained_by_its_sites() -> None:
    (found,) = Explainer(count, ["one", "both"]).explain(with_sites())
    one, both = found.ledgers
    assert [ledger.cell_type for ledger in found.ledgers] == ["one", "both"]
    assert (one.backdrop, one.total) == (0, 1)
    assert one.sites[0].site.archetype == "AP-1" and one.sites[0].amount == 1
    named = {term.site.archetype: (term.amount, term.alone) for term in both.sites[:2]}
    assert named == {"AP-1": (0.5, 1.0), "GATA": (0.5, 1.0)}  # neither is worth anything without the other
    assert all(term.amount == 0 for term in (*one.sites[1:], *both.sites[2:]))


def test_a_model_sees_letters_alone() -> None:
    seen: set[str] = set()

    def score(sequences: list[str]) -> NDArray[np.float64]:
        seen.update("".join(sequences))
        return count(sequences)

    Explainer(score, ["one", "both"]).explain([with_sites(), with_sites(1)])
    assert seen == set("ACGT")


def test_a_factor_that_is_not_expressed_names_no_site() -> None:
    (found,) = Explainer(count, ["one", "both"], ["GATA3"]).explain(with_sites())
    assert {term.site.symbol for term in found.ledgers[0].sites} == {"GATA3"}
    assert found.ledgers[0].backdrop == 1  # AP-1 is nobody's site


def test_an_explanation_adds_up_as_it_is_written() -> None:
    (found,) = Explainer(count, ["one", "both"]).explain(with_sites())
    lines = str(found).split("\n\n")[0].splitlines()
    assert lines[0] == "seq1 in one: +1.00"
    terms = [re.search(r"([+-]\d+\.\d\d) +([+-]\d+\.\d\d)$", line) for line in lines[1:]]
    running = 0.0
    for term in terms:
        assert term is not None
        running += float(term[1])
        assert running == pytest.approx(float(term[2]), abs=1e-9)
    assert running == pytest.approx(1.0)
    assert any(re.search(r"site \[AP-1\] at \d+-\d+ \([+-]\), \d+ bits", line) for line in lines)


@pytest.mark.pipeline
def test_the_shipped_models_score_is_the_sum() -> None:
    sequences = random_sequences(3, 200)
    found = Explainer(cell_types=["k562", "HepG2"]).explain(
        {"a": sequences[0], "b": sequences[1], "c": sequences[2][:90]}
    )
    assert [one.sequence.id for one in found] == ["a", "b", "c"]
    checkpoint = load_checkpoint()
    assert checkpoint.towers is not None
    scores = checkpoint.towers.estimate([one.sequence.bases for one in found])
    for row, one in enumerate(found):
        assert [ledger.cell_type for ledger in one.ledgers] == ["K562", "HepG2"]
        for ledger in one.ledgers:
            score = scores[row, checkpoint.cell_types.index(ledger.cell_type)]
            assert ledger.total == pytest.approx(score, abs=1e-5)
            assert ledger.backdrop + sum(term.amount for term in ledger.sites) == pytest.approx(score, abs=1e-5)


def test_what_cannot_be_explained_is_refused() -> None:
    with pytest.raises(ModelError, match="found a score without cell_types"):
        Explainer(count)
    with pytest.raises(ModelError, match=r"found scores of shape \(\d+, 2\) for \d+ sequences, expected \(\d+, 1\)"):
        Explainer(count, "one").explain(with_sites())
    with pytest.raises(InputError, match="4 bp long, expected at least 20"):
        Explainer(count, ["one", "both"]).explain("ACGT")


def test_another_checkpoint_is_explained(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="none"):
        Explainer(model=tmp_path / "none")
    folder = altered_checkpoint(
        tmp_path / "model",
        lambda config: replace(
            config,
            cell_types=("A", "B", "C"),
            scales=dict(zip("ABC", config.scales.values(), strict=True)),
        ),
    )
    assert Explainer(cell_types="b", model=folder).cell_types == ("B",)


@pytest.mark.pipeline
def test_the_shipped_model_refuses_what_it_cannot_read() -> None:
    with pytest.raises(InputError, match="seq1: found 201 bp, expected at most 200"):
        Explainer().explain("A" * 201)
    with pytest.raises(CellTypeError, match="not known to the model"):
        Explainer(cell_types="HeLa")
