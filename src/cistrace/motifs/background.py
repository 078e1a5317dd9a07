"""Letter frequencies behind scores and p-values: FIMO's own, uniform, or what a file states."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cistrace.errors import MotifError
from cistrace.motifs.meme import parse_frequency, read_text

if TYPE_CHECKING:
    from cistrace.motifs.library import MotifLibrary

LETTERS = "ACGT"

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
    def array(self) -> NDArray[np.float64]:
        """float64, shape (4,)."""
        return np.array(self.frequencies)

    def strand_averaged(self) -> Background:
        """The same for both strands: A with T and C with G averaged. The name gains `-averaged`."""
        a, c, g, t = self.frequencies
        return Background(f"{self.name}-averaged", ((a + t) / 2, (c + g) / 2, (c + g) / 2, (a + t) / 2))


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

    Returns
    -------
    Background

    Raises
    ------
    MotifError
        If the source states no background, or not one positive frequency for each of A, C, G and T.
    """
    if spec in ("fimo", "fimo-averaged"):
        fimo = normalised("fimo", NRDB_FREQUENCIES)
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


def normalised(name: str, frequencies: tuple[float, ...]) -> Background:
    """Frequencies of A, C, G, T as FIMO takes them: a little added to each letter, then divided by the sum."""
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
    return normalised(str(path), tuple(found[letter] for letter in LETTERS))
