"""What a stage of training reads of one sequence in one cell type; JSON lines in RUN/records-SPLIT.jsonl."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from cistrace.errors import DataError
from cistrace.io.files import whole_file
from cistrace.io.streams import shown
from cistrace.writers.prompts import Prompt


@dataclass(frozen=True)
class Example:
    """One example.

    Attributes
    ----------
    row : int
        Place of the sequence in the data set; the cell types of one sequence share it and stand together.
    id, cell_type : str
    bases : str
        Upper case.
    shared, own : str
        The prompt, as its layout has it (`writers.layout`).
    trace : str
        The teacher's: steps, the end of reasoning, a level. Empty where it wrote none: stage II alone reads such a
        record.
    oracle : str
        The same, written with the observed level in view: it carries the label. Empty where there is none.
    features : tuple of two floats
        The towers' standardised activity in the cell type, and its mean over all; zeros without towers.
    target : float
        Standardised activity.
    activity : float
        As measured, log2(RNA/DNA) or whatever unit the table has.
    level : int
        Observed, 0-3.
    """

    row: int
    id: str
    cell_type: str
    bases: str
    shared: str
    own: str
    trace: str
    oracle: str
    features: tuple[float, float]
    target: float
    activity: float
    level: int

    @property
    def prompt(self) -> Prompt:
        return Prompt(self.shared, self.own)


def write_examples(path: Path, records: Iterable[Example]) -> int:
    """Write the file, whole or not at all; returns how many there were."""
    count = 0
    with whole_file(path) as part, part.open("w", encoding="utf-8") as handle:
        for record in records:
            handle.write(json.dumps(asdict(record), ensure_ascii=False) + "\n")
            count += 1
    return count


def read_examples(path: Path) -> list[Example]:
    """Read what `write_examples` wrote.

    Raises
    ------
    DataError
        The file is missing or holds something else.
    """
    try:
        with path.open(encoding="utf-8") as handle:
            plain = [json.loads(line) for line in handle]
        return [Example(**{**entry, "features": tuple(entry["features"])}) for entry in plain]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DataError(
            f"{shown(path)}: not readable training records ({error}); expected those of an earlier stage; run it again"
        ) from error
