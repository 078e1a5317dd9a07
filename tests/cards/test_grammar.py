from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from cistrace.cards.card import GrammarTag
from cistrace.cards.grammar import GROUPS, HOMOTYPIC_SITES, KNOWN_PAIRS, PAIR_DISTANCE, Placed, grammar_tags
from cistrace.motifs.archetypes import matrix_names


def test_three_of_an_archetype_are_homotypic() -> None:
    placed = [Placed(100, 110, "FOX"), Placed(10, 20, "FOX"), Placed(50, 60, "FOX"), Placed(0, 5, "NFAT")]
    assert grammar_tags(placed) == (GrammarTag("homotypic", (0, 1, 2), "FOX", 100),)
    assert grammar_tags(placed[1:]) == ()


def test_the_largest_group_stands_first() -> None:
    placed = [Placed(20 * at, 20 * at + 8, "NFAT" if at % 2 else "FOX") for at in range(7)]
    tags = grammar_tags(placed)
    assert [(tag.label, tag.members, tag.distance) for tag in tags] == [
        ("FOX", (0, 2, 4, 6), 128), ("NFAT", (1, 3, 5), 88),
    ]  # fmt: skip


def test_a_known_pair_takes_its_closest_members() -> None:
    placed = [Placed(0, 10, "GATA"), Placed(60, 70, "TAL1-GATA"), Placed(80, 88, "E-box/CAGCTG")]
    assert grammar_tags(placed) == (GrammarTag("pair", (1, 2), "GATA + TAL1", 10),)
    assert grammar_tags(placed[::-1]) == (GrammarTag("pair", (0, 1), "GATA + TAL1", 10),)


def test_a_pair_may_touch_but_not_overlap_nor_stand_far_apart() -> None:
    gata = Placed(0, 10, "GATA")
    assert [tag.distance for tag in grammar_tags([gata, Placed(10, 20, "SP/KLF")])] == [0]
    assert [tag.distance for tag in grammar_tags([gata, Placed(40, 50, "SP/KLF")])] == [30]
    assert grammar_tags([gata, Placed(41, 50, "SP/KLF")]) == ()
    assert grammar_tags([gata, Placed(5, 15, "SP/KLF")]) == ()


def test_groups_are_of_archetypes_that_there_are() -> None:
    archetypes = {name.archetype for name in matrix_names().values()}
    assert [name for group in GROUPS.values() for name in group if name not in archetypes] == []
    assert {name for pair in KNOWN_PAIRS for name in pair} <= set(GROUPS)
    assert all(first != second and not GROUPS[first] & GROUPS[second] for first, second in KNOWN_PAIRS)
    named = [name for group in GROUPS.values() for name in group]
    assert len(named) == len(set(named))


ARCHETYPES = sorted({name for group in GROUPS.values() for name in group} | {"ZNF530"})


@given(
    st.lists(
        st.builds(lambda start, width, name: Placed(start, start + width, name), st.integers(0, 90), st.integers(4, 20),
                  st.sampled_from(ARCHETYPES)),
        max_size=12,
    )
)  # fmt: skip
def test_tags_are_those_that_the_rules_give_one_by_one(placed: list[Placed]) -> None:
    tags = grammar_tags(placed)
    counts = {name: [at for at, one in enumerate(placed) if one.archetype == name] for name in ARCHETYPES}
    homotypic = {name: tuple(group) for name, group in counts.items() if len(group) >= HOMOTYPIC_SITES}
    assert {tag.label: tag.members for tag in tags if tag.kind == "homotypic"} == homotypic
    nearest = {}
    for first, second in KNOWN_PAIRS:
        gaps = [
            max(one.start, other.start) - min(one.end, other.end)
            for one, other in product(placed, placed)
            if one.archetype in GROUPS[first] and other.archetype in GROUPS[second]
        ]
        near = [gap for gap in gaps if 0 <= gap <= PAIR_DISTANCE]
        if near:
            nearest[f"{first} + {second}"] = min(near)
    assert {tag.label: tag.distance for tag in tags if tag.kind == "pair"} == nearest
    for tag in tags:
        assert list(tag.members) == sorted(set(tag.members))
