"""The trace, its claims, and what verification finds in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ClaimKind = Literal[
    "gc", "cpg", "complexity", "absence", "homotypic", "pair", "backdrop", "site", "interplay", "whole", "prose"
]  # fmt: skip
"""What a step is about. `prose` is a step in the writer's own words; every other kind has a template."""

WrittenBy = Literal["model", "model again", "grounded writer"]
"""Who wrote a reported trace: the model at once, the model by drawing, or the grounded writer, where neither holds."""

PROSE: ClaimKind = "prose"
STEP, REPEAT, FORM, LENGTH = "step", "repeat", "form", "length"  # fields of findings about more than one value


@dataclass(frozen=True, slots=True, repr=False)
class Claim:
    """One step of a trace: a kind and what it asserts.

    Attributes
    ----------
    kind : ClaimKind
    values : tuple of (str, str)
        Fields of the kind's template (`templates.STEPS`) and what the step says of them, in the template's order; of a
        `prose` step its `text` alone.
    """

    kind: ClaimKind
    values: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str | None:
        """What the step says of the field `name`; None where it has no such field."""
        return dict(self.values).get(name)

    def __repr__(self) -> str:
        return f"<Claim {self.kind}: {', '.join(f'{name}={value}' for name, value in self.values)}>"


@dataclass(frozen=True, slots=True, repr=False)
class Trace:
    """What a writer says of a card.

    Attributes
    ----------
    steps : tuple of Claim
        5-7.
    level : int or None
        0-3, what the steps conclude; None where the writer did not reach it.
    """

    steps: tuple[Claim, ...]
    level: int | None

    def __repr__(self) -> str:
        return f"<Trace of {len(self.steps)} steps ({', '.join(step.kind for step in self.steps)}), level {self.level}>"

    def _repr_html_(self) -> str:
        from cistrace.traces.html import trace_html  # which needs this module

        return trace_html(self)


@dataclass(frozen=True, slots=True)
class Finding:
    """What verification says of one thing in a trace: supported, or what is there instead.

    Attributes
    ----------
    step : int
        From 1; 0 where it is about the text as a whole.
    field : str
        A field of the step's template. `step`: the card holds nothing of the kind, or the step names nothing. In prose,
        what is named: `motif`, `tf`, `family`, `place`, `strand`, `score`, `gc`, `figure`. `repeat`: an earlier step
        says the same. `form` and `length`: the text is no trace, or not of 5-7 steps.
    claimed, found : str
        What the trace says, and what the card holds (of a repeat: the earlier step; of form and length: what a
        trace has).
    supported : bool
    """

    step: int
    field: str
    claimed: str
    found: str
    supported: bool

    @property
    def reason(self) -> str:
        """In words, what is wrong."""
        if self.field in (FORM, LENGTH):
            return f"{self.claimed}, expected {self.found}"
        if self.field == REPEAT:
            return f"repeats {self.found}"
        if self.field == STEP:
            return f"{self.claimed!r}: {self.found}"
        return f"{self.field} {self.claimed}, the card has {self.found}"


@dataclass(frozen=True, slots=True, repr=False)
class Verification:
    """What holds of one trace.

    Attributes
    ----------
    findings : tuple of Finding
        Every field of every typed step; of prose and of the form, what is wrong alone.
    claims : int
        Steps.
    supported : int
        Steps with which nothing is wrong. A step that says what an earlier one said supports nothing.
    kinds : tuple of ClaimKind
        Of every step.
    """

    findings: tuple[Finding, ...]
    claims: int
    supported: int
    kinds: tuple[ClaimKind, ...]

    @property
    def verified(self) -> bool:
        """Whether there are claims, every one is supported, and the text has the form of a trace."""
        return self.claims > 0 and all(finding.supported for finding in self.findings)

    @property
    def failed(self) -> tuple[Finding, ...]:
        """What is wrong."""
        return tuple(finding for finding in self.findings if not finding.supported)

    def __repr__(self) -> str:
        failed = [f"step {finding.step} {finding.field}" for finding in self.failed]
        wrong = f"; wrong: {', '.join(failed)}" if failed else ""
        return f"<Verification: {self.supported} of {self.claims} claims agree with the card{wrong}>"
