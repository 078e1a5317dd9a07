from __future__ import annotations

import pytest

from cistrace.mpra.chromosomes import chromosome_name, chromosome_places, is_plain_chromosome


@pytest.mark.parametrize(
    ("texts", "name"),
    [
        (("1", "chr1", "Chr1", "CHR1", " chr1 ", "chr01", "chromosome 1", "chromosome1"), "chr1"),
        (("X", "x", "chrX", "CHRx"), "chrX"),
        (("M", "MT", "chrM", "chrMT", "Mt"), "chrM"),
        (("2L", "chr2l"), "chr2L"),
        (("GL000192.1",), "chrGL000192.1"),
        (("", "  ", "unknown", "Unknown", "NA", "nan", ".", "chr", "None"), ""),
    ],
)
def test_one_chromosome_has_one_name(texts: tuple[str, ...], name: str) -> None:
    assert {chromosome_name(text) for text in texts} == {name}
    assert chromosome_name(name) == name


def test_a_border_names_both_sides() -> None:
    assert chromosome_places("chr1-chr10") == ("chr1", "chr10") == chromosome_places("1-CHR10")
    assert chromosome_places("chr1") == ("chr1",) == chromosome_places("chr1-1") == chromosome_places("chr1-unknown")
    assert chromosome_places("unknown") == ("",) == chromosome_places("-")


def test_names_that_every_table_spells_alike() -> None:
    assert all(map(is_plain_chromosome, ("chr1", "chr22", "chrX", "chrM")))
    assert not any(map(is_plain_chromosome, ("", "chr2L", "chrNC_000001.11", "chr123")))
