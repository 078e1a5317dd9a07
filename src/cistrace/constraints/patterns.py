"""Forbidden sites: IUPAC patterns and restriction enzymes by name, found on either strand of many sequences at once."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

import numpy as np
from numpy.typing import NDArray

from cistrace.errors import ConstraintError

# A letter as the set of bases it stands for: A 1, C 2, G 4, T 8.
_SETS = {
    "A": 1, "C": 2, "G": 4, "T": 8, "R": 5, "Y": 10, "S": 6, "W": 9, "K": 12, "M": 3, "B": 14, "D": 13, "H": 11,
    "V": 7, "N": 15,
}  # fmt: skip
IUPAC = "".join(_SETS)
SHORTEST = 3  # letters of a pattern that stand for fewer than all four bases
_SET_OF_BYTE = np.full(256, 15, dtype=np.uint8)
for _letter, _set in _SETS.items():
    _SET_OF_BYTE[ord(_letter)] = _set


@dataclass(frozen=True, slots=True)
class Pattern:
    """A forbidden site: its `name` as the user wrote it, and its letters (IUPAC) on one strand."""

    name: str
    letters: str

    def __str__(self) -> str:
        return self.name if self.name == self.letters else f"{self.name} ({self.letters})"

    @property
    def strands(self) -> tuple[NDArray[np.uint8], ...]:
        """The sets of bases of each letter, uint8 (width,): forward, and backward where that is another pattern."""
        forward = base_sets(self.letters)
        backward = _complement(forward)[::-1]
        return (forward,) if np.array_equal(forward, backward) else (forward, backward)


def base_sets(bases: str) -> NDArray[np.uint8]:
    """Each letter of a sequence as a set of bases (A 1, C 2, G 4, T 8): uint8 (bases,)."""
    return _SET_OF_BYTE[np.frombuffer(bases.encode("ascii"), dtype=np.uint8)]


def _complement(sets: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return ((sets & 1) << 3 | (sets & 2) << 1 | (sets & 4) >> 1 | (sets & 8) >> 3).astype(np.uint8)


def letters_fault(text: str, allowed: str) -> str | None:
    """What is wrong with a text that must consist of the `allowed` letters, or None."""
    strange = sorted(set(text) - set(allowed))
    return f"found {text!r} with {''.join(strange)!r}, expected only letters of {allowed}" if strange else None


@cache
def forbidden_pattern(name: str) -> Pattern:
    """The pattern of a forbidden site: an enzyme's recognition site, or the letters themselves.

    Enzymes are Biopython's (Bio.Restriction, from REBASE). Their names hold lower-case letters, patterns do not.

    Raises
    ------
    ConstraintError
        Neither; a pattern that is too short; or Biopython, which names enzymes, is not installed.
    """
    if name and not set(name) - set(IUPAC):
        if sum(letter != "N" for letter in name) < SHORTEST:
            raise ConstraintError(
                [f"found the pattern {name!r}, expected {SHORTEST} letters other than N; lengthen it"]
            )
        return Pattern(name, name)
    return Pattern(name, _enzyme_site(name))


def _enzyme_site(name: str) -> str:
    sites = _enzyme_sites(name)
    if name not in sites:
        plain = {site.casefold(): site for site in sites}
        near = [plain[one] for one in get_close_matches(name.casefold(), plain, 3, 0.6)]
        mend = f"did you mean {', '.join(near)}?" if near else "correct or remove it"
        raise ConstraintError(
            [f"found {name[:80]!r}, expected a restriction enzyme such as EcoRI, or capital letters of {IUPAC}; {mend}"]
        )
    return sites[name]


def _enzyme_sites(name: str) -> dict[str, str]:
    """Recognition sites by enzyme, of those whose site is known."""
    try:
        from Bio.Restriction import AllEnzymes  # type: ignore[attr-defined]
    except ImportError:
        raise ConstraintError(
            [f"found the enzyme {name!r}, expected Biopython to know its site; run `pip install 'cistrace[design]'`"]
        ) from None
    return {str(enzyme): str(enzyme.site) for enzyme in AllEnzymes if enzyme.site}


def occurrences(sets: NDArray[np.uint8], pattern: Pattern) -> NDArray[np.bool_]:
    """Where a pattern stands on either strand of several sequences of one length.

    A letter that stands for several bases matches where the pattern allows all of them.

    Parameters
    ----------
    sets : ndarray, uint8, shape (N, L)
        As `base_sets` gives them.

    Returns
    -------
    ndarray, bool, shape (N, L - width + 1)
        Whether a site starts there; shape (N, 0) where the pattern is longer.
    """
    width = len(pattern.letters)
    starts = max(0, sets.shape[1] - width + 1)
    found = np.zeros((len(sets), starts), dtype=np.bool_)
    for letters in pattern.strands:
        here = np.ones((len(sets), starts), dtype=np.bool_)
        for offset, allowed in enumerate(letters.tolist()):
            if allowed != 15:
                here &= (sets[:, offset : offset + starts] & (~allowed & 15)) == 0
        found |= here
    return found
