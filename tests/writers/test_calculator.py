"""Sums that are done for a writer, against the ones that verification works out from the text."""

from __future__ import annotations

import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast
from writing_helpers import slots_of, told_ledgers

from cistrace.traces.ledger import amount, read_hundredths, signed, summed
from cistrace.traces.templates import STEPS, WHOLE
from cistrace.traces.text import parse_step, render_step, render_steps
from cistrace.traces.trace import Claim, ClaimKind
from cistrace.writers.calculator import FREE, LARGEST, ROLES, Calculator, Role, Sums, Tally, no_calculator
from cistrace.writers.grammar import TraceGrammar

SUMS = {"running", "rest"}
ANY = st.integers(-LARGEST, LARGEST)
LONG = settings(max_examples=40, deadline=None)


def states_of(grammar: TraceGrammar, tokens: list[int]) -> list[int]:
    """The states in which tokens are written."""
    states = [0]
    for token in tokens[:-1]:
        states.append(int(grammar.following[states[-1], token]))
    return states


def tokens_of(tokenizer: PreTrainedTokenizerFast, steps: tuple[Claim, ...]) -> list[int]:
    tokens: list[int] = tokenizer(render_steps(steps))["input_ids"]
    return tokens


def completions(grammar: TraceGrammar, tokens: list[int]) -> list[int]:
    """What the calculator would complete before every token of a text."""
    calculator, tally, found = grammar.calculator, grammar.calculator.start(1), []
    for state, token in zip(states_of(grammar, tokens), tokens, strict=True):
        at = torch.tensor([state])
        found.append(int(calculator.completed(tally, at)))
        tally = calculator.after(tally, at, torch.tensor([token]))
    return found


def backdrop(composition: int, bases: int) -> Claim:
    text = f"GC 0.500 and CpG 0.50 alone give {signed(composition)}, the bases between sites {signed(bases)}: now +0.00"
    return parse_step(text)


def site(start: int, worth: int) -> Claim:
    """Of hundredths; numbered by its place."""
    return parse_step(
        f"m{start // 20 + 1}: ELK1 site (ETS) at {start}-{start + 9} (+), 14 bits, {amount(worth)}: now +0.00; "
        "known effect unclear"
    )


def whole(total: int) -> Claim:
    return parse_step(f"the whole comes to {signed(total)}: what is not told above adds +0.00")


@given(told_ledgers())
@LONG
def test_running_totals_and_the_rest_are_those_of_the_text(
    tokenizer: PreTrainedTokenizerFast, grammar: TraceGrammar, steps: tuple[Claim, ...]
) -> None:
    """Two tokens of each sum, right ones where the text's own sums are wrong; no other token is completed."""
    right = summed(steps)
    wrong_tokens = tokens_of(tokenizer, steps)
    within = [abs(read_hundredths(value)) <= LARGEST for step in right for name, value in step.values if name in SUMS]
    written = [token for token in completions(grammar, wrong_tokens) if token != FREE]
    assert len(written) == 2 * sum(within)
    if all(within):
        right_tokens = tokens_of(tokenizer, right)
        assert len(right_tokens) == len(wrong_tokens)
        expected = [b for a, b in zip(completions(grammar, wrong_tokens), right_tokens, strict=True) if a != FREE]
        assert written == expected
        assert all(
            completed in (FREE, token)
            for completed, token in zip(completions(grammar, right_tokens), right_tokens, strict=True)
        )


@given(st.tuples(ANY, ANY), st.lists(ANY, min_size=3, max_size=3), ANY)
@LONG
def test_sums_are_exact_as_far_as_two_tokens_go(
    tokenizer: PreTrainedTokenizerFast, grammar: TraceGrammar, parts: tuple[int, int], amounts: list[int], total: int
) -> None:
    """By arithmetic alone: where a sum is beyond what can be written nothing is completed, and what follows is right
    again."""
    steps = (backdrop(*parts), *(site(20 * at + 1, worth) for at, worth in enumerate(amounts)), whole(total))
    running = [sum(parts) + sum(amounts[:at]) for at in range(len(amounts) + 1)]
    expected = [signed(value) if abs(value) <= LARGEST else None for value in running]
    rest = total - running[-1]
    expected.append(amount(rest) if abs(rest) <= LARGEST else None)
    assert texts_completed(tokenizer, grammar, steps) == expected


def texts_completed(
    tokenizer: PreTrainedTokenizerFast, grammar: TraceGrammar, steps: tuple[Claim, ...]
) -> list[str | None]:
    """Every sum of a trace as the calculator completes it: stem and digit; None where it is left to the model."""
    tokens = tokens_of(tokenizer, steps)
    role = grammar.calculator.role[torch.tensor(states_of(grammar, tokens))]
    is_sum = (role == ROLES.index("running")) | (role == ROLES.index("rest"))
    found = [token for token, counts in zip(completions(grammar, tokens), is_sum.tolist(), strict=True) if counts]
    sums: list[str | None] = []
    for stem, digit in zip(found[::2], found[1::2], strict=True):
        assert (stem == FREE) == (digit == FREE)
        text = None if stem == FREE else str(tokenizer.decode([stem, digit]))
        sums.append(text and re.sub(r"^: (now|what is not told above) |\n$", "", text))
    return sums


