"""Motif libraries and backgrounds: JASPAR releases that pyjaspar carries, and MEME motif files.

Three kinds of matrix, three types, all of shape (width, 4) with columns A, C, G, T and dtype float64: `CountMatrix`
(PFM), `ProbabilityMatrix` (PPM) and `LogOddsMatrix` (PWM, bits). Pseudocounts follow FIMO (Grant, Bailey & Noble,
Bioinformatics 27:1017, 2011): 0.1 pseudo-sites, spread over the letters like the background.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from cistrace.errors import MotifError
from cistrace.motifs.meme import MemeFile, parse_frequency, read_meme, read_text

LETTERS = "ACGT"
DEFAULT_LIBRARY = "JASPAR2026"
PSEUDOCOUNT = 0.1

# Letter frequencies of the non-redundant DNA database as FIMO ships them, and the little it adds to each before
# it normalises.
NRDB_FREQUENCIES = (0.281774, 0.222020, 0.228876, 0.267330)
BACKGROUND_PSEUDOCOUNT = 5e-7


@dataclass(frozen=True)
class Background:
    """Order-0 letter frequencies.

    Attributes
    ----------
    name : str
        `fimo`, `uniform`, `motif-file` or the path they were read from.
    frequencies : tuple of 4 float
        A, C, G, T; positive, summing to 1.
    """

    name: str
    frequencies: tuple[float, float, float, float]

    @property
    def array(self) -> np.ndarray:
        """float64, shape (4,)."""
        return np.array(self.frequencies)

    def strand_averaged(self) -> Background:
        """The same for both strands: A with T and C with G averaged. The name gains `-averaged`."""
        a, c, g, t = self.frequencies
        return Background(f"{self.name}-averaged", ((a + t) / 2, (c + g) / 2, (c + g) / 2, (a + t) / 2))


@dataclass(frozen=True, eq=False)
class LogOddsMatrix:
    """PWM: log2 of probability over background, bits; float64, shape (width, 4)."""

    bits: np.ndarray


@dataclass(frozen=True, eq=False)
class ProbabilityMatrix:
    """PPM: rows sum to 1, float64, shape (width, 4); `sites` is the number of sites behind it."""

    probabilities: np.ndarray
    sites: float

    def smoothed(self, background: Background) -> ProbabilityMatrix:
        """With FIMO's pseudocount: (p x sites + 0.1 x background) / (sites + 0.1)."""
        total = self.sites + PSEUDOCOUNT
        mixed = (self.probabilities * self.sites + PSEUDOCOUNT * background.array) / total
        return ProbabilityMatrix(mixed, self.sites)

    def log_odds(self, background: Background) -> LogOddsMatrix:
        """Bits over the background. Every probability must be positive: smooth first."""
        return LogOddsMatrix(np.log2(self.probabilities / background.array))


@dataclass(frozen=True, eq=False)
class CountMatrix:
    """PFM: letter counts, float64, shape (width, 4). Rows may differ in sum, as some of JASPAR's do."""

    counts: np.ndarray

    def smoothed(self, background: Background) -> ProbabilityMatrix:
        """With FIMO's pseudocount: (counts + 0.1 x background) / (row sum + 0.1)."""
        sums = self.counts.sum(axis=1, keepdims=True)
        mixed = (self.counts + PSEUDOCOUNT * background.array) / (sums + PSEUDOCOUNT)
        return ProbabilityMatrix(mixed, float(sums.mean()))


@dataclass(frozen=True, eq=False)
class Motif:
    """One matrix of a library.

    Attributes
    ----------
    matrix_id, name : str
        `MA0079.5` and `SP1`; the id and alternate name of a MEME file (the id again where it has none).
    families : frozenset of str
        Families of the TF; empty where unknown, as in MEME files.
    matrix : CountMatrix or ProbabilityMatrix
        As the source gives it: JASPAR counts, MEME probabilities.
    """

    matrix_id: str
    name: str
    families: frozenset[str]
    matrix: CountMatrix | ProbabilityMatrix

    @property
    def values(self) -> np.ndarray:
        """The raw entries, counts or probabilities; float64, shape (width, 4)."""
        return self.matrix.counts if isinstance(self.matrix, CountMatrix) else self.matrix.probabilities

    @property
    def width(self) -> int:
        return len(self.values)

    def log_odds(self, background: Background) -> LogOddsMatrix:
        """The PWM with FIMO's pseudocount."""
        return self.matrix.smoothed(background).log_odds(background)


