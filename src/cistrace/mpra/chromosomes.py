"""Names of chromosomes, spelt one way wherever they are compared: `1`, `Chr1`, `CHR1` and `chr01` are `chr1`."""

from __future__ import annotations

import re

NOWHERE = ""
_UNSTATED = frozenset({"", "unknown", "unplaced", "unmapped", "na", "n/a", "nan", "none", "null", ".", "*", "-"})
_NUMBERED = re.compile(r"chr([0-9]{1,2}|[XYMWZ])")


def chromosome_name(text: str) -> str:
    """One name as it is compared; empty for what states none, such as `unknown`, `NA` or `.`.

    Case, blanks, a leading `chr` or `chromosome` and leading zeros do not matter, and `MT` is `M`.
    """
    plain = text.strip().casefold()
    if plain in _UNSTATED:
        return NOWHERE
    bare = plain.removeprefix("chromosome").removeprefix("chr").strip(" _")
    if bare in _UNSTATED:
        return NOWHERE
    bare = bare.lstrip("0") or "0" if bare.isdecimal() else bare
    return "chr" + ("M" if bare == "mt" else bare.upper())


def chromosome_places(text: str) -> tuple[str, ...]:
    """The names that a field of a table states, in its order: two for a row on the border of two (`chr1-chr10`).

    A row that states none has one place, the empty name.
    """
    names = dict.fromkeys(chromosome_name(part) for part in text.split("-"))
    return tuple(name for name in names if name) or (NOWHERE,)


def is_plain_chromosome(name: str) -> bool:
    """Whether a name that `chromosome_name` gave is a number, X, Y, M, W or Z: spelt alike in every table."""
    return _NUMBERED.fullmatch(name) is not None
