from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cistrace.errors import ModelError
from cistrace.io.regions import reverse_complement as opposite
from cistrace.towers.encoding import base_codes, one_hot, opposite_codes, reverse_complement


@given(st.text("ACGTNRYK", min_size=1, max_size=60))
def test_one_hot_by_hand(bases: str) -> None:
    x = one_hot(base_codes([bases], 60))[0]
    left = (60 - len(bases)) // 2
    for place, base in enumerate(bases, left):
        assert x[:, place].tolist() == [float(base == letter) for letter in "ACGT"]
    assert x.sum() == sum(base in "ACGT" for base in bases)


@given(st.text("ACGTN", min_size=60, max_size=60))
def test_reverse_complement_of_the_encoding_encodes_the_reverse_complement(bases: str) -> None:
    codes, turned = base_codes([bases], 60), base_codes([opposite(bases)], 60)
    assert opposite_codes(codes).tolist() == turned.tolist()
    assert torch.equal(reverse_complement(one_hot(codes)), one_hot(turned))


def test_too_long_is_refused() -> None:
    with pytest.raises(ModelError, match="61 bp"):
        base_codes(["A" * 61], 60)