@pytest.mark.parametrize(
    ("parts", "amounts", "total", "expected"),
    [
        ((20, -20), [5, -5], 0, ["+0.00", "+0.05", "+0.00", "adds +0.00"]),  # nothing is never minus nothing
        ((-3, 0), [-4, 6], -1, ["-0.03", "-0.07", "-0.01", "adds +0.00"]),
        ((0, 0), [-100, 90], -60, ["+0.00", "-1.00", "-0.10", "costs -0.50"]),
        ((999, 0), [0, 1], 999, ["+9.99", "+9.99", None, "costs -0.01"]),
        ((-999, -1), [1, -999], 999, [None, "-9.99", None, None]),
    ],
)
def test_known_sums(
    tokenizer: PreTrainedTokenizerFast,
    grammar: TraceGrammar,
    parts: tuple[int, int],
    amounts: list[int],
    total: int,
    expected: list[str | None],
) -> None:
    gc = parse_step("GC content 0.500 is medium")
    steps = (backdrop(*parts), *(site(20 * at + 1, worth) for at, worth in enumerate(amounts)), gc, whole(total))
    assert texts_completed(tokenizer, grammar, steps) == expected


def test_minus_nothing_is_nothing(tokenizer: PreTrainedTokenizerFast, grammar: TraceGrammar) -> None:
    """A model may write it, and no sum moves."""
    minus = parse_step(render_step(site(1, 0)).replace("adds +0.00", "costs -0.00"))
    steps = (backdrop(30, 0), minus, site(30, -7), parse_step("no motif passes the threshold"), whole(0))
    assert minus.get("amount") == "costs -0.00"
    assert texts_completed(tokenizer, grammar, steps) == ["+0.30", "+0.30", "+0.23", "costs -0.23"]


@given(st.lists(told_ledgers(), min_size=2, max_size=4))
@settings(max_examples=15, deadline=None)
def test_texts_of_a_batch_do_not_meddle_with_one_another(
    tokenizer: PreTrainedTokenizerFast, grammar: TraceGrammar, traces: list[tuple[Claim, ...]]
) -> None:
    """Each alone, side by side, and all places of all texts at once."""
    calculator = grammar.calculator
    texts = [tokens_of(tokenizer, steps) for steps in traces]
    length = min(map(len, texts))
    tokens = torch.tensor([text[:length] for text in texts])
    states = torch.tensor([states_of(grammar, text)[:length] for text in texts])
    tallies = [calculator.start(len(texts))]
    for at in range(length - 1):
        tallies.append(calculator.after(tallies[-1], states[:, at], tokens[:, at]))
    places = Tally.stack(tallies)
    together = calculator.completed(places, states)
    assert together.tolist() == [completions(grammar, text)[:length] for text in texts]
    rows = torch.tensor([1, 0])
    assert calculator.completed(places[rows], states[rows]).tolist() == together[rows].tolist()
    behind = calculator.after(
        places[torch.arange(len(texts))[:, None], torch.arange(length - 1)], states[:, :-1], tokens[:, :-1]
    )
    for name in ("stem", "running", "total"):
        assert torch.equal(getattr(behind, name), getattr(places, name)[:, 1:])


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("backdrop", {"composition": "adds", "bases": "adds", "running": "running"}),
        ("site", {"amount": "adds", "running": "running"}),
        ("interplay", {"amount": "adds", "running": "running"}),
        (WHOLE, {"total": "total", "rest": "rest"}),
        ("gc", {}),
    ],
)
def test_what_each_number_is(tokenizer: PreTrainedTokenizerFast, kind: ClaimKind, fields: dict[str, Role]) -> None:
    """Two states a number, of stem and digit; figures that are no amounts have no part in sums."""
    line = slots_of(STEPS[kind])
    sums = Sums(tokenizer.get_vocab())
    for state, slot in enumerate(line):
        sums.note(state, kind, slot)
    calculator = sums.calculator(len(line))
    found = [
        (slot.field, ROLES[int(role)], bool(digit))
        for slot, role, digit in zip(line, calculator.role, calculator.is_digit, strict=True)
        if ROLES[int(role)] != "none"
    ]
    assert found == [(name, role, digit) for name, role in fields.items() for digit in (False, True)]


def test_one_that_completes_nothing() -> None:
    calculator: Calculator = no_calculator(2, 9)
    states, tokens = torch.tensor([0, 1]), torch.tensor([8, 3])
    tally = calculator.start(2)
    for _ in range(3):
        assert calculator.completed(tally, states).tolist() == [FREE, FREE]
        tally = calculator.after(tally, states, tokens)
    assert tally.running.tolist() == tally.total.tolist() == [0, 0]
