"""What flags a design gets, and from where on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from judged_helpers import CELLS, FIGURES, a_judged, a_judgement

from cistrace.design.agreement import Agreement
from cistrace.design.figures import SequenceFigures, figures_of
from cistrace.design.judged import JudgedDesign
from cistrace.design.reference import NaturalReference, natural_reference, reference_of
from cistrace.design.verdict import verdict_flags

LIMITS = NaturalReference(100, 0.8, 3.0, 6.0, {"SP/KLF": 7})


def flags(judged: JudgedDesign, target: str | None = "HepG2") -> list[str]:
    return list(verdict_flags(judged, LIMITS, target, CELLS[1:]))


def figures(**changes: object) -> SequenceFigures:
    return replace(FIGURES, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"excess": 0.01}, ["out_of_domain"]),
        ({"excess": None, "judgement": None}, []),
        ({"figures": figures(archetypes={"SP/KLF": 7, "AP-1": 3})}, []),
        ({"figures": figures(archetypes={"SP/KLF": 8, "AP-1": 4})}, ["stuffed:AP-1:4", "stuffed:SP/KLF:8"]),
        ({"figures": figures(covered=0.81)}, ["crowded"]),
        ({"figures": figures(dust=3.1)}, ["repetitive"]),
        ({"figures": figures(entropy=5.9)}, ["repetitive"]),
        ({"judgement": a_judgement(target=98.9)}, ["judge_target"]),
        ({"judgement": a_judgement(off=50.1)}, ["judge_off_target:K562", "judge_off_target:WTC11"]),
        ({"judgement": a_judgement(off=50.0)}, []),
        ({"start": a_judgement(value=1.5)}, ["judge_no_gain"]),
        ({"start": a_judgement(value=1.4)}, []),
        ({"agreement": Agreement(3, 1, 0.1)}, ["trace_disagrees"]),
        ({"agreement": Agreement(3, 2, 0.1)}, []),
        ({"agreement": Agreement(1, 0, None)}, []),  # of one site nothing follows
    ],
)
def test_flags(changes: dict[str, object], expected: list[str]) -> None:
    assert flags(a_judged(**changes)) == expected


@pytest.mark.parametrize("length", [20, 40, 60, 100, 200])
def test_random_sequences_of_any_length_are_not_repetitive(length: int) -> None:
    random = np.random.default_rng(length)
    sequences = ["".join(random.choice(list("ACGT"), length)) for _ in range(100)]
    found = [list(natural_reference().flags(figures_of(bases, ()))) for bases in sequences]
    assert sum("repetitive" in flags for flags in found) <= 2
    assert "repetitive" in natural_reference().flags(figures_of("AC" * (length // 2), ()))


def test_without_a_target_the_objective_is_ranked() -> None:
    low = replace(a_judgement(target=10.0), percentile=99.0)
    assert flags(a_judged(judgement=low), None) == []
    assert flags(a_judged(judgement=replace(low, percentile=98.0)), None) == ["judge_target"]


def test_limits_are_those_that_few_elements_pass() -> None:
    random = np.random.default_rng(0)
    many = [
        figures(archetypes={"AP-1": int(count)}, covered=share, dust=share, entropy=share)
        for count, share in zip(random.poisson(3, 4000) + 1, random.random(4000))
    ]
    limits = reference_of(many)
    beyond = [one for one in many if one.archetypes["AP-1"] > limits.archetypes["AP-1"]]
    reaching = [one for one in many if one.archetypes["AP-1"] >= limits.archetypes["AP-1"]]
    assert len(beyond) <= 4 < len(reaching)
    assert sum(one.covered > limits.covered for one in many) == pytest.approx(20, abs=1)
    assert sum(one.entropy < limits.entropy for one in many) == pytest.approx(20, abs=1)


def test_the_limits_that_ship_are_of_many_elements() -> None:
    shipped = natural_reference()
    assert shipped.elements >= 5000 and shipped.archetypes["SP/KLF"] > shipped.archetypes.get("AP-1", 0)
    assert 0.5 < shipped.covered < 1 and 4 < shipped.entropy < 7.6
