"""A difference as a sum: the ledger of the alternative allele less that of the reference's, with its trace."""

from __future__ import annotations

from dataclasses import dataclass

from cistrace.cards.card import Card
from cistrace.traces.ledger import amount, hundredths, read_hundredths, signed
from cistrace.traces.trace import Finding
from cistrace.variants.contrast_trace import Direction, Step, render, site_step, step, summed, verify
from cistrace.variants.fates import SiteFate, fates, interplay_of
from cistrace.variants.windows import AlleleWindow

MOST_STEPS = 9
LEAST = 2  # hundredths of a log2 unit below which what became of a site is not worth a step


@dataclass(frozen=True, slots=True)
class ContrastLedger:
    """What the trace of a difference adds up; log2 units, 2 decimals.

    Attributes
    ----------
    composition, bases : float
        Of the backdrop: what GC and CpG foretell, and what the bases between sites make of it beyond.
    sites : tuple of SiteFate
        Those that are told, in the trace's order.
    interplay : float
        Of two sites, where both cards tell it; else it is in the sites' amounts.
    windows : float
        What the mean over several windows is beyond the one of the cards.
    rest : float
        All that is not told one by one.
    difference : float
        The sum.
    """

    composition: float
    bases: float
    sites: tuple[SiteFate, ...]
    interplay: float
    windows: float
    rest: float
    difference: float


@dataclass(frozen=True, eq=False, repr=False)
class Contrast:
    """The cards of both alleles, and what one is beyond the other.

    Attributes
    ----------
    ref_card, alt_card : Card
        Positions are those of the windows.
    fates : tuple of SiteFate
        Of all sites; those that fit both alleles alike are `kept`.
    steps : tuple of Step
    text : str
        The trace: steps and effect.
    ledger : ContrastLedger
    findings : tuple of Finding
        What verification says of the text.
    """

    ref_card: Card
    alt_card: Card
    fates: tuple[SiteFate, ...]
    steps: tuple[Step, ...]
    text: str
    ledger: ContrastLedger
    findings: tuple[Finding, ...]

    @property
    def verified(self) -> bool:
        """Whether every field, sum and form of the text holds."""
        return all(finding.supported for finding in self.findings)

    def __repr__(self) -> str:
        altered = (
            ", ".join(f"{one.fate} {one.archetype}" for one in self.fates if one.fate != "kept") or "no site altered"
        )
        return f"<Contrast {self.ledger.difference:+.2f}: {altered}>"


def contrast(
    ref: Card, alt: Card, window: AlleleWindow, difference: float, direction: Direction, count: int = 1
) -> Contrast:
    """Take the ledger of one card from that of the other.

    Parameters
    ----------
    ref, alt : Card
        Evidence cards of a window's alleles.
    difference : float
        Activity with the alternative allele less that with the reference's, log2 units; of several windows their mean.
    count : int
        Windows.
    """
    found = fates(ref, alt, window)
    sites = {site_step(one, hundredths(one.change)): one for one in found if one.change is not None}
    others = _other_steps(ref, alt, window, difference, count)
    whole = step("whole", total=signed(hundredths(difference)))
    possible = (*others, *sites, whole)
    worth = [one for one in sites if abs(one.added) >= LEAST]
    room = MOST_STEPS - 1 - len(others)
    told = sorted([*others, *sorted(worth, key=lambda one: -abs(one.added))[:room]], key=lambda one: -abs(one.added))
    steps = summed((*told, whole))
    text = render(steps, direction)
    findings = (*verify(text, possible, direction), _total(ref, alt, steps))
    return Contrast(ref, alt, found, steps, text, _ledger(steps, sites), findings)


def _other_steps(ref: Card, alt: Card, window: AlleleWindow, difference: float, count: int) -> list[Step]:
    """Backdrop, interplay, and what further windows bring."""
    before, after = ref.ledger, alt.ledger
    assert before is not None and after is not None
    steps = [
        step(
            "backdrop",
            composition=signed(hundredths(after.composition - before.composition)),
            bases=signed(hundredths(after.bases - before.bases)),
        )
    ]
    if joined := interplay_of(ref, alt, window):
        one, other = map(hundredths, joined)
        steps.append(step("interplay", ref_amount=signed(one), alt_amount=signed(other), change=amount(other - one)))
    if count > 1:
        beyond = hundredths(difference) - hundredths(after.total - before.total)
        steps.append(step("windows", count=str(count), change=amount(beyond)))
    return steps


def _total(ref: Card, alt: Card, steps: tuple[Step, ...]) -> Finding:
    """Whether the told whole is what the cards' totals differ by, but for rounding and further windows."""
    assert ref.ledger is not None and alt.ledger is not None
    beyond = sum(one.added for one in steps if one.kind == "windows")
    told = sum(one.added for one in steps)
    cards = hundredths(alt.ledger.total - ref.ledger.total) + beyond
    return Finding(len(steps), "total", signed(told), signed(cards), abs(told - cards) <= 1)


def _ledger(steps: tuple[Step, ...], sites: dict[Step, SiteFate]) -> ContrastLedger:
    by_words = {one.values[:5]: fate for one, fate in sites.items()}

    def of(kind: str, name: str) -> float:
        return sum(read_hundredths(one.get(name)) for one in steps if one.kind == kind) / 100

    return ContrastLedger(
        composition=of("backdrop", "composition"),
        bases=of("backdrop", "bases"),
        sites=tuple(by_words[one.values[:5]] for one in steps if one.values[:5] in by_words),
        interplay=of("interplay", "change"),
        windows=of("windows", "change"),
        rest=of("whole", "rest"),
        difference=sum(one.added for one in steps) / 100,
    )
