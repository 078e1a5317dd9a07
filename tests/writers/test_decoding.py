"""Drafts change nothing of what is written: against greedy decoding of one text, token by token, without a cache."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from cistrace.traces.templates import THINK_END
from cistrace.traces.text import parse_trace
from cistrace.writers import decoding
from cistrace.writers.calculator import FREE
from cistrace.writers.compact_model import LanguageModelShape, new_language_model
from cistrace.writers.decoder import Decoder, DecoderShape
from cistrace.writers.domain_reasoner import DomainReasoner
from cistrace.writers.grammar import FORBIDDEN
from cistrace.writers.head import Head
from cistrace.writers.prompts import Prompt
from cistrace.writers.vocabulary import VocabularyNames

SHAPE = LanguageModelShape(hidden=32, layers=2, heads=2, head_size=16, inner=48)
# By rising length, as a reasoner takes them.
SHARED = ("", "GC content 0.500 is medium\n", "GC content 0.411 is low\n3 ETS sites stand within 40 bp\n")
PROMPTS = [[Prompt(shared, f"in {cell}\n<think>") for cell in ("HepG2", "K562")] for shared in SHARED]
FLAT = [prompt for row in PROMPTS for prompt in row]


@dataclass(frozen=True)
class Reference:
    """What the model writes, and its hidden state at the end of reasoning."""

    texts: list[str]
    scored: Tensor


class ScoringReasoner(DomainReasoner):
    """Hands out the hidden states that it scores, and counts its passes."""

    stored: PreTrainedModel
    passes = 0
    scored = torch.empty(0)

    def _scores(self, hidden: Tensor, features: Tensor) -> Tensor:
        self.scored = hidden
        return super()._scores(hidden, features)


@pytest.fixture(scope="module", params=[1, 2])
def reasoner(
    request: pytest.FixtureRequest, tokenizer: PreTrainedTokenizerFast, names: VocabularyNames
) -> Iterator[ScoringReasoner]:
    """Of random weights, large enough that what it writes hangs on what it reads."""
    model = new_language_model(tokenizer, SHAPE, request.param)
    generator = torch.Generator().manual_seed(request.param)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.dim() > 1:
                weight.copy_(torch.randn(weight.shape, generator=generator) * 0.3)
    decoder = Decoder(DecoderShape.of(model.config.to_dict()), model.state_dict())
    made = ScoringReasoner(decoder, tokenizer.backend_tokenizer, Head(SHAPE.hidden), names)
    made.stored = model.eval()

    def count(*_: object) -> None:
        made.passes += 1

    decoder.register_forward_hook(count)
    yield made


@pytest.fixture(scope="module")
def reference(reasoner: ScoringReasoner) -> Reference:
    with torch.inference_mode():
        written = [one_by_one(reasoner, prompt.text) for prompt in FLAT]
    return Reference([text for text, _ in written], torch.stack([hidden for _, hidden in written]))


def one_by_one(reasoner: ScoringReasoner, prompt: str) -> tuple[str, Tensor]:
    """The whole text read anew by transformers for every token; what may stand next by the automaton's own tables."""
    tokenizer, grammar = reasoner.tokenizer, reasoner.grammar
    ids: list[int] = tokenizer.encode(prompt, add_special_tokens=False).ids
    begin, state, used, tally = len(ids), 0, set[int](), grammar.calculator.start(1)
    scored = torch.empty(0)
    while state != grammar.finished:
        output = reasoner.stored(torch.tensor([ids]), output_hidden_states=True)
        if ids[-1] == tokenizer.token_to_id(THINK_END):
            scored = output.hidden_states[-1][0, -1]
        may = grammar.following[state] != FORBIDDEN
        if bool(grammar.opens[state]):
            may &= ~torch.isin(grammar.opening, torch.tensor(sorted(used), dtype=torch.long))
        at = torch.tensor([state])
        completed = int(grammar.calculator.completed(tally, at))
        token = int(output.logits[0, -1].masked_fill(~may, -torch.inf).argmax()) if completed == FREE else completed
        tally = grammar.calculator.after(tally, at, torch.tensor([token]))
        if bool(grammar.opens[state]):
            used.add(int(grammar.opening[token]))
        ids.append(token)
        state = int(grammar.following[state, token])
    return str(tokenizer.decode(ids[begin:-1], skip_special_tokens=False)), scored


def check(reasoner: ScoringReasoner, reference: Reference, drafts: Sequence[str] | None) -> int:
    """Texts and scored states are the reference's, whatever the drafts; how many passes it took, the prompts' aside."""
    grouped = None if drafts is None else [drafts[at : at + 2] for at in range(0, len(drafts), 2)]
    reasoner.passes = 0
    counts: list[int] = []
    features = torch.zeros((len(PROMPTS), 2, 2))
    texts = reasoner.reason(PROMPTS, features, on_written=counts.append, drafts=grouped).texts
    assert [text for row in texts for text in row] == reference.texts
    torch.testing.assert_close(reasoner.scored, reference.scored, atol=1e-4, rtol=1e-4)
    assert sum(counts) == len(FLAT) and min(counts) > 0
    return reasoner.passes - 2


