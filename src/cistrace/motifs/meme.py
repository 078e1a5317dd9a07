"""Reading MEME motif files: the minimal text format, DNA only.

The parts read are `MEME version`, `ALPHABET=`, `strands:`, `Background letter frequencies`, `MOTIF id [name]` and
`letter-probability matrix: alength= w= nsites= E=`; other lines outside a matrix are passed over.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cistrace.errors import MotifError

DEFAULT_SITES = 20.0  # what the MEME suite assumes where nsites is missing or 0
ROW_TOLERANCE = 0.01  # probabilities printed with three decimals still sum to 1 within this


@dataclass(frozen=True, eq=False)
class MemeMotif:
    """One motif as written: id, alternate name (the id where there is none), sites, and float64 (width, 4) rows
    that sum to 1."""

    identifier: str
    name: str
    probabilities: NDArray[np.float64]
    sites: float


@dataclass(frozen=True, eq=False)
class MemeFile:
    """A parsed file; `background` is A, C, G, T as written, or None."""

    name: str
    motifs: tuple[MemeMotif, ...]
    background: tuple[float, float, float, float] | None


@dataclass
class _State:
    path: Path
    background: tuple[float, float, float, float] | None = None
    motifs: list[MemeMotif] = field(default_factory=list)
    open_motif: tuple[str, str] | None = None

    def fail(self, number: int, message: str) -> MotifError:
        motif = f", motif {self.open_motif[0]!r}" if self.open_motif else ""
        return MotifError(f"{self.path}: line {number}{motif}: {message}")


class _Lines:
    """Numbered lines with one line of look-ahead."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        while self.number < len(self._lines):
            yield self.take()

    def peek(self) -> str:
        return self._lines[self.number].strip() if self.number < len(self._lines) else ""

    def take(self) -> str:
        line = self.peek()
        self.number += 1
        return line


def read_text(path: Path, what: str) -> str:
    """The text of a small file, or a MotifError naming `what` it should have been."""
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise MotifError(f"{path}: cannot be read ({reason}), expected a {what}; check the path") from error
    try:
        if b"\0" in data:
            raise ValueError
        return data.decode("utf-8")
    except ValueError:
        raise MotifError(f"{path}: found binary data, expected a {what} in plain text; check the path") from None


