from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cistrace.reward.validity import fault_of

WINDOW = 200


@given(st.text("ACGT", min_size=20, max_size=WINDOW))
def test_bases_have_no_fault(bases: str) -> None:
    assert fault_of(bases, WINDOW) is None


@pytest.mark.parametrize(
    ("bases", "severity", "said"),
    [
        ("", 1.0, "found 0 bases, expected at least 20"),
        ("ACGT", 0.8, "found 4 bases, expected at least 20"),
        ("ACGT" * 60, 1 / 6, "240 letters long, expected at most 200"),
        ("ACGT" * 9 + "NNNN", 0.1, "4 of 40 letters are none of A, C, G, T"),
        ("HELLO", 2.0, "5 of 5 letters"),
        ("Ä" * 40, 2.0, "40 of 40 letters"),
    ],
)
def test_faults_are_told_and_weighed(bases: str, severity: float, said: str) -> None:
    fault = fault_of(bases, WINDOW)
    assert fault is not None and said in fault.reason
    assert fault.severity == pytest.approx(severity)


@given(st.text(max_size=500))
def test_severity_is_bounded(bases: str) -> None:
    fault = fault_of(bases.strip().upper(), WINDOW)
    assert fault is None or 0 < fault.severity < 3


def test_the_nearer_to_dna_the_less_severe() -> None:
    texts = ["X" * 100, "X" * 50 + "A" * 50, "X" + "A" * 99]
    severities = [fault.severity for fault in (fault_of(text, WINDOW) for text in texts) if fault is not None]
    assert severities == sorted(severities, reverse=True) and len(set(severities)) == 3
