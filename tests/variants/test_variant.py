"""One form of a variant for all ways to write it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cistrace.variants.variant import Variant, normalised

REPEATS = st.text(alphabet="AC", min_size=1, max_size=60)


def applied(genome: str, one: Variant) -> str:
    assert genome[one.start : one.start + len(one.ref)] == one.ref
    return genome[: one.start] + one.alt + genome[one.start + len(one.ref) :]


def of(genome: str, start: int, ref: str, alt: str) -> Variant:
    return normalised(Variant("c", start, ref, alt), lambda begin, end: genome[begin:end])


def test_exact_forms() -> None:
    assert of("GGTACC", 2, "T", "A") == Variant("c", 2, "T", "A")
    assert of("GGTACC", 1, "GTA", "GCA") == Variant("c", 2, "T", "C")
    assert of("GCAAAAT", 5, "AT", "T") == Variant("c", 2, "A", "")  # a deletion in a repeat: its first base
    assert of("GCAAAAT", 6, "T", "AT") == Variant("c", 2, "", "A")
    assert of("CACACACAT", 6, "CAT", "T") == Variant("c", 0, "CA", "")  # of the repeat of two, to the contig's start
    assert of("TCACACA", 5, "CA", "CACA") == Variant("c", 1, "", "CA")
    assert of("GCAT", 1, "CA", "TG") == Variant("c", 1, "CA", "TG")


def test_a_long_repeat_is_read_in_pieces() -> None:
    genome = "G" + "A" * 3000 + "T"
    assert of(genome, 2999, "AA", "A") == Variant("c", 1, "A", "")


@given(genome=REPEATS, data=st.data())
def test_every_way_to_write_a_change_gives_one_form(genome: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(genome)))
    end = data.draw(st.integers(start, len(genome)))
    alt = data.draw(st.text(alphabet="AC", max_size=6))
    first = of(genome, start, genome[start:end], alt)
    changed = applied(genome, Variant("c", start, genome[start:end], alt))
    assert applied(genome, first) == changed
    left, right = data.draw(st.integers(0, start)), data.draw(st.integers(end, len(genome)))
    longer = of(genome, left, genome[left:right], genome[left:start] + alt + genome[end:right])
    assert longer == first or genome == changed
    # whichever place of the repeat the same change is written at
    for at in range(len(genome) + 1):
        width = len(genome) - len(changed)
        if width > 0 and genome[:at] + genome[at + width :] == changed and at + width <= len(genome):
            assert of(genome, at, genome[at : at + width], "") == first
