"""What a stage of training reads of one sequence in one cell type; JSON lines in RUN/examples-SPLIT.jsonl."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from cistrace.errors import DataError
from cistrace.io.json_lines import read_json_lines, write_json_lines
from cistrace.io.streams import shown
from cistrace.writers.prompts import Prompt


@dataclass(frozen=True, slots=True)
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
        The teacher's: steps, the end of reasoning, a level. Empty where it wrote none: stage II alone reads such an
        example.
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
    card : str
        As JSON (`cards.json`), of val alone, where written traces are held against it; empty elsewhere.
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
    card: str = ""

    @property
    def prompt(self) -> Prompt:
        return Prompt(self.shared, self.own)


def write_examples(path: Path, examples: Iterable[Example]) -> int:
    """Write the file, whole or not at all; returns how many there were."""
    return write_json_lines(path, map(asdict, examples))


def read_examples(path: Path) -> list[Example]:
    """Read what `write_examples` wrote.

    Raises
    ------
    DataError
        The file is missing or holds something else.
    """
    try:
        return list(_parsed(path))
    except (TypeError, KeyError) as error:
        raise DataError(
            f"{shown(path)}: not readable training examples ({error}); expected those of an earlier stage; remove the "
            "file and run the stage again"
        ) from error


def _parsed(path: Path) -> Iterator[Example]:
    for _, plain in read_json_lines(path):
        yield Example(**{**plain, "features": tuple(plain["features"])})


def first_rows(examples: Sequence[Example], rows: int | None) -> list[Example]:
    """The examples of the first `rows` sequences; all for None."""
    if rows is None:
        return list(examples)
    wanted = set(list(dict.fromkeys(example.row for example in examples))[:rows])
    return [example for example in examples if example.row in wanted]