@dataclass(frozen=True, eq=False)
class MotifLibrary:
    """Motifs by rising matrix id.

    Attributes
    ----------
    name : str
        `JASPAR2026`, or the file name of a MEME file.
    motifs : tuple of Motif
        Ids are unique.
    background : Background or None
        What a MEME file states; JASPAR states none.
    """

    name: str
    motifs: tuple[Motif, ...]
    background: Background | None = None

    def __len__(self) -> int:
        return len(self.motifs)

    @cached_property
    def version(self) -> str:
        """Name and the first 12 hex digits of the SHA-256 over ids, names, families and matrices."""
        digest = hashlib.sha256()
        for motif in self.motifs:
            sites = motif.matrix.sites if isinstance(motif.matrix, ProbabilityMatrix) else -1.0
            digest.update(repr((motif.matrix_id, motif.name, sorted(motif.families), sites)).encode())
            digest.update(np.ascontiguousarray(motif.values, dtype="<f8").tobytes())
        return f"{self.name}:{digest.hexdigest()[:12]}"


def load_library(spec: str | Path = DEFAULT_LIBRARY) -> MotifLibrary:
    """Load a motif library.

    Parameters
    ----------
    spec : str or Path
        `JASPAR<year>` for the latest version of every CORE vertebrate matrix of that release, out of pyjaspar's
        bundled database; otherwise the path of a MEME motif file. No network either way.

    Raises
    ------
    MotifError
        If the release is not bundled, or the file is missing or not a DNA MEME motif file.
    """
    if re.fullmatch(r"JASPAR\d*", str(spec), flags=re.IGNORECASE):
        return _load_jaspar(str(spec).upper())
    return _library_of(read_meme(Path(spec)))


def load_background(spec: str | Path, library: MotifLibrary | None = None) -> Background:
    """Load letter frequencies.

    Parameters
    ----------
    spec : str or Path
        `fimo` (FIMO's default, from the non-redundant database, as it stands), `fimo-averaged` (the same averaged
        over the strands, which the C program does when it scans both), `uniform`, `motif-file` (what the
        library's MEME file states) or the path of a MEME background file: `A 0.28` lines, `#` comments. Lines of
        higher order (`AC 0.06`) are passed over: FIMO, too, uses the order-0 part alone.
    library : MotifLibrary, optional
        Needed by `motif-file`.

    Raises
    ------
    MotifError
        If the source states no background, or not one positive frequency for each of A, C, G and T.
    """
    if spec in ("fimo", "fimo-averaged"):
        fimo = _normalised("fimo", NRDB_FREQUENCIES)
        return fimo if spec == "fimo" else fimo.strand_averaged()
    if spec == "uniform":
        return Background("uniform", (0.25, 0.25, 0.25, 0.25))
    if spec != "motif-file":
        return _read_background(Path(spec))
    if library is None or library.background is None:
        named = library.name if library else "no library"
        raise MotifError(
            f"background 'motif-file': {named} states no letter frequencies; expected a MEME file with"
            " 'Background letter frequencies'; choose 'fimo', 'uniform' or a background file"
        )
    return library.background


def _normalised(name: str, frequencies: tuple[float, ...]) -> Background:
    """As FIMO does: add a little to each letter, then divide by the sum."""
    padded = [value + BACKGROUND_PSEUDOCOUNT for value in frequencies]
    total = sum(padded)
    a, c, g, t = (value / total for value in padded)
    return Background(name, (a, c, g, t))


def _read_background(path: Path) -> Background:
    found: dict[str, float] = {}
    for number, line in enumerate(read_text(path, "background file").splitlines(), 1):
        fields = line.split("#", 1)[0].split()
        if not fields:
            continue
        where = f"{path}: line {number}"
        if len(fields) != 2 or not set(fields[0].upper()) <= set(LETTERS):
            raise MotifError(
                f"{where}: found {line.strip()[:40]!r}, expected a DNA word and its frequency; mend the line"
            )
        value = parse_frequency(fields[1], where)
        if len(fields[0]) == 1:
            if fields[0].upper() in found:
                raise MotifError(f"{where}: letter {fields[0].upper()!r} comes twice, expected once; remove one line")
            found[fields[0].upper()] = value
    missing = [letter for letter in LETTERS if not found.get(letter)]
    total = sum(found.values())
    if missing or abs(total - 1) > 0.01:
        what = f"no positive frequency for {', '.join(missing)}" if missing else f"frequencies summing to {total:g}"
        raise MotifError(f"{path}: found {what}, expected one for each of A, C, G, T summing to 1; mend the file")
    return _normalised(str(path), tuple(found[letter] for letter in LETTERS))


