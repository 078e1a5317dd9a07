"""The rows that a run's towers were fitted on, in a file: by them the towers know later which rows they have seen.

tower-folds.parquet, one row an element: the data set's, in its order, then those of `tower.further`
  sequence, chromosome   string     as the tables have them
  training, torn         bool
  own, family, block     int64      see `mpra.folds.Folds`
  barred                 list of bool, one a fold
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cistrace.errors import DataError
from cistrace.io.files import whole_file
from cistrace.io.streams import shown
from cistrace.mpra.chromosomes import NOWHERE, chromosome_places, is_plain_chromosome
from cistrace.mpra.folds import RELATED, Folds, Rule, canonical_digest
from cistrace.mpra.homology import groups
from cistrace.mpra.table import MpraTable

DEALT_ROWS = "tower-folds.parquet"
LISTED = 12
_RULE = b"rule"


@dataclass(frozen=True, eq=False)
class DealtRows:
    """Elements and how they were dealt to folds.

    Attributes
    ----------
    sequences, chromosomes : tuple of str, length N
    folds : Folds
        Of these rows.
    """

    sequences: tuple[str, ...]
    chromosomes: tuple[str, ...]
    folds: Folds

    @property
    def digest(self) -> str:
        """SHA-256, hexadecimal, of the training rows and of what no tower may see of them."""
        whole = hashlib.sha256(self.folds.rule.encode())
        for row in np.flatnonzero(self.folds.training):
            whole.update(f"{self.sequences[row]}\t{self.chromosomes[row]}\t".encode())
            whole.update(self.folds.barred[row].tobytes())
        return whole.hexdigest()

    def may_speak(self, table: MpraTable) -> NDArray[np.bool_]:
        """Which fold's tower may speak of which row of a table, this run's own or another: shape (rows, folds).

        One that saw neither a relative of the row (sharing 40 bases on either strand, directly or through others, of
        either table) nor, where whole chromosomes were held out, another row on its chromosome. Of a row on a border
        whose sides no one tower held out, those may that held out one.

        Raises
        ------
        DataError
            Whole chromosomes were held out and a row is new and states none, or one of a name that cannot be compared.
        """
        folds, saw = self.folds, self.folds.training[:, None] & ~self.folds.barred
        whole = list(self.sequences)
        place = {canonical_digest(bases): at for at, bases in enumerate(whole)}
        at = np.empty(len(table), dtype=np.int64)
        for row, bases in enumerate(table.sequences):
            at[row] = place.setdefault(canonical_digest(bases), len(whole))
            if at[row] == len(whole):
                whole.append(bases)
        family = groups(whole, RELATED)
        relatives = np.zeros((len(whole), folds.count), dtype=bool)
        np.logical_or.at(relatives, family[: len(saw)], saw)
        allowed = ~relatives[family[at]]
        if folds.rule == "relatives":
            return allowed
        here = self._seen_on(saw)
        none = np.zeros(folds.count, dtype=bool)
        sides = {
            text: np.array([here.get(name, none) for name in _compared(text, here)]) for text in set(table.chromosomes)
        }
        for row, text in enumerate(table.chromosomes):
            if chromosome_places(text) == (NOWHERE,) and at[row] >= len(saw):
                raise DataError(
                    f"row {table.names[row]!r}: states no chromosome, and the towers' run does not hold it; expected "
                    "one, to choose a tower that never saw its neighbours; add a column chromosome, or use --evidence "
                    "associations"
                )
            strict = allowed[row] & ~sides[text].any(axis=0)
            allowed[row] = strict if strict.any() else allowed[row] & ~sides[text].all(axis=0)
        return allowed

    def _seen_on(self, saw: NDArray[np.bool_]) -> dict[str, NDArray[np.bool_]]:
        """Of every chromosome that the rows state, which towers saw a row on it: shape (folds,)."""
        seen: dict[str, NDArray[np.bool_]] = {}
        for text, row in zip(self.chromosomes, saw):
            for name in chromosome_places(text):
                seen[name] = seen[name] | row if name in seen else row
        return seen


def _compared(text: str, known: Collection[str]) -> tuple[str, ...]:
    """The places of a row by names that can be compared with the known ones."""
    places = chromosome_places(text)
    for name in places:
        if name not in known and name != NOWHERE and not is_plain_chromosome(name):
            listed = ", ".join(sorted(filter(None, known))[:LISTED])
            raise DataError(
                f"chromosome {text!r}: the towers' run does not know it; expected one of {listed}, or another numbered "
                "one; spell chromosomes as the run's data set does, or use --evidence associations"
            )
    return places


def write_dealt_rows(dealt: DealtRows, path: Path) -> None:
    """Write the file, whole or not at all."""
    folds = dealt.folds
    columns = {
        "sequence": pa.array(dealt.sequences, pa.string()),
        "chromosome": pa.array(dealt.chromosomes, pa.string()),
        "training": folds.training,
        "torn": folds.torn,
        "own": folds.own,
        "family": folds.family,
        "block": folds.blocks,
        "barred": pa.array(folds.barred.tolist(), pa.list_(pa.bool_())),
    }
    table = pa.table(columns).replace_schema_metadata({_RULE: folds.rule.encode()})
    with whole_file(path) as part:
        pq.write_table(table, part, compression="zstd")


def read_dealt_rows(path: Path) -> DealtRows:
    """Read what `write_dealt_rows` wrote.

    Raises
    ------
    DataError
        The file is missing, torn or another.
    """
    try:
        table = pq.read_table(path)
        rule = cast(Rule, table.schema.metadata[_RULE].decode())
        flat = {name: table[name].to_numpy() for name in ("training", "torn", "own", "family", "block")}
        sequences, chromosomes = (tuple(table[name].to_pylist()) for name in ("sequence", "chromosome"))
        barred = np.array(table["barred"].to_pylist(), dtype=bool)
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{shown(path)}: does not say which rows the towers have seen ({type(error).__name__}); expected the file "
            "that `cistrace train tower` writes beside them; train the towers again with this version"
        ) from error
    folds = Folds(rule, flat["training"], flat["own"], barred, flat["torn"], flat["family"], flat["block"])
    return DealtRows(sequences, chromosomes, folds)
