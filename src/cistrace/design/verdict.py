"""What speaks against a design, flag by flag.

out_of_domain            lies beyond the threshold of what the model was trained on
stuffed:ARCHETYPE:N      N sites of one archetype, beyond what 99.9 % of natural enhancers have
crowded                  sites cover more of it than of 99.5 % of natural enhancers
repetitive               its DUST score or the entropy of its words is beyond that of 99.5 %
judge_target             the judge's score in the target is below the 99th percentile of natural elements
judge_off_target:NAME    the judge's score in an off-target is above the median of natural elements
judge_no_gain            the judge sees no gain over the start
trace_disagrees          fewer than two in three told sites move the judge the way the trace says
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cistrace.design.judged import JudgedDesign
from cistrace.design.reference import NaturalReference

TARGET_PERCENTILE = 99.0
OFF_TARGET_PERCENTILE = 50.0
AGREEING = 2 / 3  # of told sites
FEWEST_SITES = 2  # below which agreement says nothing


def verdict_flags(
    judged: JudgedDesign, reference: NaturalReference, target: str | None, against: Sequence[str]
) -> Iterator[str]:
    """The flags of one design.

    Parameters
    ----------
    target, against
        Cell types; without a target the judge's percentile of the objective stands in its place.
    """
    if judged.excess is not None and judged.excess > 0:
        yield "out_of_domain"
    yield from reference.flags(judged.figures)
    if judged.judgement is not None:
        said = judged.judgement
        if (said.percentile if target is None else said.percentiles[target]) < TARGET_PERCENTILE:
            yield "judge_target"
        for name in against:
            if said.percentiles[name] > OFF_TARGET_PERCENTILE:
                yield f"judge_off_target:{name}"
        if judged.start is not None and said.value <= judged.start.value:
            yield "judge_no_gain"
    found = judged.agreement
    if found is not None and found.sites >= FEWEST_SITES and found.same_sign < AGREEING * found.sites:
        yield "trace_disagrees"
