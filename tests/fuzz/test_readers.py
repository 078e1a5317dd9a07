"""Every reader on files that were altered at random: a clean refusal or a result, and nothing else.

fuzz/README.md tells how the same readers are fuzzed for hours.
"""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path

import pytest
from fuzz_targets import FAMILIES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

CORPUS = Path(__file__).parents[2] / "fuzz" / "corpus"
TOKENS = (
    b"", b"\0", b"\xff", b"\xed\xa0\x80", b"\r", b"\n", b"\t", b'"', b"'", b",", b":", b"{", b"}", b"[", b"]", b">",
    b"#", b"-", b"-1", b"0", b"1e999", b"NaN", b"Infinity", b"null", b"true", b"9" * 30, b"\xe2\x80\xa8",
    b"\xe2\x80\xae", b"\x1b[2J", b"&a ", b"*a", b"!!int ", b"\\ud800", b"</think>", b"A" * 300,
    b"=cmd|' /C calc'!A0", b"../../x", b"\xef\xbb\xbf",
)  # fmt: skip


@cache
def seeds(family: str) -> tuple[bytes, ...]:
    """The files of a family's corpus."""
    return tuple(path.read_bytes() for path in sorted((CORPUS / family).iterdir()))


@st.composite
def altered(draw: st.DrawFn, family: str) -> bytes:
    """A file of the corpus with some places changed, cut out, doubled or filled by something else."""
    data = bytearray(draw(st.sampled_from(seeds(family))))
    chance = random.Random(draw(st.integers(0, 2**32)))
    for _ in range(draw(st.integers(0, 6))):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(5):
            case 0:
                data[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del data[at : at + chance.choice((1, 4, 30, len(data)))]
            case 2:
                data[at:at] = data[at : at + chance.choice((1, 20, 200))]
            case 3:
                data[at : at + chance.choice((0, 1, 5))] = chance.choice(TOKENS)
            case _:
                other = chance.choice(seeds(family))
                begin = chance.randrange(len(other))
                data[at:at] = other[begin : begin + 50]
    return bytes(data)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_corpus_is_read_or_refused(family: str) -> None:
    for data in seeds(family):
        FAMILIES[family](data)


@pytest.mark.parametrize("family", FAMILIES)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_altered_files_are_read_or_refused(family: str, data: st.DataObject) -> None:
    FAMILIES[family](data.draw(altered(family)))
