"""What a draft proposes behind what was written."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from cistrace.writers.draft import Tokens, read_draft

GC, CPG, NONE = (
    "GC content 0.500 is medium\n",
    "CpG observed/expected 0.10 is depleted\n",
    "no motif passes the threshold\n",
)
ALL = "the whole comes to -0.71: what is not told above costs -0.40\n"
OTHER = "low-complexity share 0.00 is negligible\n"
DRAFT = f"1. {GC}2. {CPG}3. {NONE}4. {ALL}</think>Level: 1"

Proposes = Callable[[str, str], str]


@pytest.fixture(scope="module")
def tokens_of(tokenizer: PreTrainedTokenizerFast) -> Callable[[str], Tokens]:
    return lambda text: tuple(tokenizer(text, add_special_tokens=False)["input_ids"])


@pytest.fixture(scope="module")
def proposes(tokenizer: PreTrainedTokenizerFast, tokens_of: Callable[[str], Tokens]) -> Proposes:
    """Behind a text, of a draft, beside a prompt that tells of low complexity."""
    return lambda draft, written: str(
        tokenizer.decode(read_draft(draft, f"{OTHER}{GC}<think>", tokens_of).behind(tokens_of(written)))
    )


def test_a_draft_that_is_right_so_far_goes_on(tokens_of: Callable[[str], Tokens]) -> None:
    tokens, draft = tokens_of(DRAFT), read_draft(DRAFT, OTHER, tokens_of)
    for length in range(1, len(tokens) + 1):
        assert draft.behind(tokens[:length]) == tokens[length:]


@pytest.mark.parametrize(
    ("written", "proposed"),
    [
        (f"1. {CPG}", f"2. {GC}3. {NONE}4. {ALL}</think>Level: 1"),  # another order: numbered anew
        ("1. CpG observed/expected 0.1", f"0 is depleted\n2. {GC}3. {NONE}4. {ALL}</think>Level: 1"),
        (f"1. {GC}2. CpG observed/expected 0.29", f" is depleted\n3. {NONE}4. {ALL}</think>Level: 1"),  # another value
        (f"1. {GC}2. low-complexity share 0.0", f"0 is negligible\n3. {NONE}4. {ALL}</think>Level: 1"),  # the prompt's
        (f"1. {GC}2. {CPG}3. {NONE}4. {ALL}</think>Level: 3", ""),
    ],
)
def test_a_text_that_has_left_the_draft_comes_back_to_it(proposes: Proposes, written: str, proposed: str) -> None:
    assert proposes(DRAFT, written) == proposed


def test_without_a_draft_the_prompt_alone_is_copied(proposes: Proposes) -> None:
    for draft in ("", "once upon a time\n 1."):
        assert proposes(draft, f"1. {GC}2. ") == ""
        assert proposes(draft, "1. low-complexity share 0.0") == OTHER[-len("0 is negligible\n") :]


@given(draft=st.text(max_size=60), written=st.text(max_size=60))
def test_any_text_can_be_a_draft(proposes: Proposes, draft: str, written: str) -> None:
    assert isinstance(proposes(draft, written), str)
