"""Cell-type names: spelling as the model has it, common aliases accepted."""

from __future__ import annotations

from collections.abc import Iterable

from cistrace.errors import CellTypeError

ALL = "all"
# Other names in use for the cell types of the shipped model and of published MPRA tables.
ALIASES = {"hepg2": "HepG2", "k562": "K562", "wtc11": "WTC11", "sknsh": "SKNSH"}


def canonical_cell_types(names: Iterable[str], known: tuple[str, ...]) -> tuple[str, ...]:
    """Names as the model spells them, each once, in the order asked; `all` stands for all of them.

    Case, blanks, `-`, `_` and `.` do not matter: `SK-N-SH`, `sknsh` and `SKNSH` are one.

    Raises
    ------
    CellTypeError
        A name the model does not know, or no name at all.
    """
    spelled = {_plain(ALIASES.get(_plain(name), name)): name for name in known}
    found: dict[str, None] = {}
    for name in names:
        if _plain(name) == ALL:
            found.update(dict.fromkeys(known))
        elif (plain := _plain(ALIASES.get(_plain(name), name))) in spelled:
            found[spelled[plain]] = None
        else:
            raise CellTypeError(f"cell type {name!r}: not known to the model, expected {', '.join(known)} or {ALL}")
    if not found:
        raise CellTypeError(f"cell type: found none, expected one or more of {', '.join(known)} or {ALL}")
    return tuple(found)


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter not in " -_.")