def test_it_writes_what_decoding_one_by_one_writes(reasoner: ScoringReasoner, reference: Reference) -> None:
    assert len(set(reference.texts)) == len(FLAT)  # what is written hangs on what is read
    alone = check(reasoner, reference, None)
    assert check(reasoner, reference, [""] * len(FLAT)) == alone > 20


def test_right_drafts_are_read_in_one_pass(reasoner: ScoringReasoner, reference: Reference) -> None:
    assert check(reasoner, reference, reference.texts) == 1


def test_a_wrong_level_costs_no_pass(reasoner: ScoringReasoner, reference: Reference) -> None:
    assert check(reasoner, reference, [text[:-1] + str((int(text[-1]) + 1) % 4) for text in reference.texts]) == 1


def test_steps_in_another_order_are_found_again(reasoner: ScoringReasoner, reference: Reference) -> None:
    drafts = []
    for text in reference.texts:
        steps, end, conclusion = text.partition(THINK_END)
        lines = [line.partition(" ")[2] for line in steps.splitlines(keepends=True)]
        drafts.append("".join(f"{n}. {line}" for n, line in enumerate(lines[::-1], 1)) + end + conclusion)
    assert check(reasoner, reference, drafts) <= 8  # a pass a step


def test_drafts_of_others_put_no_word_into_a_text(reasoner: ScoringReasoner, reference: Reference) -> None:
    check(reasoner, reference, reference.texts[1:] + reference.texts[:1])


@given(data=st.data())
@settings(max_examples=6, deadline=None)
def test_no_draft_puts_a_word_into_a_text(reasoner: ScoringReasoner, reference: Reference, data: st.DataObject) -> None:
    """Drafts of the right form with some pieces exchanged or left out, and any text at all."""
    others = st.sampled_from(["", *(word for text in reference.texts for word in text.split(" "))])
    drafts = []
    for text in reference.texts:
        words = text.split(" ")
        for at in data.draw(st.lists(st.integers(0, len(words) - 1), max_size=6)):
            words[at] = data.draw(others)
        drafts.append(data.draw(st.sampled_from([" ".join(words), text[: len(text) // 2]]) | st.text(max_size=40)))
    check(reasoner, reference, drafts)


def test_a_text_that_is_drawn_hangs_on_prompt_and_attempt_alone(
    reasoner: ScoringReasoner, reference: Reference
) -> None:
    """Not on its neighbours, nor on drafts; and it is another one at every attempt."""

    def drawn(prompts: list[list[Prompt]], attempt: int, drafts: list[list[str]] | None = None) -> list[list[str]]:
        return reasoner.reason(prompts, torch.zeros((len(prompts), 2, 2)), drafts=drafts, attempt=attempt).texts

    once, again = drawn(PROMPTS, 1), drawn(PROMPTS, 2)
    greedy = [reference.texts[at : at + 2] for at in range(0, len(FLAT), 2)]
    for texts in zip(*map(flat, (greedy, once, again)), strict=True):
        assert len(set(texts)) == 3
        assert all(parse_trace(text).level in range(4) for text in texts)
    assert drawn(PROMPTS[::-1], 1) == once[::-1]
    assert drawn(PROMPTS[1:2], 1) == once[1:2]
    for drafts in (greedy, once, once[1:] + once[:1], again):
        assert drawn(PROMPTS, 1, drafts) == once


def flat(texts: list[list[str]]) -> list[str]:
    return [text for row in texts for text in row]


def test_without_the_grammar_drafts_change_nothing_either(
    reasoner: ScoringReasoner, reference: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Random weights never end a text: it is cut off."""
    monkeypatch.setattr(decoding, "MOST_TOKENS", 30)
    features = torch.zeros((1, 2, 2))
    free = reasoner.reason(PROMPTS[-1:], features, constrained=False)
    for drafts in (reference.texts[-2:], free.texts[0], ["1. </think>Level: 1", "1. m1: ELK1 site (ETS<pad><end>"]):
        drafted = reasoner.reason(PROMPTS[-1:], features, constrained=False, drafts=[drafts])
        assert drafted.texts == free.texts
        torch.testing.assert_close(drafted.scores, free.scores, atol=1e-4, rtol=1e-4)


def test_a_text_is_tokenised_line_by_line_as_at_once(
    reasoner: ScoringReasoner, tokenizer: PreTrainedTokenizerFast, reference: Reference
) -> None:
    for text in (*reference.texts, *(prompt.text for prompt in FLAT)):
        found, mask = reasoner._padded([text])
        assert found[0].tolist() == tokenizer(text, add_special_tokens=False)["input_ids"]
        assert bool(mask.all())
