"""RUN/traces-SPLIT.jsonl: every trace that a run's model wrote, and who wrote it how. Traces are added, never lost.

    one object a line: key, row, id, cell_type, model, sampling, text

A trace is kept under its key: the content of the prompt, the model's weights and the sampling. So one file holds traces
of several samplings, or of a model that has been trained anew, and a reader names the ones it means.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cistrace.errors import DataError
from cistrace.io.files import whole_file
from cistrace.io.hashes import json_hash
from cistrace.io.json_lines import json_line
from cistrace.io.small_files import parse_json
from cistrace.io.streams import shown
from cistrace.training.examples import Example


@dataclass(frozen=True, slots=True)
class TraceSource:
    """Who wrote traces, and how.

    Attributes
    ----------
    model : str
        Hash of the weights.
    sampling : str
        Greedy or sampled with which figures, here or at an endpoint; in words.
    """

    model: str
    sampling: str


def key_of(example: Example, source: TraceSource) -> str:
    """What a trace is kept under: 24 hexadecimal digits."""
    return json_hash([example.shared, example.own, source.model, source.sampling])[:24]


def trace_line(example: Example, source: TraceSource, text: str) -> str:
    """One line of the file."""
    return json_line(
        {
            "key": key_of(example, source),
            "row": example.row,
            "id": example.id,
            "cell_type": example.cell_type,
            "model": source.model[:12],
            "sampling": source.sampling,
            "text": text,
        }
    )


def texts_by_key(paths: Iterable[Path], wanted: Collection[str]) -> dict[str, str]:
    """The traces of some keys, as far as they are there; torn lines are as if they were not there."""
    found: dict[str, str] = {}
    for path in paths:
        if path.exists():
            with path.open("rb") as handle:
                for line in handle:
                    try:
                        plain = parse_json(line)
                        if line.endswith(b"\n") and plain["key"] in wanted:
                            found[plain["key"]] = str(plain["text"])
                    except (ValueError, KeyError, TypeError):
                        continue
    return found


def add_lines(path: Path, lines: Iterable[str]) -> None:
    """Add lines behind those that are there; the file changes whole or not at all."""
    with whole_file(path) as part:
        if path.exists():
            shutil.copyfile(path, part)
            cut_torn_line(part)
        with part.open("a", encoding="utf-8", newline="\n") as handle:
            handle.writelines(lines)


def cut_torn_line(path: Path) -> None:
    """Cut off a last line that a kill left without its end."""
    if path.exists():
        with path.open("rb+") as handle:
            content = handle.read()
            handle.truncate(content.rfind(b"\n") + 1)


def read_traces(path: Path, examples: Sequence[Example], source: TraceSource) -> list[str]:
    """The traces of one source, one an example.

    Raises
    ------
    DataError
        Some are not there.
    """
    keys = [key_of(example, source) for example in examples]
    found = texts_by_key([path], set(keys))
    missing = sum(key not in found for key in keys)
    if missing:
        raise DataError(
            f"{shown(path)}: lacks {missing:,} of {len(keys):,} traces ({source.sampling}); expected one an example; "
            "run `cistrace generate`"
        )
    return [found[key] for key in keys]
