from __future__ import annotations

import pytest
import torch
from card_helpers import cards
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast
from writing_helpers import told_ledgers

from cistrace.cards.card import Card
from cistrace.traces.grounded import write
from cistrace.traces.ledger import read_hundredths, summed
from cistrace.traces.templates import FEWEST_STEPS, MOST_STEPS, STEPS, THINK_END, WHOLE
from cistrace.traces.text import parse_trace, render_trace
from cistrace.traces.trace import PROSE, Claim, Trace
from cistrace.writers.calculator import LARGEST
from cistrace.writers.form import Form
from cistrace.writers.grammar import TraceGrammar, accepts
from cistrace.writers.vocabulary import LEVELS

GC, NONE = "GC content 0.500 is medium", "no motif passes the threshold"
SITE = "m1: ELK1 site (ETS) at 11-20 (+), 14 bits, adds +0.41: now +0.41; known effect raising"
FOX = "m2: FOXA1 site (FOX) at 41-52 (-), 12 bits, costs -0.20: now +0.21; known effect unclear"
ALL = "the whole comes to +0.53: what is not told above adds +0.32"
RIGHT = [SITE, FOX, GC, NONE, ALL]


def told(steps: list[str], first: int = 1, conclusion: str = THINK_END + LEVELS[2]) -> str:
    return "".join(f"{number}. {step}\n" for number, step in enumerate(steps, first)) + conclusion


def admits(tokenizer: PreTrainedTokenizerFast, grammar: TraceGrammar, text: str) -> bool:
    return accepts(grammar, [*tokenizer(text)["input_ids"], tokenizer.eos_token_id])


@given(card=cards(), level=st.none() | st.integers(0, 3))
@settings(max_examples=60)
def test_it_admits_every_grounded_trace(
    tokenizer: PreTrainedTokenizerFast, grammar: TraceGrammar, card: Card, level: int | None
) -> None:
    assert admits(tokenizer, grammar, render_trace(write(card, level)))


@given(told_ledgers(), st.integers(0, 3))
@settings(max_examples=40, deadline=None)
def test_it_admits_any_figures_and_names(
    tokenizer: PreTrainedTokenizerFast, grammar: TraceGrammar, steps: tuple[Claim, ...], level: int
) -> None:
    assert admits(tokenizer, grammar, render_trace(Trace(steps, level)))


@pytest.mark.parametrize(
    "text",
    [
        told(RIGHT[1:]),  # four steps
        told([SITE, FOX, GC, NONE, SITE.replace("m1", "m3"), FOX.replace("m2", "m4"), FOX, ALL]),  # eight
        told(RIGHT, first=2),
        told([GC, *RIGHT[1:3], GC, ALL]),  # one kind twice
        told([SITE, FOX.replace("m2", "m1"), *RIGHT[2:]]),
        told([*RIGHT[:-1], "low-complexity share 0.00 is negligible"]),  # no whole
        told([ALL, *RIGHT[:-1]]),  # not at the end
        told([SITE, FOX, GC, ALL, ALL]),
        told(RIGHT, conclusion=THINK_END),
        told(RIGHT, conclusion=LEVELS[2]),
        told(RIGHT, conclusion=THINK_END + "Level: 4"),
        told(RIGHT) + LEVELS[2],
        told([*RIGHT[:3], "no motif passes", ALL]),
        told([SITE.replace("ELK1", "ELK2"), *RIGHT[1:]]),  # a name of no matrix
        told([SITE.replace("adds +", "adds -"), *RIGHT[1:]]),
        "once upon a time",
        "",
    ],
)
def test_it_refuses_other_shapes(tokenizer: PreTrainedTokenizerFast, grammar: TraceGrammar, text: str) -> None:
    assert admits(tokenizer, grammar, told(RIGHT))
    assert not admits(tokenizer, grammar, text)


def test_two_sites_of_one_name_may_be_told(tokenizer: PreTrainedTokenizerFast, grammar: TraceGrammar) -> None:
    assert admits(tokenizer, grammar, told([SITE, SITE.replace("m1", "m2"), *RIGHT[2:]]))


@pytest.fixture(scope="module")
def walks(tokenizer: PreTrainedTokenizerFast, grammar: TraceGrammar) -> list[str]:
    """Texts of a writer that chooses blindly among all that may stand."""
    form, texts = Form(grammar, torch.device("cpu")), 200
    generator = torch.Generator().manual_seed(3)
    standing, written = form.start(texts), []
    while bool((standing.state != form.finished).any()):
        output = torch.randn((len(tokenizer), 4), generator=generator)
        token = form.choose(standing, torch.randn((texts, 4), generator=generator), output)
        standing = form.after(standing, token)
        written.append(token)
    decoded: list[str] = tokenizer.batch_decode(torch.stack(written, dim=1).tolist())
    return [text.partition(tokenizer.eos_token)[0] for text in decoded]


def test_whatever_walks_it_is_a_trace(walks: list[str]) -> None:
    """A blind walk holds the form, and no fact: typed steps, the whole last, no site and no other kind again."""
    lengths, kinds = set(), set()
    for text in walks:
        trace = parse_trace(text)
        assert render_trace(trace) == text
        found = [step.kind for step in trace.steps]
        sites = [step.get("number") for step in trace.steps if step.kind == "site"]
        assert PROSE not in found and found.index(WHOLE) == len(found) - 1
        assert len(set(sites)) == len(sites)
        others = [kind for kind in found if kind != "site"]
        assert len(set(others)) == len(others)
        lengths.add(len(found))
        kinds.update(found)
    assert lengths == set(range(FEWEST_STEPS, MOST_STEPS + 1)) and kinds == set(STEPS)


def test_the_sums_of_whatever_walks_it_are_right(walks: list[str]) -> None:
    """As far as they can be written; blind amounts are large."""
    checked = beyond = 0
    for text in walks:
        steps = parse_trace(text).steps
        for step, right in zip(steps, summed(steps), strict=True):
            for name in ("running", "rest"):
                value = right.get(name)
                if value is not None and abs(read_hundredths(value)) <= LARGEST:
                    assert step.get(name) == value
                    checked += 1
                elif value is not None:
                    beyond += 1
    assert checked > 200 and beyond > 20


def test_every_state_has_a_way_to_the_end(grammar: TraceGrammar) -> None:
    """No dead end: from every state that the start leads to the last one is reached."""
    following = grammar.following.long()
    reached, ahead = {0}, [0]
    while ahead:
        after = {state for state in following[ahead.pop()].unique().tolist() if state >= 0}
        ahead += sorted(after - reached)
        reached |= after
    assert reached == set(range(len(following)))
    to = {state: set(following[state].unique().tolist()) - {-1} for state in reached}
    ends, grew = {grammar.finished}, True
    while grew:
        more = {state for state in reached - ends if to[state] & ends}
        ends, grew = ends | more, bool(more)
    assert ends == reached


def test_sums_are_no_matter_of_the_form(tokenizer: PreTrainedTokenizerFast, grammar: TraceGrammar) -> None:
    """A wrong one is admitted: verification finds it."""
    wrong = told(RIGHT).replace("now +0.21", "now +7.77")
    assert wrong != told(RIGHT) and admits(tokenizer, grammar, wrong)
