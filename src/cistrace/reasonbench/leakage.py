"""How much of the observed level a text gives away: a trace, a trace without its conclusion, a card.

A classifier is fitted on each text of the training split and names the level of the rows held out. It sees words
and pairs of words, and every figure as steps of a ladder (`estimated at` reaches -0.2, 0.1, ...), so that it can use
numbers as well as words. What a trace without its conclusion gives away beyond its card can only come from the label.

A lower bound of what leaks: a cleverer reader may find more.
"""

from __future__ import annotations

import hashlib
import math
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cistrace.errors import DataError
from cistrace.mpra.loaded import SPLITS
from cistrace.reasonbench.entries import Entry, read_entries

TEXTS: dict[str, Callable[[Entry], str]] = {
    "trace": lambda entry: entry.trace,
    "trace without conclusion": lambda entry: entry.reasoning,
    "card": lambda entry: entry.card,
}
RUNGS = 12  # thresholds of a figure's ladder, quantiles of the training texts
FEWEST = 5  # training texts a feature must occur in
MOST_FEATURES = 20_000
FOLDS = 5
BOOTSTRAPS = 1_000
PENALTY = 0.1  # inverse strength: between 0.03, best with thousands of texts, and 1, best with hundreds
TOLERANCE = 1e-2  # of the gradient; steps beyond it fit noise and cost most of the time

_TOKEN = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[A-Za-z][A-Za-z0-9:_/]*")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_STEP_NUMBER = re.compile(r"^\s*\d+[.)]\s", re.MULTILINE)
_BASES = re.compile(r"\b[ACGTN]{12,}\b")  # a card's sequence: reading DNA is another task


@dataclass(frozen=True, slots=True)
class Score:
    """How well one text tells the level of one cell type.

    Attributes
    ----------
    rows : int
        Held-out rows.
    accuracy, low, high : float
        Share of levels named right, and its 95 % bootstrap interval.
    commonest : float
        Accuracy of always naming the commonest training level.
    """

    text: str
    cell_type: str
    rows: int
    accuracy: float
    low: float
    high: float
    commonest: float


@dataclass(frozen=True)
class _Tokens:
    """A text taken apart: how often each word or pair stands in it, and each figure under the words before it."""

    words: Counter[str]
    figures: dict[str, list[float]]


def tokens(text: str) -> _Tokens:
    """Words and pairs of words, lower-case; figures filed under the two words before them."""
    words: Counter[str] = Counter()
    figures: dict[str, list[float]] = {}
    before = ("", "")
    for token in _TOKEN.findall(_BASES.sub(" ", _STEP_NUMBER.sub("", text))):
        if _NUMBER.fullmatch(token):
            figures.setdefault(" ".join(before), []).append(float(token))
            before = (before[1], "#")
            continue
        word = token.lower()
        words[word] += 1
        words[f"{before[1]} {word}"] += 1
        before = (before[1], word)
    return _Tokens(words, figures)


class Reader:
    """Turns texts into a sparse matrix: features and ladders are those of the texts it was made from."""

    def __init__(self, texts: Sequence[_Tokens]) -> None:
        occurs = Counter(word for text in texts for word in text.words)
        common = [word for word, count in occurs.most_common(MOST_FEATURES) if count >= FEWEST]
        self._column = {word: place for place, word in enumerate(sorted(common))}
        self._ladders: dict[str, tuple[int, list[float]]] = {}
        seen: dict[str, list[float]] = {}
        for text in texts:
            for name, values in text.figures.items():
                seen.setdefault(name, []).extend((max(values), min(values)))
        self.width = len(self._column)
        for name in sorted(seen):
            if len(seen[name]) >= 2 * FEWEST:
                rungs = np.unique(np.quantile(seen[name], np.linspace(0, 1, RUNGS + 2)[1:-1])).tolist()
                self._ladders[name] = (self.width, rungs)
                self.width += 2 * len(rungs)

    def matrix(self, texts: Iterable[_Tokens]) -> Any:
        """One row a text: scipy CSR, float32, (texts, width)."""
        from scipy.sparse import csr_matrix

        first, columns, values = [0], [], []
        for text in texts:
            row = {self._column[word]: math.log1p(count) for word, count in text.words.items() if word in self._column}
            row.update((column, 1.0) for column in self._climbed(text))
            columns += list(row)
            values += list(row.values())
            first.append(len(columns))
        shape = (len(first) - 1, self.width)
        return csr_matrix((np.array(values, dtype=np.float32), np.array(columns, dtype=np.int32), first), shape=shape)

    def _climbed(self, text: _Tokens) -> Iterator[int]:
        for name, found in text.figures.items():
            if name in self._ladders:
                begin, rungs = self._ladders[name]
                yield from range(begin, begin + bisect_right(rungs, max(found)))
                lower = begin + len(rungs)
                yield from range(lower, lower + bisect_right(rungs, min(found)))


