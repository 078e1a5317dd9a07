"""JSON Lines: one value a line, whatever marks its strings hold."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from cistrace.errors import DataError
from cistrace.io.files import whole_file
from cistrace.io.small_files import parse_json
from cistrace.io.streams import MAXIMUM_LINE, shown

# Unicode takes these for line ends, and so do some readers (`str.splitlines`); JSON leaves them as they are.
_LINE_MARKS = str.maketrans({"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def json_line(plain: object) -> str:
    """A value as one line, its end included. Letters beyond ASCII stay, but for those that could end a line.

    Raises
    ------
    ValueError
        A number that JSON does not know (NaN, infinity).
    """
    return json.dumps(plain, ensure_ascii=False, allow_nan=False).translate(_LINE_MARKS) + "\n"


def write_json_lines(path: Path, objects: Iterable[object]) -> int:
    """Write values to a file, whole or not at all; returns their number.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    count = 0
    with whole_file(path) as part, part.open("w", encoding="utf-8", newline="\n") as handle:
        for plain in objects:
            handle.write(json_line(plain))
            count += 1
    return count


def read_json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """1-based line number and object of every line; blank lines are passed over.

    Raises
    ------
    DataError
        The file cannot be read, or a line is no JSON object.
    """
    number = 0
    try:
        with path.open(encoding="utf-8", newline="\n") as handle:
            for number, line in enumerate(iter(lambda: handle.readline(MAXIMUM_LINE), ""), 1):
                if line.strip():
                    if len(line) == MAXIMUM_LINE:
                        raise ValueError(f"over {MAXIMUM_LINE:,} characters")
                    plain = parse_json(line)
                    if not isinstance(plain, dict):
                        raise ValueError(f"found {type(plain).__name__}")
                    yield number, plain
    except (OSError, ValueError) as error:
        raise DataError(
            f"{shown(path)}, line {number}: not a JSON object ({error}); expected one a line; restore the file"
        ) from error
