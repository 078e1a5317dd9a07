"""What a trace must pass to enter a data set; whether its claims are true is `traces.verify`'s business.

    answer      there is one
    schema      numbered lines, `</think>`, `Level: 0` to `Level: 3`, nothing else
    steps       5-7, none twice
    claims      nothing named that the card does not hold
    empty       where it tells a ledger, some amount of it is more than nothing
    duplicate   not the steps of an earlier accepted trace of the same split and cell type
    level       concludes the observed level; counted always, a gate only where asked

The R3LM paper filters by form alone: `FORMAT_GATES`.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Literal

from cistrace.cards.card import Card
from cistrace.traces.ledger import read_hundredths
from cistrace.traces.templates import ADDENDS, TERMS
from cistrace.traces.text import read_trace, render_step, render_trace
from cistrace.traces.trace import FORM, LENGTH, REPEAT, ClaimKind, Finding, Trace
from cistrace.traces.verify import verify

Gate = Literal["answer", "schema", "steps", "claims", "empty", "duplicate", "level"]
ANSWER: Gate = "answer"
SCHEMA: Gate = "schema"
STEPS: Gate = "steps"
CLAIMS: Gate = "claims"
EMPTY: Gate = "empty"
DUPLICATE: Gate = "duplicate"
LEVEL: Gate = "level"
FORMAT_GATES: frozenset[str] = frozenset({ANSWER, SCHEMA, STEPS})
FULL_GATES = FORMAT_GATES | {CLAIMS, EMPTY, DUPLICATE}
GATE_SETS = {"full": FULL_GATES, "format": FORMAT_GATES}
_STEP = re.compile(r"step \d+: ")  # how the reason of a fault begins that is one step's
_GATE_OF: dict[str, Gate] = {FORM: SCHEMA, LENGTH: STEPS, REPEAT: STEPS}  # every other finding is of claims


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a trace: the gate that found it (`review`: a person), and what it found."""

    gate: str
    reason: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What there is to say of a trace before it is compared with others.

    Attributes
    ----------
    text : str
        The trace as `render_trace` writes it where it passed `schema`, else as it came.
    steps : tuple of str
        Without their numbers.
    kinds : tuple of ClaimKind
    level : int or None
        Concluded.
    supported : int
        Steps with which nothing is wrong.
    faults : tuple of Fault
    """

    text: str
    steps: tuple[str, ...]
    kinds: tuple[ClaimKind, ...]
    level: int | None
    supported: int
    faults: tuple[Fault, ...]


def judge(text: str, card: Card) -> Judgement:
    """What verification finds in a text, as faults by gate."""
    trace, found = read_trace(text).trace, verify(text, card)
    faults = (*map(_fault, found.failed), *_empty(trace))
    if not any(fault.gate == SCHEMA for fault in faults):
        text = render_trace(trace)
    return Judgement(text, tuple(map(render_step, trace.steps)), found.kinds, trace.level, found.supported, faults)


def _empty(trace: Trace) -> list[Fault]:
    """A ledger of which every term is worth nothing explains nothing, however true it is."""
    figures = [step.get(name) or "0" for step in trace.steps if step.kind in TERMS for name in ADDENDS[step.kind]]
    if figures and not any(map(read_hundredths, figures)):
        return [Fault(EMPTY, f"all {len(figures)} amounts of its ledger are 0.00")]
    return []


def judged_before(text: str, faults: tuple[Fault, ...]) -> Judgement:
    """What `judge` said of a text, from the faults that it found then: without the card, so ten times as fast."""
    trace = read_trace(text).trace
    wrong = {found[0] for fault in faults if fault.gate in (CLAIMS, STEPS) and (found := _STEP.match(fault.reason))}
    kinds = tuple(step.kind for step in trace.steps)
    steps = tuple(map(render_step, trace.steps))
    return Judgement(text, steps, kinds, trace.level, len(steps) - len(wrong), faults)


def _fault(finding: Finding) -> Fault:
    where = f"step {finding.step}: " if finding.step else ""
    return Fault(_GATE_OF.get(finding.field, CLAIMS), where + finding.reason)


@dataclass
class Gatekeeper:
    """Judges traces in the data set's order: remembers the steps accepted, 16 bytes each.

    Parameters
    ----------
    gates : frozenset of str
        Faults of these gates reject a trace of the training split.
    """

    gates: frozenset[str]
    _seen: dict[tuple[str, str, bytes], str] = field(default_factory=dict)

    def faults(self, name: str, split: str, cell_type: str, level: int, judged: Judgement) -> tuple[Fault, ...]:
        """All faults of one trace, those among traces too; `level` is the observed one."""
        faults = list(judged.faults)
        if judged.level is not None and judged.level != level:
            faults.append(Fault(LEVEL, f"concludes level {judged.level}, observed {level}"))
        digest = hashlib.blake2b("\n".join(judged.steps).encode(), digest_size=16).digest()
        key = (split, cell_type, digest)
        if judged.steps and key in self._seen:
            faults.append(Fault(DUPLICATE, f"the steps of {self._seen[key]}"))
        elif not self.rejects(tuple(faults)):
            self._seen[key] = name
        return tuple(faults)

    def rejects(self, faults: tuple[Fault, ...]) -> bool:
        """Whether any fault is of a gate in force."""
        return any(fault.gate in self.gates for fault in faults)