def _library_of(file: MemeFile) -> MotifLibrary:
    motifs = [
        Motif(entry.identifier, entry.name, frozenset(), ProbabilityMatrix(entry.probabilities, entry.sites))
        for entry in file.motifs
    ]
    background = _normalised("motif-file", file.background) if file.background else None
    return MotifLibrary(file.name, tuple(sorted(motifs, key=lambda motif: motif.matrix_id)), background)


def _jaspar_files() -> dict[str, Path]:
    # find_spec locates the package without importing it: the import pulls in Biopython and takes seconds.
    spec = find_spec("pyjaspar")
    if spec is None or not spec.submodule_search_locations:
        raise MotifError("JASPAR: package pyjaspar is not installed, expected 4.0 or later; pip install pyjaspar")
    folder = Path(next(iter(spec.submodule_search_locations))) / "data"
    return {path.stem: path for path in sorted(folder.glob("JASPAR*.sqlite"))}


def _load_jaspar(release: str) -> MotifLibrary:
    files = _jaspar_files()
    if release not in files:
        raise MotifError(f"motif library {release!r}: not bundled with pyjaspar, expected one of {', '.join(files)}")
    connection = sqlite3.connect(f"{files[release].as_uri()}?mode=ro&immutable=1", uri=True)
    try:
        return MotifLibrary(release, _jaspar_motifs(connection))
    except (sqlite3.DatabaseError, ValueError) as error:
        raise MotifError(f"{files[release]}: not a JASPAR database ({error}); reinstall pyjaspar") from error
    finally:
        connection.close()


def _jaspar_motifs(connection: sqlite3.Connection) -> tuple[Motif, ...]:
    """CORE vertebrate matrices, each base id in its latest version over all collections, as pyjaspar selects."""
    matrices = connection.execute("SELECT ID, COLLECTION, BASE_ID, VERSION, NAME FROM MATRIX").fetchall()
    latest: dict[str, int] = {}
    for _, _, base, version, _ in matrices:
        latest[base] = max(version, latest.get(base, version))
    families: dict[int, set[str]] = {}
    vertebrates = set()
    tags = "SELECT ID, TAG, VAL FROM MATRIX_ANNOTATION WHERE TAG IN ('family', 'tax_group')"
    for key, tag, value in connection.execute(tags):
        if tag == "family":
            families.setdefault(key, set()).add(value)
        elif value.lower() == "vertebrates":
            vertebrates.add(key)
    chosen = [
        (key, f"{base}.{version}", name)
        for key, collection, base, version, name in matrices
        if key in vertebrates and collection == "CORE" and version == latest[base]
    ]
    counts = _jaspar_counts(connection, [key for key, _, _ in chosen])
    motifs = [Motif(i, name, frozenset(families.get(key, ())), CountMatrix(counts[key])) for key, i, name in chosen]
    return tuple(sorted(motifs, key=lambda motif: motif.matrix_id))


def _jaspar_counts(connection: sqlite3.Connection, keys: list[int]) -> dict[int, np.ndarray]:
    """Counts by internal id. The table's own order is id, letter, column, so a matrix is four runs of its width."""
    marks = ",".join(str(int(key)) for key in keys)
    rows = connection.execute(f"SELECT ID, val FROM MATRIX_DATA WHERE ID IN ({marks}) ORDER BY ID, row, col").fetchall()
    values = np.array([value for _, value in rows], dtype=np.float64)
    ids = np.array([key for key, _ in rows], dtype=np.int64)
    unique, starts = np.unique(ids, return_index=True)
    blocks = np.split(values, starts[1:])
    return {int(key): np.ascontiguousarray(block.reshape(4, -1).T) for key, block in zip(unique, blocks, strict=True)}