def _named_levels(
    train: Sequence[_Tokens], levels: NDArray[np.int64], held_out: Sequence[_Tokens]
) -> NDArray[np.int64]:
    """Levels that a classifier fitted on some texts reads out of others: shape (held-out texts,)."""
    try:
        from sklearn.linear_model import LogisticRegression
        from sklearn.preprocessing import MaxAbsScaler
    except ImportError as error:
        raise DataError(
            "leakage: the package scikit-learn is missing; expected it beside cistrace; "
            "pip install 'cistrace[reasonbench]'"
        ) from error
    reader = Reader(train)
    scaler = MaxAbsScaler()
    model = LogisticRegression(C=PENALTY, tol=TOLERANCE, max_iter=1000)
    model.fit(scaler.fit_transform(reader.matrix(train)), levels)
    return np.asarray(model.predict(scaler.transform(reader.matrix(held_out))))


def measure(entries: Sequence[Entry], held_out: Sequence[Entry] | None, seed: int = 0) -> Iterator[Score]:
    """Scores of every text in every cell type, one after the other.

    Parameters
    ----------
    entries : sequence of Entry
        To fit on, those without a trace left out.
    held_out : sequence of Entry, or None
        Whose levels are read; None asks for five-fold cross-validation of `entries`, all cell types of an id together.

    Raises
    ------
    DataError
        A cell type with fewer than 50 traces or a single level.
    """
    for cell_type in dict.fromkeys(entry.cell_type for entry in entries):
        train = [entry for entry in entries if entry.cell_type == cell_type and entry.trace]
        test = None if held_out is None else [e for e in held_out if e.cell_type == cell_type and e.trace]
        levels = np.array([entry.level for entry in train])
        if len(train) < 50 or len(np.unique(levels)) < 2 or (test is not None and not test):
            held = "" if test is None else f" and {len(test)} held out"
            raise DataError(
                f"{cell_type}: found {len(train)} traces of {len(np.unique(levels))} levels to learn from{held}; "
                "expected at least 50 of two levels, and one held out; build more"
            )
        for name, text_of in TEXTS.items():
            right = _right(train, test, levels, text_of)
            yield _score(name, cell_type, right, _commonest(levels, train if test is None else test), seed)


def _right(
    train: Sequence[Entry], test: Sequence[Entry] | None, levels: NDArray[np.int64], text_of: Callable[[Entry], str]
) -> NDArray[np.bool_]:
    """Which levels were named right: shape (held-out rows,)."""
    texts = [tokens(text_of(entry)) for entry in train]
    if test is not None:
        named = _named_levels(texts, levels, [tokens(text_of(entry)) for entry in test])
        return named == np.array([entry.level for entry in test])
    fold = np.array([_fold(entry.id) for entry in train])
    right = np.zeros(len(train), dtype=bool)
    for held in range(FOLDS):
        inside, outside = np.flatnonzero(fold != held), np.flatnonzero(fold == held)
        if len(outside):
            named = _named_levels([texts[at] for at in inside], levels[inside], [texts[at] for at in outside])
            right[outside] = named == levels[outside]
    return right


def _fold(name: str) -> int:
    return hashlib.blake2b(name.encode(), digest_size=8).digest()[0] % FOLDS


def _commonest(levels: NDArray[np.int64], held_out: Sequence[Entry]) -> float:
    """Share of held-out entries whose level is the commonest of training."""
    common = Counter(levels.tolist()).most_common(1)[0][0]
    return sum(entry.level == common for entry in held_out) / len(held_out)


def _score(name: str, cell_type: str, right: NDArray[np.bool_], commonest: float, seed: int) -> Score:
    random = np.random.default_rng(seed)
    draws = random.binomial(len(right), right.mean(), BOOTSTRAPS) / len(right)  # resampling rows of 0 and 1
    low, high = np.quantile(draws, [0.025, 0.975])
    return Score(name, cell_type, len(right), float(right.mean()), float(low), float(high), commonest)


def load(folder: Path, most: int) -> tuple[list[Entry], list[Entry] | None]:
    """Entries to learn from and held out: train and test (val where there is no test), or train alone.

    At most `most` ids of each split, those with the lowest digests: a sample that does not depend on order.

    Raises
    ------
    DataError
        The folder holds no train.jsonl.
    """
    if not (folder / "train.jsonl").is_file():
        raise DataError(f"{folder}: holds no train.jsonl; expected a data set; build one, or name its folder")
    held = next((split for split in SPLITS[:0:-1] if (folder / f"{split}.jsonl").is_file()), None)
    train = _sample(folder / "train.jsonl", most)
    return train, None if held is None else _sample(folder / f"{held}.jsonl", most)


def _sample(path: Path, most: int) -> list[Entry]:
    drawn = set(sorted({_lot(entry.id) for entry in read_entries(path)})[:most])
    return [entry for entry in read_entries(path) if _lot(entry.id) in drawn]


def _lot(name: str) -> bytes:
    return hashlib.blake2b(b"leakage\n" + name.encode(), digest_size=8).digest()
