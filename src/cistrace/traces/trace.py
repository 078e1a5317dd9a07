"""The trace, its claims, and what verification says of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, repr=False)
class Claim:
    """One step of a trace: a kind and the values it asserts.

    `values` maps the fields of the kind (see `trace.KINDS`) to what the step says of them.
    """

    kind: str
    values: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str | None:
        return dict(self.values).get(name)

    def __repr__(self) -> str:
        return f"<Claim {self.kind}: {', '.join(f'{name}={value}' for name, value in self.values)}>"


@dataclass(frozen=True, slots=True, repr=False)
class Trace:
    """5-7 steps and the level 0-3 (None where the writer did not reach it)."""

    steps: tuple[Claim, ...]
    level: int | None

    def __repr__(self) -> str:
        return f"<Trace of {len(self.steps)} steps ({', '.join(step.kind for step in self.steps)}), level {self.level}>"


@dataclass(frozen=True, slots=True)
class Finding:
    """What verification says of one field of one step: supported, or what the card holds instead."""

    step: int
    field: str
    claimed: str
    found: str
    supported: bool


@dataclass(frozen=True, slots=True, repr=False)
class Verification:
    """All findings of one trace.

    `claims` counts steps, `supported` the steps in which every field agrees with the card.
    """

    findings: tuple[Finding, ...]
    claims: int
    supported: int

    @property
    def verified(self) -> bool:
        return self.claims > 0 and self.supported == self.claims

    def __repr__(self) -> str:
        failed = [f"step {finding.step} {finding.field}" for finding in self.findings if not finding.supported]
        wrong = f"; wrong: {', '.join(failed)}" if failed else ""
        return f"<Verification: {self.supported} of {self.claims} claims agree with the card{wrong}>"
