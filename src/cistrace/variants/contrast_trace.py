"""The trace of a difference: the ledgers of two cards, one taken from the other, in words.

    1. lost: CEBPA site (CEBP) at 109274965-109274974 (+), 12.3 bits, costs -0.41: now -0.41
    2. GC and CpG give +0.01, the bases between sites -0.02: now -0.42
    3. the difference comes to -0.45: what is not told above costs -0.03
    Effect: lowers

No language model writes it: steps are made from the two cards, read back, and every field and sum is checked.
Positions are 1-based, inclusive, on the contig.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from cistrace.traces.ledger import amount, read_hundredths, signed
from cistrace.traces.templates import Template, template
from cistrace.traces.trace import Finding
from cistrace.variants.fates import SiteFate

StepKind = Literal["lost", "gained", "weakened", "strengthened", "kept", "backdrop", "interplay", "windows", "whole"]
Direction = Literal["raises", "lowers", "unclear"]
"""What the alternative allele does: `unclear` where the difference's interval holds zero, or there is none."""

_SITE = "{tf} site ({archetype}) at {start}-{end} ({strand})"
_ALTERED = "{ref_bits} to {alt_bits} bits, {ref_amount} to {alt_amount}, {change}: now {running}"
TEMPLATES: dict[StepKind, Template] = {
    "lost": template("lost: " + _SITE + ", {ref_bits} bits, {change}: now {running}"),
    "gained": template("gained: " + _SITE + ", {alt_bits} bits, {change}: now {running}"),
    "weakened": template("weakened: " + _SITE + ", " + _ALTERED),
    "strengthened": template("strengthened: " + _SITE + ", " + _ALTERED),
    "kept": template("unaltered: " + _SITE + ", {ref_amount} to {alt_amount}, {change}: now {running}"),
    "backdrop": template("GC and CpG give {composition}, the bases between sites {bases}: now {running}"),
    "interplay": template("the interplay of two sites {ref_amount} to {alt_amount}, {change}: now {running}"),
    "windows": template("the mean over {count} windows, not this one alone, {change}: now {running}"),
    "whole": template("the difference comes to {total}: what is not told above {rest}"),
}
EFFECT_LINE = "Effect: "
_SIGNED = r"[+-]\d{1,2}\.\d\d"
_AMOUNT = rf"(?:adds|costs) {_SIGNED}"
_BITS = r"-?\d{1,3}\.\d"
_PATTERNS = {
    **dict.fromkeys(("change", "rest"), _AMOUNT),
    **dict.fromkeys(("composition", "bases", "running", "total", "ref_amount", "alt_amount"), _SIGNED),
    **dict.fromkeys(("ref_bits", "alt_bits"), _BITS),
    **dict.fromkeys(("start", "end", "count"), r"\d+"),
    "strand": r"[+-]",
}
_NUMBERED = re.compile(r"(\d{1,3})\. (\S.*)")


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its kind, and what it says of the fields of its template, in their order."""

    kind: StepKind
    values: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str:
        """What the step says of a field; empty where it has none of that name."""
        return dict(self.values).get(name, "")

    @property
    def added(self) -> int:
        """What the step adds to the running total, hundredths."""
        names = {"backdrop": ("composition", "bases"), "whole": ("rest",)}.get(self.kind, ("change",))
        return sum(read_hundredths(self.get(name)) for name in names)

    @property
    def text(self) -> str:
        """In words, without its number."""
        return TEMPLATES[self.kind].render(dict(self.values))


def site_step(site: SiteFate, change: int) -> Step:
    """The step of a site that changes the activity by so many hundredths, its running total not yet known."""
    values = {
        "tf": site.tf,
        "archetype": site.archetype,
        "start": str(site.start + 1),
        "end": str(site.end),
        "strand": site.strand,
        "ref_bits": f"{site.ref_bits or 0:.1f}",
        "alt_bits": f"{site.alt_bits or 0:.1f}",
        "ref_amount": signed(round(100 * (site.ref_amount or 0))),
        "alt_amount": signed(round(100 * (site.alt_amount or 0))),
        "change": amount(change),
    }
    return step(site.fate, **{name: values[name] for name in TEMPLATES[site.fate].fields if name in values})


def step(kind: StepKind, **values: str) -> Step:
    """A step from its fields, in the template's order."""
    return Step(kind, tuple(values.items()))


