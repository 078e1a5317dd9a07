"""The words of traces, and nothing else. Change a word here and PROMPT_VERSION in `writers.prompts` with it.

A template is text with fields. Every field has a type that fixes which values may stand in it; the
tokenizer's vocabulary, the form grammar of decoding, rendering and parsing all derive from the
templates, so that they cannot drift apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from string import Formatter
from typing import Literal, get_args

from cistrace.traces.trace import ClaimKind

FEWEST_STEPS, MOST_STEPS = 5, 7
THINK_END = "</think>"
THINK_BEGIN = "<think>"
LEVEL_LINE = "Level: "

KnownEffect = Literal["raising", "lowering", "unclear", "not measured"]
GcClass = Literal["low", "medium", "high"]
CpgClass = Literal["depleted", "intermediate", "island-like"]
ShareClass = Literal["negligible", "partial", "large"]
KNOWN: tuple[KnownEffect, ...] = get_args(KnownEffect)
GC_CLASSES: tuple[GcClass, ...] = get_args(GcClass)
CPG_CLASSES: tuple[CpgClass, ...] = get_args(CpgClass)
SHARE_CLASSES: tuple[ShareClass, ...] = get_args(ShareClass)

# Verbs of amounts: of what raises the activity or leaves it, and of what lowers it.
ADDS, COSTS = "adds", "costs"

# Type of every field that occurs in a template.
FIELD_TYPES = {
    "number": "number",
    "tf": "tf",
    "archetype": "archetype",
    "groups": "groups",
    "start": "position",
    "end": "position",
    "second": "number",
    "strand": "strand",
    "bits": "bits",
    "amount": "amount",
    "rest": "amount",
    "composition": "signed",
    "bases": "signed",
    "running": "signed",
    "total": "signed",
    "known": "known",
    "count": "count",
    "distance": "distance",
    "gc": "gc",
    "gc_class": "gc_class",
    "cpg": "cpg",
    "cpg_class": "cpg_class",
    "share": "share",
    "share_class": "share_class",
    "level": "level",
    "cell_type": "cell_type",
}


@dataclass(frozen=True)
class Template:
    """Text with fields: (literal before the field, field name) in order, then the tail."""

    parts: tuple[tuple[str, str], ...]
    tail: str

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the fields, in order."""
        return tuple(name for _, name in self.parts)

    def render(self, values: dict[str, str]) -> str:
        """The text with a value for every field."""
        return "".join(literal + values[name] for literal, name in self.parts) + self.tail


def template(text: str) -> Template:
    """Read `GC content {gc} is {gc_class}` into a Template."""
    parts, tail = [], ""
    for literal, name, _, _ in Formatter().parse(text):
        if name is None:
            tail = literal
        else:
            parts.append((literal, name))
    return Template(tuple(parts), tail)


# The claims a step of a trace can make. Those of the ledger carry the running total; what completes a sum stands last.
STEPS: dict[ClaimKind, Template] = {
    "gc": template("GC content {gc} is {gc_class}"),
    "cpg": template("CpG observed/expected {cpg} is {cpg_class}"),
    "complexity": template("low-complexity share {share} is {share_class}"),
    "absence": template("no motif passes the threshold"),
    "homotypic": template("{count} {archetype} sites stand within {distance} bp"),
    "pair": template("known partners {groups}, {number} and {second}, stand {distance} bp apart"),
    "backdrop": template(
        "GC {gc} and CpG {cpg} alone give {composition}, the bases between sites {bases}: now {running}"
    ),
    "site": template(
        "{number}: {tf} site ({archetype}) at {start}-{end} ({strand}), {bits} bits, {amount}: now {running}; "
        "known effect {known}"
    ),
    "interplay": template("interplay of {number} and {second} {amount}: now {running}"),
    "whole": template("the whole comes to {total}: what is not told above {rest}"),
}

# The terms of a ledger, of which the last tells the whole.
TERMS: tuple[ClaimKind, ...] = ("backdrop", "site", "interplay")
WHOLE: ClaimKind = "whole"
# Of every term the fields that add up.
ADDENDS: dict[ClaimKind, tuple[str, ...]] = {
    "backdrop": ("composition", "bases"),
    "site": ("amount",),
    "interplay": ("amount",),
    WHOLE: ("rest",),
}
