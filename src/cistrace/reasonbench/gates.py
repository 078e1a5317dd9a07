"""What a trace must pass: form, number of steps, every claim against its card, no second time.

    schema      numbered lines, `</think>`, `Level: 0` to `Level: 3`, nothing else
    steps       5-7, none twice
    claims      nothing named that the card does not hold
    duplicate   not the steps of an earlier accepted trace of the same split and cell type
    level       concludes the observed level; counted always, a gate only where asked

The R3LM paper filters by form alone: `FORMAT`.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field

from cistrace.cards.card import Card
from cistrace.errors import TraceError
from cistrace.traces.prose import prose_faults
from cistrace.traces.templates import FEWEST_STEPS, LEVEL_LINE, MOST_STEPS, THINK_BEGIN, THINK_END
from cistrace.traces.text import parse_step
from cistrace.traces.trace import Claim, Trace
from cistrace.traces.verify import verify

ANSWER, SCHEMA, STEPS, CLAIMS, DUPLICATE, LEVEL = "answer", "schema", "steps", "claims", "duplicate", "level"
FORMAT_GATES = frozenset({ANSWER, SCHEMA, STEPS})
FULL_GATES = FORMAT_GATES | {CLAIMS, DUPLICATE}
GATE_SETS = {"full": FULL_GATES, "format": FORMAT_GATES}
PROSE = "prose"

_LINE = re.compile(r"\s*(\d{1,3})[.)]\s+(\S.*?)\s*")
_LEVEL = re.compile(re.escape(LEVEL_LINE.strip()) + r"\s*([0-3])")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a trace: the gate that found it, and what it found."""

    gate: str
    reason: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What there is to say of a trace before it is compared with others.

    Attributes
    ----------
    text : str
        The trace in its canonical form where it passed `schema`, else as it came.
    steps : tuple of str
        Without their numbers.
    kinds : tuple of str
        Of each step; `prose` where it follows no template.
    level : int or None
        Concluded.
    supported : int
        Steps with which nothing is wrong.
    faults : tuple of Fault
    """

    text: str
    steps: tuple[str, ...]
    kinds: tuple[str, ...]
    level: int | None
    supported: int
    faults: tuple[Fault, ...]


def judge(text: str, card: Card) -> Judgement:
    """Read a trace as strictly as the data set wants it, and check every step against the card."""
    steps, level, faults = _read(text)
    if not faults:
        text = canonical(steps, level)
    faults += _step_faults(steps)
    kinds, wrong = _check(steps, card)
    faults += [Fault(CLAIMS, f"step {number}: {reason}") for number, reasons in wrong.items() for reason in reasons]
    supported = sum(not reasons for reasons in wrong.values())
    return Judgement(text, tuple(steps), kinds, level, supported, tuple(faults))


def canonical(steps: list[str], level: int | None) -> str:
    """The one form of a trace: one line a step, `</think>`, the level."""
    lines = "".join(f"{number}. {step}\n" for number, step in enumerate(steps, 1))
    return f"{lines}{THINK_END}{LEVEL_LINE}{level}"


def _read(text: str) -> tuple[list[str], int | None, list[Fault]]:
    reasoning, ended, conclusion = text.strip().removeprefix(THINK_BEGIN).partition(THINK_END)
    faults = [] if ended else [Fault(SCHEMA, f"no {THINK_END}")]
    steps: list[str] = []
    for line in reasoning.splitlines():
        if not line.strip():
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            faults.append(Fault(SCHEMA, f"a line that is no step: {line.strip()[:60]!r}"))
        elif int(match[1]) != len(steps) + 1:
            faults.append(Fault(SCHEMA, f"step {match[1]} stands where {len(steps) + 1} is expected"))
        if match is not None:
            steps.append(match[2])
    match = _LEVEL.fullmatch(conclusion.strip())
    if ended and match is None:
        faults.append(Fault(SCHEMA, f"conclusion {conclusion.strip()[:60]!r}, expected '{LEVEL_LINE}0' to '3'"))
    return steps, None if match is None else int(match[1]), faults


def _step_faults(steps: list[str]) -> list[Fault]:
    faults = []
    if not FEWEST_STEPS <= len(steps) <= MOST_STEPS:
        faults.append(Fault(STEPS, f"{len(steps)} steps, expected {FEWEST_STEPS}-{MOST_STEPS}"))
    seen: dict[str, int] = {}
    for number, step in enumerate(steps, 1):
        first = seen.setdefault(step, number)
        if first != number:
            faults.append(Fault(STEPS, f"step {number} repeats step {first}"))
    return faults


def _check(steps: list[str], card: Card) -> tuple[tuple[str, ...], dict[int, list[str]]]:
    """Kind of every step, and what is wrong with it: typed claims field by field, other text by what it names."""
    claims = [_typed(step) for step in steps]
    wrong: dict[int, list[str]] = {number: [] for number in range(1, len(steps) + 1)}
    typed = {number: claim for number, claim in enumerate(claims, 1) if claim is not None}
    numbers = list(typed)
    for found in verify(Trace(tuple(typed.values()), None), card).findings:
        if not found.supported:
            reason = f"{found.field} {found.claimed}, the card has {found.found}"
            wrong[numbers[found.step - 1]].append(reason)
    for number, step in enumerate(steps, 1):
        if number not in typed:
            wrong[number] += prose_faults(step, card)
    return tuple(PROSE if claim is None else claim.kind for claim in claims), wrong


def _typed(step: str) -> Claim | None:
    try:
        return parse_step(step)
    except TraceError:
        return None


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
