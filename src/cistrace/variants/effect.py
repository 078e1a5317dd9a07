"""What is predicted of one variant in one cell type."""

from __future__ import annotations

from dataclasses import dataclass

from cistrace.predictions.prediction import Provenance
from cistrace.variants.contrast import Contrast
from cistrace.variants.variant import Variant


@dataclass(frozen=True, slots=True, repr=False)
class VariantEffect:
    """One variant in one cell type.

    Attributes
    ----------
    variant : Variant
        As it was stated.
    cell_type : str
    ref_activity, alt_activity : float
        log2(RNA/DNA) of the window with either allele; of several windows the means.
    difference : float
        `alt_activity` - `ref_activity`.
    lower, upper : float
        90 % interval: a model trained anew on the same measurements says a difference in it. -inf and inf, with the
        flag `no_interval`, for a model that was not calibrated for it.
    percentile : float or None
        0-100: the share of random substitutions at random places of natural elements that move the activity by less,
        either way. None, with the flag `no_background`, for a model that has no such scale.
    flags : tuple of str
        What is unusual about the row: `padded`, `off_centre`, `ambiguous:N`, ...
    start, end : int
        The reference's window, in whose middle the variant stands: 0-based, half-open, on the contig.
    provenance : Provenance
    contrast : Contrast or None
        The two cards, what became of their sites, and the difference as a sum with its trace; None without traces.
    """

    variant: Variant
    cell_type: str
    ref_activity: float
    alt_activity: float
    difference: float
    lower: float
    upper: float
    percentile: float | None
    flags: tuple[str, ...]
    start: int
    end: int
    provenance: Provenance
    contrast: Contrast | None = None

    def __repr__(self) -> str:
        return (
            f"<VariantEffect {self.variant.name} in {self.cell_type}: {self.ref_activity:+.3f} to "
            f"{self.alt_activity:+.3f}, {self.difference:+.3f} ({interval(self)})>"
        )

    def _repr_html_(self) -> str:
        from cistrace.variants.html import effect_html  # which needs this module

        return effect_html(self)


def interval(effect: VariantEffect) -> str:
    """The interval in words: `-0.42 to -0.10`, or that there is none."""
    return "no interval" if "no_interval" in effect.flags else f"{effect.lower:+.2f} to {effect.upper:+.2f}"