def parse_frequency(text: str, where: str) -> float:
    """A number in [0, 1]; `where` starts the error."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:
        raise MotifError(f"{where}: found {text[:20]!r}, expected a probability between 0 and 1; mend the number")
    return value


def read_meme(path: Path) -> MemeFile:
    """Read a MEME motif file.

    Raises
    ------
    MotifError
        Missing or binary file, another format or alphabet, no motif, ids that come twice, and rows that are
        missing, have other than 4 columns or do not sum to 1 within 0.01 (within it they are divided by their sum).
    """
    lines = _Lines(read_text(path, "MEME motif file"))
    state = _State(path)
    first = next((line for line in lines if line), "")
    if not re.match(r"MEME version \d", first):
        raise state.fail(
            lines.number, "found no 'MEME version' line, expected a MEME motif file; convert the motifs to MEME format"
        )
    for line in lines:
        _read_line(line, lines, state)
    if state.open_motif:
        raise state.fail(lines.number, "found no 'letter-probability matrix:', expected one for every motif; add it")
    if not state.motifs:
        raise MotifError(f"{path}: found no motif, expected at least one 'MOTIF' line with a matrix; check the file")
    return MemeFile(path.name, tuple(state.motifs), state.background)


def _read_line(line: str, lines: _Lines, state: _State) -> None:
    lowered = line.lower()
    if lowered.startswith("alphabet"):
        _check_alphabet(line, lines.number, state)
    elif lowered.startswith("strands:"):
        if not set(line.split()[1:]) <= {"+", "-"}:
            raise state.fail(
                lines.number, f"found {line[:40]!r}, expected 'strands: + -' or 'strands: +'; mend the line"
            )
    elif lowered.startswith("background letter frequencies"):
        state.background = _read_background(lines, state)
    elif re.match(r"MOTIF(\s|$)", line):
        _open_motif(line, lines.number, state)
    elif lowered.startswith("letter-probability matrix:"):
        _read_matrix(line, lines, state)


def _check_alphabet(line: str, number: int, state: _State) -> None:
    match = re.fullmatch(r"ALPHABET=\s*(\S+)", line, flags=re.IGNORECASE)
    if not match or match[1].upper() != "ACGT":
        found = "a protein alphabet" if match and len(match[1]) >= 20 else repr(line[:40])
        raise state.fail(number, f"found {found}, expected 'ALPHABET= ACGT'; give a file of DNA motifs")


def _read_background(lines: _Lines, state: _State) -> tuple[float, float, float, float]:
    fields: list[str] = []
    while lines.peek() and len(fields) < 8:
        fields += lines.take().split()
    where = f"{state.path}: line {lines.number}"
    if [letter.upper() for letter in fields[::2]] != list("ACGT") or len(fields) != 8:
        raise MotifError(f"{where}: found {' '.join(fields)[:60]!r}, expected 'A 0.3 C 0.2 G 0.2 T 0.3'; mend the line")
    a, c, g, t = (parse_frequency(text, where) for text in fields[1::2])
    if abs(a + c + g + t - 1) > ROW_TOLERANCE or min(a, c, g, t) == 0:
        raise MotifError(
            f"{where}: found {a:g} {c:g} {g:g} {t:g}, expected positive numbers summing to 1; mend the line"
        )
    return a, c, g, t


def _open_motif(line: str, number: int, state: _State) -> None:
    if state.open_motif:
        raise state.fail(number, "found no 'letter-probability matrix:', expected one for every motif; add it")
    fields = line.split()
    if len(fields) < 2:
        raise state.fail(number, "found 'MOTIF' without an id, expected 'MOTIF id [name]'; name the motif")
    identifier = fields[1]
    if any(motif.identifier == identifier for motif in state.motifs):
        raise state.fail(number, f"motif id {identifier!r} comes twice, expected unique ids; rename one")
    state.open_motif = (identifier, fields[2] if len(fields) > 2 else identifier)


def _read_matrix(line: str, lines: _Lines, state: _State) -> None:
    if not state.open_motif:
        raise state.fail(lines.number, "found a matrix without a 'MOTIF' line before it, expected one; add it")
    options = dict(re.findall(r"(\w+)=\s*(\S+)", line))
    letters = _option(options, "alength", lines.number, state)
    if letters not in (None, 4):
        raise state.fail(
            lines.number, f"found alength= {letters:g}, expected 4 (A, C, G, T); give a file of DNA motifs"
        )
    width = _option(options, "w", lines.number, state)
    rows: list[list[float]] = []
    while (width is None or len(rows) < width) and _is_row(lines.peek()):
        rows.append(_read_row(lines, state))
    if not rows or (width is not None and len(rows) != width):
        expected = "at least 1" if width is None else f"w= {width:g}"
        raise state.fail(lines.number, f"found {len(rows)} rows, expected {expected}; mend the matrix")
    if _is_row(lines.peek()):
        raise state.fail(
            lines.number + 1, f"found more rows than w= {len(rows)} says, expected no more; mend w= or the rows"
        )
    sites = _option(options, "nsites", lines.number, state) or DEFAULT_SITES
    matrix = np.array(rows)
    state.motifs.append(MemeMotif(*state.open_motif, matrix / matrix.sum(axis=1, keepdims=True), sites))
    state.open_motif = None


def _option(options: dict[str, str], name: str, number: int, state: _State) -> float | None:
    text = options.get(name)
    if text is None:
        return None
    if not re.fullmatch(r"\d+(\.\d+)?", text):
        raise state.fail(number, f"found {name}= {text[:20]!r}, expected a number; mend the matrix line")
    return float(text)


def _is_row(line: str) -> bool:
    return bool(re.match(r"[-+.\d]", line)) and not line.startswith("--")


def _read_row(lines: _Lines, state: _State) -> list[float]:
    line = lines.take()
    fields = line.split()
    if len(fields) != 4:
        raise state.fail(lines.number, f"found {len(fields)} columns, expected 4 (A, C, G, T); mend the row")
    values = [parse_frequency(text, f"{state.path}: line {lines.number}") for text in fields]
    if abs(sum(values) - 1) > ROW_TOLERANCE:
        raise state.fail(
            lines.number, f"found a row summing to {sum(values):g}, expected 1; give probabilities, not counts"
        )
    return values
