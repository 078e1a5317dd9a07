"""What a student learns: sequences that need no measurement, and what each of several teachers says of them.

Answers on sequences that nobody measured bear none of the measurements' noise, and teachers disagree where they know
little. Two training elements joined at one place look like elements, and lie where no measurement is.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cistrace.engines.side_by_side import side_by_side
from cistrace.io.codes import LETTERS
from cistrace.io.files import whole_file, write_faults
from cistrace.io.hashes import json_hash
from cistrace.io.track import Track, untracked
from cistrace.towers.encoding import base_codes
from cistrace.towers.fit import predict
from cistrace.towers.precision import usable_here
from cistrace.towers.tower import Tower, fused

TOGETHER = 1024  # sequences of a slice, which is kept whole
_BLOCK = 32  # of a pass: larger ones leave a processor's cache
LEAST = 20  # bp that each of two joined elements gives


@dataclass(frozen=True, eq=False)
class Lessons:
    """Sequences with the answers of K teachers.

    Attributes
    ----------
    sequences : tuple of str, length N
    answers : ndarray, float32, shape (K, N, cell types)
        log2(RNA/DNA), mean of both strands.
    """

    sequences: tuple[str, ...]
    answers: NDArray[np.float32]

    @property
    def means(self) -> NDArray[np.float32]:
        """What the student is to say: float32 (N, cell types)."""
        return self.answers.mean(axis=0)

    @property
    def spreads(self) -> NDArray[np.float32]:
        """Standard deviation among teachers, log2 units: float32 (N, cell types); 0 of a single one."""
        return self.answers.std(axis=0)


def recombined(sequences: Sequence[str], count: int, altered: float, seed: int) -> list[str]:
    """New sequences, each the beginning of one and from the same place on the end of another.

    Parameters
    ----------
    sequences : sequence of str
        Of A, C, G, T and other letters; those under 2 x `LEAST` bp are not used.
    altered : float
        Largest share of the bases that is then drawn anew; each sequence's own is even between 0 and that.

    Returns
    -------
    list of str
        `count` of them, of the shorter parent's length; none where there is nothing to join.
    """
    random = np.random.default_rng(seed)
    parents = [bases for bases in sequences if len(bases) >= 2 * LEAST]
    if not parents:
        return []
    return [_joined(parents, altered, random) for _ in range(count)]


def _joined(parents: Sequence[str], altered: float, random: np.random.Generator) -> str:
    first, second = (parents[place] for place in random.integers(0, len(parents), 2).tolist())
    length = min(len(first), len(second))
    cut = int(random.integers(LEAST, length - LEAST + 1))
    letters = np.frombuffer((first[:cut] + second[cut:length]).encode("ascii"), dtype=np.uint8).copy()
    drawn = random.random(length) < random.uniform(0, altered)
    letters[drawn] = random.choice(LETTERS, int(drawn.sum()))
    return letters.tobytes().decode("ascii")


def ask(
    teachers: Sequence[Tower], name: str, sequences: Sequence[str], folder: Path, threads: int = 1,
    track: Track = untracked,
) -> Lessons:  # fmt: skip
    """Have teachers answer sequences, slice by slice; what an earlier call kept is not asked again.

    Parameters
    ----------
    teachers : sequence of Tower
        Of the same window and cell types.
    name : str
        What tells these teachers from others.
    folder : Path
        Where every slice is kept, under a name that teachers and sequences shape. One that is torn is asked again.
    threads : int
        Slices that are asked side by side on a processor.
    """
    with write_faults(folder):
        folder.mkdir(parents=True, exist_ok=True)
    device = usable_here()
    asked = [fused(teacher).to(device) for teacher in teachers]
    slices = [tuple(sequences[start : start + TOGETHER]) for start in range(0, len(sequences), TOGETHER)]
    work = partial(_answers, asked, name, folder=folder, block=_BLOCK if device.type == "cpu" else TOGETHER)
    found = side_by_side(work, slices, threads if device.type == "cpu" else 1)
    answers = list(track(found, "slices of lessons", len(slices)))
    return Lessons(tuple(sequences), np.concatenate(answers, axis=1))


def _answers(
    teachers: Sequence[Tower], name: str, sequences: tuple[str, ...], folder: Path, block: int
) -> NDArray[np.float32]:
    """What each says of a slice, both strands: float32 (K, N, cell types), from its file if that is there and whole."""
    file = folder / f"{json_hash([name, list(sequences)])}.npy"
    shape = (len(teachers), len(sequences), len(teachers[0].cell_types))
    with suppress(OSError, ValueError):
        kept = np.load(file, mmap_mode="r", allow_pickle=False)  # a mapped file cannot claim more than it has
        if kept.shape == shape and kept.dtype == np.float32:
            return np.array(kept)
    codes = base_codes(list(sequences), teachers[0].window)
    found = np.stack([predict(teacher, codes, block) for teacher in teachers])
    with whole_file(file) as part, part.open("wb") as handle:
        np.save(handle, found, allow_pickle=False)
    return found