def summed(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps with running totals, and what the last leaves to be told, worked out from the amounts."""
    done, running = [], 0
    for one in steps:
        values = dict(one.values)
        if one.kind == "whole":
            values["rest"] = amount(read_hundredths(values["total"]) - running)
        else:
            running += one.added
            values["running"] = signed(running)
        done.append(Step(one.kind, tuple((name, values[name]) for name in TEMPLATES[one.kind].fields)))
    return tuple(done)


def render(steps: tuple[Step, ...], direction: Direction) -> str:
    """Numbered lines, and the effect."""
    lines = [f"{number}. {one.text}" for number, one in enumerate(steps, 1)]
    return "\n".join([*lines, EFFECT_LINE + direction])


def read(text: str) -> tuple[tuple[Step, ...], str, tuple[Finding, ...]]:
    """Steps and effect that a text holds, and what keeps it from being a trace of a difference."""
    steps: list[Step] = []
    faults: list[Finding] = []
    *lines, last = text.split("\n")
    for line in lines:
        match = _NUMBERED.fullmatch(line)
        found = None if match is None or int(match[1]) != len(steps) + 1 else _parsed(match[2])
        if found is None:
            faults.append(Finding(0, "form", f"line {line[:60]!r}", f"step '{len(steps) + 1}. ...'", False))
        else:
            steps.append(found)
    direction = last.removeprefix(EFFECT_LINE)
    if not last.startswith(EFFECT_LINE) or direction not in get_args(Direction):
        faults.append(Finding(0, "form", f"line {last[:60]!r}", f"{EFFECT_LINE}raises, lowers or unclear", False))
    if [one.kind for one in steps].count("whole") != 1 or steps[-1].kind != "whole":
        faults.append(Finding(0, "form", "amounts", "one step that tells the whole, the last", False))
    return tuple(steps), direction, tuple(faults)


def _parsed(text: str) -> Step | None:
    for kind, pattern in _STEP_PATTERNS.items():
        if match := pattern.fullmatch(text):
            return Step(kind, tuple(match.groupdict().items()))
    return None


def _pattern(of: Template) -> re.Pattern[str]:
    parts = [f"{re.escape(literal)}(?P<{name}>{_PATTERNS.get(name, '.+?')})" for literal, name in of.parts]
    return re.compile("".join(parts) + re.escape(of.tail))


_STEP_PATTERNS = {kind: _pattern(of) for kind, of in TEMPLATES.items()}


def verify(text: str, possible: tuple[Step, ...], direction: Direction) -> tuple[Finding, ...]:
    """Check every step of a text, its sums and its effect.

    Parameters
    ----------
    possible : tuple of Step
        All that the two cards support, without sums; the last tells the whole.

    Returns
    -------
    tuple of Finding
        Of every field of every step, and of the form what is wrong alone.
    """
    steps, told, faults = read(text)
    findings = list(faults)
    if steps and not faults:
        for number, (one, right) in enumerate(zip(steps, summed(steps), strict=True), 1):
            findings += _step_findings(number, one, right, possible)
            if any(before.values[:4] == one.values[:4] and before.kind == one.kind for before in steps[: number - 1]):
                findings.append(Finding(number, "repeat", one.text, "an earlier step", False))
    findings.append(Finding(0, "effect", told, direction, told == direction))
    return tuple(findings)


def _step_findings(number: int, one: Step, right: Step, possible: tuple[Step, ...]) -> list[Finding]:
    candidates = [other for other in possible if other.kind == one.kind]
    candidates = [other for other in candidates if other.get("start") == one.get("start")] or candidates
    if not candidates:
        return [Finding(number, "step", one.text, "nothing of the kind on the cards", False)]
    nearest = max(candidates, key=lambda other: len(set(other.values) & set(one.values)))
    truth = {**dict(right.values), **dict(nearest.values)}
    return [Finding(number, name, value, truth[name], value == truth[name]) for name, value in one.values]
