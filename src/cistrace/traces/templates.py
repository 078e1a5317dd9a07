"""The words of prompts and traces, and nothing else. Change a word here and PROMPT_VERSION with it.

A template is text with fields. Every field has a type that fixes which values may stand in it; the
tokenizer's vocabulary, the form grammar of decoding, rendering and parsing all derive from the
templates, so that they cannot drift apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from string import Formatter

PROMPT_VERSION = "3"

LARGEST_MOTIF = 24  # hits that can be spoken of: m1..m24, by falling score
LISTED_HITS = 8  # hits a prompt lists, strongest contribution first
FEWEST_STEPS, MOST_STEPS = 5, 7
THINK_END = "</think>"
THINK_BEGIN = "<think>"

DIRECTIONS = ("raises", "lowers", "does not change")
KNOWN = ("raising", "lowering", "unclear", "not measured")
GC_CLASSES = ("low", "medium", "high")
CPG_CLASSES = ("depleted", "intermediate", "island-like")
SHARE_CLASSES = ("negligible", "partial", "large")

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
        return tuple(name for _, name in self.parts)

    def render(self, values: dict[str, str]) -> str:
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
STEPS: dict[str, Template] = {
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

# The one line of a prompt that is no step.
CELL_LINE = template("in {cell_type}")
LEVEL_LINE = "Level: "

# What a chat model is told before it is shown a card.
SYSTEM_PROMPT = (
    "You explain how strongly a regulatory DNA sequence drives expression in one cell type. You are given a card: "
    "the sequence's composition, its motif hits numbered m1, m2, ... from the top, how the hits stand to one another, "
    f"and what is known of each. Write {FEWEST_STEPS} to {MOST_STEPS} numbered steps. Each step makes one claim that "
    "can be checked against the card and cites its figures exactly; say nothing that the card does not hold. "
    f"End the reasoning with {THINK_END} and conclude with '{LEVEL_LINE}' and a number from 0, the weakest quarter of "
    "natural enhancers, to 3, the strongest."
)

# What a chat teacher is told. No trained model has seen these words: change one and CHAT_VERSION alone.
CHAT_VERSION = "1"
OBSERVED_LINE = "Observed Level: "

_CHAT_TASK = (
    "You are an expert in gene regulation. You explain how strongly a regulatory DNA sequence drives expression in one "
    "cell type, by causal reasoning from a card. The card gives the cell type, the sequence's composition, grammar "
    "tags, the motif hits and the sequence. Hits are numbered m1, m2, ... from the top of the list.\n"
)
_CHAT_FORM = (
    "Rules:\n"
    f"- Write {FEWEST_STEPS} to {MOST_STEPS} numbered steps, each on one line, from cause to effect: what is there, "
    "what it does in this cell type, what follows for the activity.\n"
    "- Every step cites the card: motifs by number and TF name (m1 ELK1), families, positions as start-end, strands, "
    "scores, the GC content. Copy names and figures exactly as the card has them.\n"
    "- Name no TF, family, position or figure that the card does not hold. Make every step a different one.\n"
    f"- End the steps with a line {THINK_END} and conclude with a line '{LEVEL_LINE}' and one number from 0, the "
    "weakest quarter of natural enhancers, to 3, the strongest.\n"
    "- Write nothing else: no heading, no markup, no remark before or after.\n"
    f"Form:\n1. ...\n2. ...\n3. ...\n4. ...\n5. ...\n{THINK_END}\n{LEVEL_LINE}n"
)

# By condition: the teacher concludes the level itself, or is told the observed one and leads to it.
CHAT_PROMPTS = {
    "none": _CHAT_TASK + "Conclude the level from the card alone.\n" + _CHAT_FORM,
    "level": (
        _CHAT_TASK + f"Below the card, '{OBSERVED_LINE}' states the level that was measured. Reason from the card to "
        "this level and conclude it; no step may mention that it was given.\n" + _CHAT_FORM
    ),
}
