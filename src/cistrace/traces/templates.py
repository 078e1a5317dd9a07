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

LARGEST_MOTIF = 24  # hits that a trace can name: m1..m24, by falling score
FEWEST_STEPS, MOST_STEPS = 5, 7
THINK_END = "</think>"
THINK_BEGIN = "<think>"
LEVEL_LINE = "Level: "

Direction = Literal["raises", "lowers", "does not change"]
KnownEffect = Literal["raising", "lowering", "unclear", "not measured"]
GcClass = Literal["low", "medium", "high"]
CpgClass = Literal["depleted", "intermediate", "island-like"]
ShareClass = Literal["negligible", "partial", "large"]
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)
KNOWN: tuple[KnownEffect, ...] = get_args(KnownEffect)
GC_CLASSES: tuple[GcClass, ...] = get_args(GcClass)
CPG_CLASSES: tuple[CpgClass, ...] = get_args(CpgClass)
SHARE_CLASSES: tuple[ShareClass, ...] = get_args(ShareClass)

# Type of every field that occurs in a template.
FIELD_TYPES = {
    "motif": "motif",
    "motifs": "motifs",
    "tf": "tf",
    "family": "family",
    "families": "families",
    "start": "position",
    "end": "position",
    "strand": "strand",
    "bits": "bits",
    "direction": "direction",
    "contribution": "signed",
    "known": "known",
    "count": "count",
    "distance": "distance",
    "gc": "gc",
    "gc_class": "gc_class",
    "cpg": "cpg",
    "cpg_class": "cpg_class",
    "share": "share",
    "share_class": "share_class",
    "raising": "tenths",
    "lowering": "tenths",
    "estimate": "tenths",
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


# The claims a step of a trace can make. Lists stand last: what follows one is hard to copy for a small model.
STEPS: dict[ClaimKind, Template] = {
    "gc": template("GC content {gc} is {gc_class}"),
    "cpg": template("CpG observed/expected {cpg} is {cpg_class}"),
    "complexity": template("low-complexity share {share} is {share_class}"),
    "absence": template("no motif passes the threshold"),
    "motif": template(
        "{motif} {tf} of {family} at {start}-{end} ({strand}) with {bits} bits "
        "{direction} activity by {contribution}; known effect {known}"
    ),
    "homotypic": template("homotypic group of {count} hits of {family} within {distance} bp: {motifs}"),
    "pair": template("known pair {families} with {distance} bp between: {motifs}"),
    "cluster": template("cluster of {count} hits within {distance} bp: {motifs}"),
    "estimate": template(
        "raising motifs sum to {raising} and lowering to {lowering}; the whole is estimated at {estimate}"
    ),
}
