from __future__ import annotations

import hashlib
from dataclasses import replace

from card_helpers import cards
from hypothesis import given

from cistrace.cards.build import paper_card
from cistrace.cards.card import Card
from cistrace.cards.text import render_card
from cistrace.traces.claims import ledger_claims, supported_claims
from cistrace.traces.grounded import write
from cistrace.traces.ledger import added
from cistrace.traces.templates import LEVEL_LINE, STEPS, THINK_BEGIN, WHOLE
from cistrace.traces.text import parse_step
from cistrace.writers.prompts import (
    CELL_LINE,
    CHAT_PROMPTS,
    CHAT_VERSION,
    PROMPT_VERSION,
    SYSTEM_PROMPT,
    TERM_LINES,
    chat_prompt,
    domain_prompt,
)

TAGS = ("pair", "homotypic")


@given(cards())
def test_all_that_a_grounded_trace_claims_can_be_read(card: Card) -> None:
    """Every field of every step, its sums aside, on a line of the prompt that says all that the step says."""
    lines = domain_prompt(card).text.splitlines()
    for step in write(card).steps:
        values = {**dict(step.values), "level": str(level_of(card))}
        template = TERM_LINES.get(step.kind) or STEPS[step.kind]
        assert template.render(values) in lines


def level_of(card: Card) -> int:
    assert card.ledger is not None
    return card.ledger.level


@given(cards())
def test_the_largest_terms_stand_last_before_the_whole(card: Card) -> None:
    """Each once, behind the first tag of either kind, and no running total anywhere."""
    prompt = domain_prompt(card)
    lines = [line for line in prompt.own.splitlines() if parse_step(line).kind not in TAGS]
    assert card.ledger is not None
    assert lines[0] == "in K562" and lines[-1] == THINK_BEGIN
    assert lines[-2] == f"the whole comes to {card.ledger.total:+.2f}, level {card.ledger.level}"
    told = [claim for claim in ledger_claims(card) if claim.kind != WHOLE]
    assert sorted(lines[1:-2]) == sorted(TERM_LINES[claim.kind].render(dict(claim.values)) for claim in told)
    sizes = {TERM_LINES[claim.kind].render(dict(claim.values)): abs(added(claim)) for claim in told}
    assert [sizes[line] for line in lines[1:-2]] == sorted(sizes[line] for line in lines[1:-2])
    assert ": now " not in prompt.text


@given(cards())
def test_the_first_tag_of_either_kind_stands_behind_the_cell_type(card: Card) -> None:
    steps = [parse_step(line) for line in domain_prompt(card).own.splitlines()[1:]]
    tags = [step for step in steps if step.kind in TAGS]
    assert steps[: len(tags)] == tags
    assert tags == [next(one for one in supported_claims(card) if one.kind == tag.kind) for tag in tags]
    assert {tag.kind for tag in tags} == {tag.kind for tag in card.tags}


@given(cards())
def test_what_cell_types_share_is_composition(card: Card) -> None:
    """The same whatever the cell type and the amounts."""
    steps = [parse_step(line) for line in domain_prompt(card).shared.splitlines()]
    assert {step.kind for step in steps} <= {"complexity", "absence", "gc", "cpg"}
    assert all(step in supported_claims(card) for step in steps)
    assert card.ledger is not None
    sites = tuple(replace(site, amount=None, effect=None) for site in card.sites)
    ledger = replace(card.ledger, interplay=None, total=-3.0, level=0)
    other = replace(card, cell_type="HepG2", sites=sites, ledger=ledger)
    assert domain_prompt(other).shared == domain_prompt(card).shared


# Words by version. A prediction states the version alone, so that whoever changes a word adds a line here.
WORDS = {("5", "2"): "db903c54dc59bbf8"}


def test_other_words_are_another_version() -> None:
    """By digest of all words that a trained model, and that a chat teacher, reads or writes."""
    steps, terms = sorted(STEPS.items()), sorted(TERM_LINES.items())
    words = repr((SYSTEM_PROMPT, CELL_LINE, terms, LEVEL_LINE, steps, CHAT_PROMPTS))
    assert hashlib.sha256(words.encode()).hexdigest()[:16] == WORDS[PROMPT_VERSION, CHAT_VERSION]


@given(cards())
def test_a_chat_model_reads_the_words_of_the_claims_or_the_papers_card(card: Card) -> None:
    prompt = chat_prompt(card)
    assert prompt.shared == SYSTEM_PROMPT
    assert prompt.own + THINK_BEGIN == domain_prompt(card).text
    plain = paper_card(card.bases, card.cell_type, card.hits)
    assert chat_prompt(plain).own == render_card(plain)
