"""The words of a prompt: what the compact model, a chat model or a chat teacher reads before it writes.

Change a word here, or in `traces.templates`, and PROMPT_VERSION with it: every prediction states it, and a model
trained on other words is another model. The words that only a chat teacher reads have CHAT_VERSION instead.

The compact model's prompt has two parts, first what is the same in every cell type, then what is not. They are
tokenised apart, so that the cell types of one sequence share the first one's pass. A site is given in full beside its
amount: with both in two lists, joined by a number, a small model learned to look numbers up far more slowly than to
read on. Its number on the card stands before it, here and in the trace: many sites share bits and digits, and by the
number alone it can be told what follows them. The terms of the ledger stand by rising size, so that what a trace tells
first stands last: the way back to it is then about the same on every card, long or short (docs/experiments.md). No
running total is in the prompt.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cistrace.cards.card import Card
from cistrace.cards.text import render_card
from cistrace.traces.claims import supported_claims
from cistrace.traces.ledger import added
from cistrace.traces.templates import (
    FEWEST_STEPS,
    LEVEL_LINE,
    MOST_STEPS,
    STEPS,
    TERMS,
    THINK_BEGIN,
    THINK_END,
    WHOLE,
    Template,
    template,
)
from cistrace.traces.trace import Claim, ClaimKind

PROMPT_VERSION = "5"

_SHARED_KINDS: tuple[ClaimKind, ...] = ("complexity", "absence", "gc", "cpg")
_TAG_KINDS: tuple[ClaimKind, ...] = ("pair", "homotypic")

# The lines of the compact model's prompt that are no steps of a trace: terms of the ledger without running totals.
CELL_LINE = template("in {cell_type}")
TERM_LINES: dict[ClaimKind, Template] = {
    "backdrop": template("GC {gc} and CpG {cpg} alone give {composition}, the bases between sites {bases}"),
    "site": template(
        "{number}: {tf} site ({archetype}) at {start}-{end} ({strand}), {bits} bits, {amount}; known effect {known}"
    ),
    "interplay": template("interplay of {number} and {second} {amount}"),
    WHOLE: template("the whole comes to {total}, level {level}"),
}

# The system message of every chat model, before its card.
SYSTEM_PROMPT = (
    "You explain how strongly a regulatory DNA sequence drives expression in one cell type. You are given a card: "
    "the sequence's composition, its motif sites numbered m1, m2, ... from the top, how they stand to one another, "
    f"and what is known of each. Write {FEWEST_STEPS} to {MOST_STEPS} numbered steps. Each step makes one claim that "
    "can be checked against the card and cites its figures exactly; say nothing that the card does not hold. "
    f"End the reasoning with {THINK_END} and conclude with '{LEVEL_LINE}' and a number from 0, the weakest quarter of "
    "natural enhancers, to 3, the strongest."
)

# The system message of a chat teacher. No trained model has seen these words: change one and CHAT_VERSION alone.
CHAT_VERSION = "2"
OBSERVED_LINE = "Observed Level: "

_CHAT_TASK = (
    "You are an expert in gene regulation. You explain how strongly a regulatory DNA sequence drives expression in one "
    "cell type, by causal reasoning from a card. The card gives the cell type, the sequence's composition, grammar "
    "tags, the motif sites, the sequence and, on some cards, a ledger: what sites and all else add to the activity. "
    "Sites are numbered m1, m2, ... from the top of the list.\n"
)
_CHAT_FORM = (
    "Rules:\n"
    f"- Write {FEWEST_STEPS} to {MOST_STEPS} numbered steps, each on one line, from cause to effect: what is there, "
    "what it does in this cell type, what follows for the activity.\n"
    "- Every step cites the card: sites by number and TF name (m1 ELK1), families, positions as start-end, strands, "
    "scores, the GC content. Copy names and figures exactly as the card has them.\n"
    "- Name no TF, family, position or figure that the card does not hold. Make every step a different one.\n"
    f"- End the steps with a line {THINK_END} and conclude with a line '{LEVEL_LINE}' and one number from 0, the "
    "weakest quarter of natural enhancers, to 3, the strongest.\n"
    "- Write nothing else: no heading, no markup, no remark before or after.\n"
    f"Form:\n1. ...\n2. ...\n3. ...\n4. ...\n5. ...\n{THINK_END}\n{LEVEL_LINE}n"
)

# By condition: the teacher concludes the level itself, or is given the observed one and leads to it.
CHAT_PROMPTS = {
    "none": _CHAT_TASK + "Conclude the level from the card alone.\n" + _CHAT_FORM,
    "level": (
        _CHAT_TASK + f"Below the card, '{OBSERVED_LINE}' states the level that was measured. Reason from the card to "
        "this level and conclude it; no step may mention that it was given.\n" + _CHAT_FORM
    ),
}


@dataclass(frozen=True)
class Prompt:
    """What a model reads, in two parts.

    Attributes
    ----------
    shared : str
        The same for every cell type of a sequence; for a chat model the system message.
    own : str
        What differs, up to where the reasoning begins; for a chat model the user's message.
    """

    shared: str
    own: str

    @property
    def text(self) -> str:
        """Both parts, one after the other."""
        return self.shared + self.own


def domain_prompt(card: Card) -> Prompt:
    """An evidence card for the compact model: composition; then tags and the terms of the ledger, the largest last."""
    claims = supported_claims(card)
    shared = [claim for kind in _SHARED_KINDS for claim in claims if claim.kind == kind]
    tags = [claim for kind in _TAG_KINDS for claim in [one for one in claims if one.kind == kind][:1]]
    terms = sorted((claim for claim in claims if claim.kind in TERMS), key=lambda claim: abs(added(claim)))
    own = CELL_LINE.render({"cell_type": card.cell_type}) + "\n" + _lines(tags) + "".join(map(_term_line, terms))
    whole = [claim for claim in claims if claim.kind == WHOLE]
    if card.ledger is not None:
        values = {**dict(whole[0].values), "level": str(card.ledger.level)}
        own += TERM_LINES[WHOLE].render(values) + "\n"
    return Prompt(_lines(shared), own + THINK_BEGIN)


def _term_line(claim: Claim) -> str:
    return TERM_LINES[claim.kind].render(dict(claim.values)) + "\n"


def chat_prompt(card: Card) -> Prompt:
    """A card for a chat model.

    An evidence card in the words of its claims, with the sites alone that have an amount: a third of the tokens of the
    whole card as text. The paper's card as it is.
    """
    if card.ledger is None:
        return Prompt(SYSTEM_PROMPT, render_card(card))
    return Prompt(SYSTEM_PROMPT, domain_prompt(card).text.removesuffix(THINK_BEGIN))


def sequence_prompt(bases: str, cell_type: str) -> Prompt:
    """What a chat model reads where it is given no card: cell type and sequence, in the card's words."""
    text = f"Context:\n- Cell Type: {cell_type}\n\nDNA Sequence:\n{bases} (Total Length: {len(bases)})"
    return Prompt(SYSTEM_PROMPT, text)


def _lines(claims: Iterable[Claim]) -> str:
    return "".join(STEPS[claim.kind].render(dict(claim.values)) + "\n" for claim in claims)
