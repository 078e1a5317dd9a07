"""Which sequences a reward can score, and how far any other text is from one.

A design is letters A, C, G and T alone, in either case, at least 20 of them and at most as many as the model reads at
once. Blanks around it do not count.
"""

from __future__ import annotations

from dataclasses import dataclass

from cistrace.cards.windows import MINIMUM_KNOWN

_BASES = "ACGT"


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a text cannot be scored.

    Attributes
    ----------
    reason : str
        Found, expected.
    severity : float
        Above 0, below 3: the sum of the share of letters that are none of A, C, G, T, the share of the fewest bases
        that is missing, and the share of all letters that is too much.
    """

    reason: str
    severity: float


def fault_of(bases: str, window: int) -> Fault | None:
    """What is wrong with upper-case text; None for a sequence that can be scored.

    Parameters
    ----------
    window : int
        Most bases.
    """
    length = len(bases)
    if MINIMUM_KNOWN <= length <= window and not bases.strip(_BASES):
        return None
    known = sum(map(bases.count, _BASES))
    reasons, severity = [], 0.0
    if known < length:
        reasons.append(f"{length - known:,} of {length:,} letters are none of A, C, G, T")
        severity += (length - known) / length
    if known < MINIMUM_KNOWN:
        reasons.append(f"found {known} bases, expected at least {MINIMUM_KNOWN}")
        severity += (MINIMUM_KNOWN - known) / MINIMUM_KNOWN
    if length > window:
        reasons.append(f"{length:,} letters long, expected at most {window}")
        severity += (length - window) / length
    return Fault("; ".join(reasons), severity)
