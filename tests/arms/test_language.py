"""What stands behind a text, arm by arm."""

from __future__ import annotations

from collections import Counter

import pytest

from cistrace.arms.catalogue import LANGUAGE, known_arms
from cistrace.arms.language import BEHINDS, LanguageArm, next_base, readings, recipe_of
from cistrace.arms.plan import Plan
from cistrace.arms.subjects import ArmSubject
from cistrace.arms.words import WordsLayout, build_words
from cistrace.errors import DataError
from cistrace.traces.templates import THINK_END
from cistrace.training.examples import Example

CELLS = ("K562", "HepG2")
GENERATED = [f"{'word ' * (at + 1)}own{at}{THINK_END} Level: 1" for at in range(14)]


def subject(row: int, cell: str) -> ArmSubject:
    example = Example(
        row, f"e{row}", cell, "ACGT", "dna A C G T", f"in {cell} <think>", f"teacher{row}{THINK_END}",
        f"towards{row}{THINK_END}", (0.0, 0.0), 0.1, 0.2, 1,
    )  # fmt: skip
    return ArmSubject(example, f"again{row}{THINK_END}")


SUBJECTS = [subject(row, cell) for row in range(7) for cell in CELLS]
LAYOUT = WordsLayout(build_words(["word", *(f"own{at}" for at in range(14))], 10))


@pytest.mark.parametrize("seed", range(5))
def test_no_element_is_shown_its_own_trace_by_the_shuffled_arm(seed: int) -> None:
    found = readings("shuffled", LAYOUT, SUBJECTS, GENERATED, seed)
    assert found is not None and Counter(found) == Counter(GENERATED)
    assert all(mine != own for mine, own in zip(found, GENERATED, strict=True))
    for one, text in zip(SUBJECTS, found, strict=True):  # of the same cell type
        assert SUBJECTS[GENERATED.index(text)].example.cell_type == one.example.cell_type


def test_fillers_have_the_lengths_of_the_generated_traces() -> None:
    found = readings("filler", LAYOUT, SUBJECTS, GENERATED, 0)
    assert found is not None
    assert [len(text.split()) for text in found] == [at + 2 for at in range(14)]
    assert not set(" ".join(found).replace(THINK_END, "").split()) - {"filler"}


def test_every_other_arm_reads_what_it_says() -> None:
    assert readings("card", LAYOUT, SUBJECTS, None, 0) is None
    assert readings("generated", LAYOUT, SUBJECTS, GENERATED, 0) == GENERATED
    assert readings("oracle", LAYOUT, SUBJECTS, None, 0) == [one.example.oracle for one in SUBJECTS]
    assert readings("paraphrase", LAYOUT, SUBJECTS, None, 0) == [one.paraphrase for one in SUBJECTS]
    with pytest.raises(DataError, match="arm generated: found no traces for its 14 examples"):
        readings("generated", LAYOUT, SUBJECTS, None, 0)


def test_arms_differ_in_what_they_read_and_in_nothing_else() -> None:
    plan = Plan(rows=1_000, passes=4, batch=64)
    recipes = [recipe_of(plan, behind, 3) for behind in BEHINDS]
    assert (
        {one.regression.most_steps for one in recipes} == {plan.steps} == {one.rationale.most_steps for one in recipes}
    )
    assert {one.regression.batch_size * one.regression.accumulate for one in recipes} == {64}
    assert {one.regression.seed for one in recipes} == {3} and len({one.rationale for one in recipes}) == 1
    assert not any(one.regression.tower_inputs or one.regression.writing for one in recipes)


def test_a_bare_sequence_is_taught_to_foretell_its_next_base() -> None:
    made = next_base(SUBJECTS[0].example)
    assert (made.shared, made.own, made.trace) == ("dna", "", "A C G T" + THINK_END)


def test_every_arm_of_the_issue_has_a_name_of_its_own() -> None:
    names = [LanguageArm(family, behind, Plan()).name for family, behind in LANGUAGE]
    assert len(set(names)) == len(names) == 11
    assert set(names) < set(known_arms(Plan(), None)) and {"sequence", "paper-oracle", "evidence-filler"} < set(names)
