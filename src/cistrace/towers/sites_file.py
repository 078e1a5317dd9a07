"""A table of genomic sites: the sequence, the chromosome, and columns that say what is known of each."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cistrace.errors import DataError
from cistrace.io.streams import shown

SEQUENCE, CHROMOSOMES = "sequence", ("chromosome", "chrom", "chr")
MOST_KINDS = 64
_LETTERS = frozenset("ACGTN")


@dataclass(frozen=True, eq=False)
class Sites:
    """N sites with what is known of them.

    Attributes
    ----------
    sequences, chromosomes : tuple of str, length N
    columns : tuple of str
        What the columns of `values` say.
    values : ndarray, float64, shape (N, columns)
        NaN where it is not known.
    shares : ndarray, bool, shape (columns,)
        Columns of 0 and 1, of which a site that is open nowhere has 0; of others it has the lowest value.
    """

    sequences: tuple[str, ...]
    chromosomes: tuple[str, ...]
    columns: tuple[str, ...]
    values: NDArray[np.float64]
    shares: NDArray[np.bool_]

    def take(self, rows: NDArray[np.integer]) -> Sites:
        """The sites at the given places, in that order."""
        pick = rows.tolist()
        return replace(
            self,
            sequences=tuple(self.sequences[row] for row in pick),
            chromosomes=tuple(self.chromosomes[row] for row in pick),
            values=self.values[rows],
        )


def read_sites(path: Path, columns: Sequence[str], logarithms: Sequence[str], kinds: Sequence[str]) -> Sites:
    """Read sites from a tab-separated table, plain or gzip, with a header.

    Parameters
    ----------
    columns : sequence of str
        Of numbers, as they are; empty is not known.
    logarithms : sequence of str
        Of positive numbers, whose natural logarithms count.
    kinds : sequence of str
        Of text: each of its values becomes a column of 0 and 1.

    Raises
    ------
    DataError
        The file cannot be read, lacks a column, or a line has another value than its column asks for.
    """
    if not (columns or logarithms or kinds):
        raise DataError(
            f"{shown(path)}: no column to learn from was named; expected one of tower.pretraining.columns, logarithms "
            "or kinds; name some of its header"
        )
    try:
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rt", newline="", encoding="utf-8") as handle:
            return _sites(csv.DictReader(handle, delimiter="\t"), path, columns, logarithms, kinds)
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise DataError(
            f"{shown(path)}: not a readable table of sites ({reason}); expected tab-separated columns; correct "
            "tower.pretraining.sites"
        ) from error


def _sites(
    reader: csv.DictReader[str], path: Path, columns: Sequence[str], logarithms: Sequence[str], kinds: Sequence[str]
) -> Sites:
    header = list(reader.fieldnames or [])
    chromosome = next((name for name in CHROMOSOMES if name in header), None)
    missing = [name for name in (SEQUENCE, *columns, *logarithms, *kinds) if name not in header]
    if missing or chromosome is None:
        raise DataError(
            f"{shown(path)}: has no column {', '.join(missing) or ' or '.join(CHROMOSOMES)}; found "
            f"{', '.join(header[:12])}; correct tower.pretraining"
        )
    sequences, chromosomes, numbers, texts = [], [], [], []
    for row in reader:
        sequences.append(_bases(row[SEQUENCE], path, reader.line_num))
        chromosomes.append(row[chromosome] or "")
        plain = [_number(row[name], path, reader.line_num, name) for name in columns]
        numbers.append(plain + [_logarithm(row[name], path, reader.line_num, name) for name in logarithms])
        texts.append([row[name] or "" for name in kinds])
    values = np.array(numbers, dtype=np.float64).reshape(len(sequences), len(columns) + len(logarithms))
    return _with_kinds(sequences, chromosomes, (*columns, *logarithms), values, kinds, texts, path)


def _with_kinds(
    sequences: list[str], chromosomes: list[str], names: tuple[str, ...], values: NDArray[np.float64],
    kinds: Sequence[str], texts: list[list[str]], path: Path,
) -> Sites:  # fmt: skip
    """Add a column for every value of a column of text."""
    shares = [bool(np.isin(column[np.isfinite(column)], (0, 1)).all()) for column in values.T]
    parts, columns = [values], list(names)
    for at, kind in enumerate(kinds):
        found = sorted({row[at] for row in texts})
        if len(found) > MOST_KINDS:
            raise DataError(
                f"{shown(path)}: column {kind} has {len(found):,} different values, expected at most {MOST_KINDS}; "
                "leave it out of tower.pretraining.kinds"
            )
        parts.append(np.array([[row[at] == one for one in found] for row in texts], dtype=np.float64))
        columns += [f"{kind}={one}" for one in found]
        shares += [True] * len(found)
    together, of_share = np.concatenate(parts, axis=1), np.array(shares, dtype=bool)
    return Sites(tuple(sequences), tuple(chromosomes), tuple(columns), together, of_share)


def _bases(text: str | None, path: Path, line: int) -> str:
    bases = (text or "").upper()
    if not bases or not _LETTERS.issuperset(bases):
        raise DataError(
            f"{shown(path)}, line {line}: found {bases[:20]!r} for a sequence, expected bases A, C, G, T or N; "
            "correct the line"
        )
    return bases


def _number(text: str | None, path: Path, line: int, name: str) -> float:
    if not text:
        return float("nan")
    try:
        value = float(text)
    except ValueError:
        value = float("inf")
    if not np.isfinite(value):
        raise DataError(
            f"{shown(path)}, line {line}: found {text[:20]!r} in column {name}, expected a number, or nothing; "
            "correct the line, or name the column in tower.pretraining.kinds"
        )
    return value


def _logarithm(text: str | None, path: Path, line: int, name: str) -> float:
    value = _number(text, path, line, name)
    if value <= 0:
        raise DataError(
            f"{shown(path)}, line {line}: found {value:g} in column {name}, expected a number above 0 for a logarithm; "
            "correct the line, or name the column in tower.pretraining.columns"
        )
    return float(np.log(value))
