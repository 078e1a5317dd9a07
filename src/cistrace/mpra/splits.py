"""Which rows train, validate and test: by chromosome, by a column, or by shared stretches of bases."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cistrace.errors import DataError
from cistrace.mpra.chromosomes import NOWHERE, chromosome_name, chromosome_places
from cistrace.mpra.homology import groups
from cistrace.mpra.loaded import SPLITS, Exclusion, LoadedTable

EXCLUDED = ""
_SPELLED = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
    "testing": "test",
}
_LISTED = 12


def split_name(text: str) -> str:
    """`train`, `val` or `test`, in whatever usual word; empty for any other."""
    return _SPELLED.get(text.strip().casefold(), EXCLUDED)


@dataclass(frozen=True, slots=True)
class Split:
    """Where every row goes.

    Attributes
    ----------
    splits : tuple of str, length N
        `train`, `val`, `test`; empty where the row is excluded.
    exclusions : tuple of Exclusion
        One for every empty split.
    rule : str
        What decided, in words.
    notes : tuple of str
        What a user should hear of, one line each.
    """

    splits: tuple[str, ...]
    exclusions: tuple[Exclusion, ...]
    rule: str
    notes: tuple[str, ...] = ()


def by_chromosome(measured: LoadedTable, val: Collection[str], test: Collection[str]) -> Split:
    """Whole chromosomes to val and test, all others and rows without one to train.

    A row on a boundary (`chr1-chr10`) is excluded where one side is held out. Case and a leading `chr` do not matter.

    Raises
    ------
    DataError
        A chromosome asked for that no row lies on, or that is asked for both splits.
    """
    held: dict[str, str] = {}
    for name, split in (*((name, "val") for name in val), *((name, "test") for name in test)):
        if held.setdefault(chromosome_name(name), split) != split:
            raise DataError(f"chromosome {name!r}: is asked for val and test; expected one of them; remove it from one")
    where = {chromosome: _place(chromosome, held) for chromosome in set(measured.table.chromosomes)}
    there = {place for chromosome in where for place in chromosome_places(chromosome)} - {NOWHERE}
    missing = [name for name in (*val, *test) if chromosome_name(name) not in there]
    if missing and not there:
        raise DataError(
            f"chromosome {missing[0]!r}: no row has a chromosome; expected a column of them; name it by "
            "--chromosome-column, or choose --split homology or column"
        )
    if missing:
        listed = ", ".join(sorted(name for name in where if name)[:_LISTED])
        raise DataError(f"chromosome {missing[0]!r}: no measured row lies on it; found {listed}; name one of these")
    splits = tuple(where[chromosome] for chromosome in measured.table.chromosomes)
    reason = "lies on a boundary between chromosomes, {!r}, one of them held out; expected one chromosome"
    exclusions = _exclusions(measured, splits, measured.table.chromosomes, reason)
    return Split(splits, exclusions, f"chromosomes: val {_listed(val)}, test {_listed(test)}, the rest train")


def by_column(measured: LoadedTable) -> Split:
    """As the table's split column says: train, val (validation, valid, dev), test, in any case; others are excluded.

    Raises
    ------
    DataError
        No row names a split.
    """
    found = measured.table.splits
    splits = tuple(split_name(name) for name in found)
    others = Counter(name for name, split in zip(found, splits) if not split)
    listed = ", ".join(f"{name[:40]!r} {times:,}" for name, times in others.most_common(_LISTED))
    if not any(splits):
        raise DataError(f"split column: no row is of train, val or test; found {listed or 'no rows'}; name another")
    exclusions = _exclusions(measured, splits, found, "the split is {!r}, expected train, val or test")
    notes = (f"rows of other splits, excluded: {others.total():,} ({listed})",) if others else ()
    return Split(splits, exclusions, "the table's split column", notes)


def with_counts(split: Split) -> Split:
    """The same split with a note that says, before all others, what decided and how many rows went where."""
    counts = ", ".join(f"{name} {split.splits.count(name):,}" for name in SPLITS)
    return replace(split, notes=(f"splits: taken from {split.rule}: {counts}", *split.notes))


def by_homology(measured: LoadedTable, k: int, val_share: float, test_share: float, seed: int) -> Split:
    """Rows that share a k-mer on either strand go together, in an order drawn by the seed.

    The order of the rows does not matter: a group is known by its smallest id. Each group goes to test where it still
    fits there, else to val, else to train; what is then missing is filled by one group more where that comes nearer.

    Parameters
    ----------
    k : int
        Bases that related rows share, 1-64.
    val_share, test_share : float
        Shares of the rows, 0 up to less than 1 together.
    seed : int

    Raises
    ------
    DataError
        Shares out of range, or k.
    """
    if min(val_share, test_share) < 0 or not val_share + test_share < 1:
        raise DataError(
            f"shares: val {val_share:g} and test {test_share:g}; expected 0 or more each and less than 1 together"
        )
    table = measured.table
    group = groups(table.sequences, k)
    sizes = Counter(group.tolist())
    targets = {"test": round(test_share * len(table)), "val": round(val_share * len(table))}
    split_of = _deal(_ordered(table.names, group, seed), sizes, targets)
    splits = tuple(split_of[root] for root in group.tolist())
    rule = f"homology: rows sharing {k} bases together, val {val_share:g}, test {test_share:g}, seed {seed}"
    return Split(splits, (), rule, tuple(_homology_notes(splits, sizes, targets)))


def _place(chromosome: str, held: dict[str, str]) -> str:
    places = chromosome_places(chromosome)
    if len(places) == 1:
        return held.get(places[0], "train")
    return EXCLUDED if any(place in held for place in places) else "train"


def _exclusions(
    measured: LoadedTable, splits: tuple[str, ...], found: tuple[str, ...], reason: str
) -> tuple[Exclusion, ...]:
    rows = zip(measured.lines, measured.table.names, splits, found)
    return tuple(Exclusion(line, name, "", reason.format(held[:40])) for line, name, split, held in rows if not split)


def _listed(names: Collection[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _ordered(names: tuple[str, ...], group: NDArray[np.int64], seed: int) -> list[int]:
    """Groups in an order drawn by the seed and their smallest ids alone."""
    smallest: dict[int, str] = {}
    for name, root in zip(names, group.tolist()):
        if root not in smallest or name < smallest[root]:
            smallest[root] = name

    def drawn(root: int) -> tuple[bytes, str]:
        text = f"{seed}:{smallest[root]}".encode(errors="surrogatepass")
        return hashlib.blake2b(text, digest_size=8).digest(), smallest[root]

    return sorted(smallest, key=drawn)


def _deal(order: list[int], sizes: Counter[int], targets: dict[str, int]) -> dict[int, str]:
    split_of = {}
    room = dict(targets)
    for root in order:
        split = next((name for name in room if sizes[root] <= room[name]), "train")
        split_of[root] = split
        if split in room:
            room[split] -= sizes[root]
    for name, missing in room.items():
        left = [root for root in order if split_of[root] == "train"]
        # The last group stays: without train there is nothing to learn from.
        nearest = min(left, key=lambda root: sizes[root], default=None) if len(left) > 1 else None
        if nearest is not None and sizes[nearest] < 2 * missing:
            split_of[nearest] = name
    return split_of


def _homology_notes(splits: tuple[str, ...], sizes: Counter[int], targets: dict[str, int]) -> list[str]:
    rows = len(splits)
    notes = []
    largest = max(sizes.values(), default=0)
    if largest > rows - sum(targets.values()):
        notes.append(f"one group of related rows holds {largest:,} of {rows:,}, more than train's share")
    for name, target in targets.items():
        if target and name not in splits:
            notes.append(f"{name} is empty: no group of related rows is small enough for its {target:,} rows")
    return notes
