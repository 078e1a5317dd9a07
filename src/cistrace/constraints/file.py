"""Constraints from a YAML or JSON file; all its faults are told at once.

gc: [0.40, 0.60]
forbidden_sites: [EcoRI, BsaI, CACNNNGTG]
longest_run: 6
keep_motifs: [HNF4A]
avoid_motifs: [GATA1]
sites_of_one: 3
keep_regions: [1-20, 181-200]         # 1-based, inclusive
maximum_edits: 40
distance_between: 30
natural: {file: elements.fa, distance: 40}   # beside the constraints file
flanks: [AGGACCGGATCAACT, CATTGCGTGAACCGA]
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from cistrace.constraints.constraints import Constraints, NaturalElements, Region
from cistrace.errors import ConstraintError, InputError
from cistrace.io.sequences import read_sequences
from cistrace.io.small_files import small_text
from cistrace.io.streams import file_faults, shown
from cistrace.io.yaml_text import MOST_CHARACTERS, parse_yaml

QUOTED = 80  # characters of a value that a message repeats
KEYS = tuple(entry.name for entry in fields(Constraints))


def read_constraints(path: str | Path) -> Constraints:
    """Read constraints from a YAML or JSON file, whose keys are the attributes of `Constraints`.

    Parameters
    ----------
    path : str or Path
        The file of natural elements that it names is sought beside it: FASTA or a table.

    Returns
    -------
    Constraints

    Raises
    ------
    ConstraintError
        It cannot be read, or any number of faults, all told at once.
    """
    where = f"constraints {shown(path)}"
    found, faults = _values(_plain(Path(path), where), Path(path).parent)
    # One at a time, so that a fault of one key hides none of another.
    for key, value in found.items():
        try:
            Constraints(**{key: value})
        except ConstraintError as error:
            faults += error.faults
    if faults:
        raise ConstraintError(faults, where)
    return Constraints(**found)


def _values(plain: dict[Any, Any], folder: Path) -> tuple[dict[str, Any], list[str]]:
    """What the keys say, and what is wrong with those that say nothing that can be read."""
    found: dict[str, Any] = {}
    faults: list[str] = []
    for key, value in plain.items():
        try:
            if key not in KEYS:
                near = get_close_matches(str(key), KEYS, 1)
                raise _Fault(f"no such key; expected {', '.join(near or KEYS)}; rename or remove it")
            if value is not None:
                found[key] = _natural(value, folder) if key == "natural" else _READERS[key](value)
        except _Fault as fault:
            faults.append(f"{key}: {fault}")
    return found, faults


def parse_regions(text: str) -> tuple[Region, ...]:
    """Regions as the command line takes them: `1-20,101-110`, 1-based and inclusive.

    Raises
    ------
    ConstraintError
        Another form.
    """
    try:
        return tuple(_region(part.strip()) for part in text.split(","))
    except _Fault as fault:
        raise ConstraintError([f"keep: {fault}"]) from None


def with_regions(constraints: Constraints, regions: tuple[Region, ...]) -> Constraints:
    """The same constraints with further regions to keep."""
    return replace(constraints, keep_regions=tuple(sorted({*constraints.keep_regions, *regions})))


class _Fault(Exception):
    """What is wrong with one value."""


def _plain(path: Path, where: str) -> dict[Any, Any]:
    try:
        with file_faults(shown(path)):
            text = small_text(path, MOST_CHARACTERS)
    except (InputError, ValueError) as error:
        raise ConstraintError([str(error)], "constraints" if isinstance(error, InputError) else where) from error
    try:
        plain = parse_yaml(text)
    except ValueError as error:
        raise ConstraintError([f"not YAML or JSON ({error}); correct it"], where) from error
    if not isinstance(plain, dict):
        named = "nothing" if plain is None else f"a {type(plain).__name__}"
        raise ConstraintError([f"found {named}, expected keys such as gc; write some of {', '.join(KEYS)}"], where)
    return plain


def _quoted(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= QUOTED else f"{text[:QUOTED]}..."


def _share_pair(value: Any) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise _Fault(f"found {_quoted(value)}, expected two numbers, [lowest, highest]; write both, such as [0.4, 0.6]")
    low, high = _list(value, _number)
    return low, high


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _Fault(f"found {_quoted(value)}, expected a number; write one")
    return float(value)


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _Fault(f"found {_quoted(value)}, expected a whole number; write one")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _Fault(f"found {_quoted(value)}, expected text; put it between quotation marks")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    return _list([value] if isinstance(value, str) else value, _text)


def _list(value: Any, read: Callable[[Any], Any]) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise _Fault(f"found {_quoted(value)}, expected a list; put what it holds between [ and ]")
    return tuple(map(read, value))


def _flanks(value: Any) -> tuple[str, str]:
    pair = tuple(text.upper() for text in _list(value, _text))
    if len(pair) != 2:
        raise _Fault(f"found {_quoted(value)}, expected two texts, [before, behind]; write both, '' for none")
    return pair[0], pair[1]


def _region(value: Any) -> Region:
    if isinstance(value, list) and len(value) == 2:
        return Region(_count(value[0]) - 1, _count(value[1]))
    match = re.fullmatch(r"([0-9]{1,9})-([0-9]{1,9})", str(value))
    if match is None:
        raise _Fault(f"found {_quoted(value)}, expected FIRST-LAST such as 1-20, 1-based and inclusive; write it so")
    region = Region(int(match[1]) - 1, int(match[2]))
    if not 0 <= region.start < region.end:
        raise _Fault(f"found {_quoted(value)}, expected FIRST-LAST, 1-based, the first no later than the last; mend it")
    return region


def _regions(value: Any) -> tuple[Region, ...]:
    return _list(value if isinstance(value, list) else [value], _region)


def _natural(value: Any, folder: Path) -> NaturalElements:
    if not isinstance(value, dict) or set(value) != {"file", "distance"}:
        raise _Fault(f"found {_quoted(value)}, expected {{file: FASTA or table, distance: EDITS}}; write both")
    distance = _count(value["distance"])
    path = folder / _text(value["file"])
    try:
        elements = list(read_sequences(path))
    except InputError as error:
        raise _Fault(str(error)) from error
    return NaturalElements(
        tuple(one.id for one in elements), tuple(one.bases for one in elements), distance, shown(path)
    )


_READERS: dict[str, Callable[[Any], Any]] = {
    "gc": _share_pair,
    "forbidden_sites": _texts,
    "longest_run": _count,
    "keep_motifs": _texts,
    "avoid_motifs": _texts,
    "sites_of_one": _count,
    "keep_regions": _regions,
    "maximum_edits": _count,
    "distance_between": _count,
    "flanks": _flanks,
}
