from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from cistrace.cards.explanation import Explanation
from cistrace.cards.ledger import Ledger, SiteAmount
from cistrace.cards.ledger_text import ledger_text
from cistrace.cards.sites import Site
from cistrace.io.dna_sequence import DnaSequence
from cistrace.motifs.hit import MotifHit

AMOUNTS = st.floats(-9, 9, allow_nan=False)


def ledger(backdrop: float, amounts: list[float]) -> Ledger:
    sites = []
    for at, amount in enumerate(amounts):
        hit = MotifHit("MA0079.5", "SP1", frozenset(), 10 * at, 10 * at + 9, "-", 12.4, 1e-6)
        sites.append(SiteAmount(Site(10 * at, 10 * at + 9, hit, "SP1", "SP/KLF"), amount, amount))
    return Ledger("K562", backdrop, tuple(sites), backdrop + sum(amounts))


def figures(line: str) -> tuple[float, float]:
    found = re.search(r" ([+-]\d+\.\d\d) +([+-]\d+\.\d\d)$", line)
    assert found is not None, line
    return float(found[1]), float(found[2])


def test_a_ledger_is_read_from_top_to_bottom() -> None:
    assert ledger_text(ledger(-0.8, [0.35, -0.101, 0.05]), named=2).splitlines() == [
        "K562: -0.50",
        "  backdrop, without any site                -0.80   -0.80",
        "  SP1 site [SP/KLF] at 1-9 (-), 12 bits     +0.35   -0.45",
        "  SP1 site [SP/KLF] at 11-19 (-), 12 bits   -0.10   -0.55",
        "  1 other site                              +0.05   -0.50",
    ]


@given(AMOUNTS, st.lists(AMOUNTS, max_size=9), st.integers(0, 6))
def test_the_lines_add_up_to_the_total_as_written(backdrop: float, amounts: list[float], named: int) -> None:
    text = ledger_text(ledger(backdrop, amounts), named)
    assert "-0.00" not in text
    first, *lines = text.splitlines()
    assert len(lines) == 1 + min(named, len(amounts)) + (len(amounts) > named)
    hundredths = 0
    for line in lines:
        moved, shown = figures(line)
        hundredths += round(100 * moved)
        assert hundredths == round(100 * shown)
    assert hundredths == round(100 * float(first.split()[1]))


def test_an_explanation_shows_its_ledgers() -> None:
    found = Explanation(DnaSequence("e1", "ACGT" * 5), (ledger(0.5, []), ledger(-1.0, [0.25])))
    assert repr(found) == "<Explanation of e1, 20 bp, 0 sites: K562 +0.50, K562 -0.75>"
    assert str(found).startswith(
        "e1 in K562: +0.50\n  backdrop, without any site   +0.50   +0.50\n\ne1 in K562: -0.75\n"
    )
