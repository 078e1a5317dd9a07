"""What the arms of stage II read."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st
from training_helpers import chatml_tokenizer, domain_tokenizer, examples

from cistrace.errors import DataError
from cistrace.traces.templates import THINK_END
from cistrace.training.arms import reasonings_of, shuffled, texts_to_learn, texts_to_score
from cistrace.training.recipe import Recipe, RegressionRecipe
from cistrace.training.recipe_file import load_recipe
from cistrace.writers.layout import CHAT, DOMAIN, layout_of


def recipe(arm: str, layout: str = CHAT, writing: float = 0.0) -> Recipe:
    base = load_recipe("compact" if layout == DOMAIN else "r3lm-qwen3-4b")
    return replace(base, regression=replace(base.regression, arm=arm, writing=writing))  # type: ignore[arg-type]


@given(
    st.lists(st.tuples(st.integers(0, 30), st.sampled_from(["a", "b"])), min_size=2, max_size=40, unique=True),
    st.integers(0, 99),
)
def test_shuffled_traces_are_all_there_and_none_is_ones_own(places: list[tuple[int, str]], seed: int) -> None:
    template = examples(CHAT, 1)[0]
    many = [replace(template, row=row, cell_type=cell) for row, cell in places]
    order = shuffled(many, seed)
    assert sorted(order) == list(range(len(many)))
    alone = {cell for cell in "ab" if sum(record.cell_type == cell for record in many) == 1}
    for at, other in enumerate(order):
        assert many[other].cell_type == many[at].cell_type
        assert (many[other].row == many[at].row) == (many[at].cell_type in alone)


def test_the_arms_read_what_they_say() -> None:
    many = examples(CHAT)
    traces = [f"steps of {at}{THINK_END}Level: 1" for at in range(len(many))]
    assert reasonings_of("card", many, None, 0) == [None] * 5
    assert reasonings_of("card+generated", many, traces, 0) == [f"steps of {at}" for at in range(5)]
    assert sorted(map(str, reasonings_of("shuffled", many, traces, 0))) == [f"steps of {at}" for at in range(5)]
    (first, *_) = texts_to_score(recipe("sequence"), many, None)
    assert first.reasoning is None and many[0].bases in first.example.own and "Motif" not in first.example.own
    (first, *_) = texts_to_score(recipe("card"), many, None)
    assert first.example.own == many[0].own


def test_no_arm_but_the_oracle_reads_traces_written_towards_the_label() -> None:
    told = [replace(record, oracle=f"the label is 3{THINK_END}") for record in examples(CHAT)]
    traces = [f"mine{THINK_END}"] * len(told)
    arms = get_args(get_type_hints(RegressionRecipe)["arm"])
    for arm in set(arms) - {"oracle"}:
        read = [text.reasoning or "" for text in texts_to_score(recipe(arm), told, traces)]
        assert not any("label" in reasoning for reasoning in read)
    assert reasonings_of("oracle", told, None, 0) == ["the label is 3"] * len(told)


def test_the_oracle_wants_such_traces() -> None:
    with pytest.raises(DataError, match="--condition level"):
        reasonings_of("oracle", examples(CHAT), None, 0)


def test_an_arm_without_its_traces_is_refused() -> None:
    with pytest.raises(DataError, match="found no traces"):
        reasonings_of("card+generated", examples(CHAT), None, 0)


def test_with_a_writing_loss_steps_are_supervised_only_where_they_are_the_teachers() -> None:
    many, layout = examples(), layout_of(DOMAIN, domain_tokenizer())
    written = [many[0].trace, many[1].trace.replace("1. ", "1. not "), *(record.trace for record in many[2:])]
    texts, same = texts_to_learn(recipe("card+generated", DOMAIN, writing=0.5), layout, many, written, ())
    assert same == 0.8
    assert [text.supervise_steps for text in texts[:5]] == [True, False, True, True, True]
    assert all(text.conclusion == "Level: 3" and text.supervise_conclusion for text in texts[:5])
    # The sequence whose steps differ is told once more as the teacher has it, and not scored there.
    assert [text.example.row for text in texts[5:]] == [1, 1] and not any(text.scored for text in texts[5:])


def test_without_a_writing_loss_nothing_is_supervised() -> None:
    many, layout = examples(CHAT), layout_of(CHAT, chatml_tokenizer())
    texts, _ = texts_to_learn(recipe("card+generated"), layout, many, [record.trace for record in many], ())
    assert not any(text.supervise_steps or text.supervise_conclusion for text in texts) and len(texts) == len(many)
