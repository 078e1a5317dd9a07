"""Result files: whole or not at all; predictions as TSV, JSONL and Parquet; cards as text and JSON Lines.

A file is written under another name beside its target and renamed when it is complete. Names that end in `.gz` are
compressed. Ids are data everywhere: exact in files, with control characters escaped on a terminal.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, cast

from cistrace.cards.card import Card
from cistrace.errors import OutputError
from cistrace.io.streams import STDIN, shown
from cistrace.predictions.prediction import Prediction
from cistrace.traces.templates import THINK_END

if TYPE_CHECKING:
    from rich.console import Console

Write = Callable[[Prediction], None]

COLUMNS = ("id", "cell_type", "activity", "lower", "upper", "percentile", "level", "flags")
PREDICTION_ENDINGS = (".tsv", ".tsv.gz", ".jsonl", ".jsonl.gz", ".parquet")
WIDE = 100  # columns of a terminal from which flags may take more than one word a line
ROW_GROUP = 2000  # predictions in one row group of Parquet, and in memory

_KEPT_ON_TERMINAL = "\n\t"
# What a plain splitter at tabs and line ends would tear, or a CSV reader take for a quoted field.
_NEEDS_QUOTES = re.compile(r'^"|[\t\r\n]')


def printable(text: str) -> str:
    """Text that cannot steer a terminal: control and invisible characters but line breaks and tabs as escapes."""
    if text.isprintable():
        return text
    return "".join(letter if _harmless(letter) else letter.encode("unicode_escape").decode() for letter in text)


def _harmless(letter: str) -> bool:
    return letter in _KEPT_ON_TERMINAL or unicodedata.category(letter)[0] not in "C"


def output_path(text: str | None) -> Path | None:
    """The path of `-o`; None, which is standard output, for no option and for `-`."""
    return None if text is None or text == STDIN else Path(text)


def to_terminal(path: Path | None) -> bool:
    """Whether results would go to a terminal."""
    return path is None and sys.stdout is not None and sys.stdout.isatty()


def check_output(path: Path) -> None:
    """Find out before any work that a file cannot be written.

    Raises
    ------
    OutputError
        The path is a folder, its folder does not exist, or it lies where you may not write.
    """
    name = shown(path)
    folder = path.parent
    if path.is_dir():
        raise OutputError(f"{name}: is a folder; expected a file to write; name a file in it")
    if not folder.is_dir():
        raise OutputError(f"{name}: its folder {shown(folder)} does not exist; make it, or choose another path")
    writable = os.access(path, os.W_OK) if _is_device(path) else os.access(folder, os.W_OK | os.X_OK)
    if not writable:
        raise OutputError(f"{name}: cannot be written there; expected rights to write; choose another path")


def check_prediction_ending(path: Path) -> None:
    """Refuse a name from which no format follows.

    Raises
    ------
    OutputError
        Another ending than those of `PREDICTION_ENDINGS`, in any case.
    """
    if not path.name.lower().endswith(PREDICTION_ENDINGS):
        raise OutputError(
            f"{shown(path)}: its ending {path.suffix!r} names no format; expected {', '.join(PREDICTION_ENDINGS)};"
            " rename it"
        )


def _is_device(path: Path) -> bool:
    """Whether the path is a pipe or device, which is written in place: a rename would replace it by a file."""
    return path.exists() and not path.is_file()


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a path beside `path` to write to; at the end the file takes its place, after an error it is removed.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    if _is_device(path):  # asked of the path as given: what /dev/stdout resolves to need not exist by name
        with write_faults(path):
            yield path
        return
    target = Path(os.path.realpath(path))
    part = target.with_name(f".{target.name[:200]}.{os.getpid()}.partial")
    try:
        with write_faults(path):
            yield part
            os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def write_faults(path: Path | str) -> Iterator[None]:
    """Turn an OSError (disk full, no rights) into an OutputError; a pipe without reader stays what it is."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(
            f"{shown(path)}: cannot be written ({reason}); expected room and rights; choose another path"
        ) from error


@contextmanager
def text_output(path: Path | None) -> Iterator[TextIO]:
    """Open a result file, or standard output for None, as UTF-8 text with `\\n` line ends.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    if path is None:
        with write_faults("standard output"):
            stream = _standard_output()
            yield stream
            stream.flush()
        return
    with whole_file(path) as part, ExitStack() as stack:
        raw = stack.enter_context(open(part, "wb"))
        if path.name.lower().endswith(".gz"):
            # No name and no time in the header: equal results are equal files.
            zipped = stack.enter_context(gzip.GzipFile("", "wb", 6, raw, mtime=0))
            yield stack.enter_context(io.TextIOWrapper(zipped, encoding="utf-8", newline=""))
        else:
            yield stack.enter_context(io.TextIOWrapper(raw, encoding="utf-8", newline=""))


class _TerminalText(io.TextIOBase):
    """A terminal on which no text can do more than be read."""

    def __init__(self, terminal: TextIO) -> None:
        self._terminal = terminal

    def write(self, text: str) -> int:
        self._terminal.write(printable(text))
        return len(text)

    def flush(self) -> None:
        self._terminal.flush()


def _standard_output() -> TextIO:
    if sys.stdout is None:
        raise OutputError("standard output: is closed; expected a place for the results; name a file with -o")
    if sys.stdout.isatty():
        return cast(TextIO, _TerminalText(sys.stdout))
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    return sys.stdout


def figure(value: float) -> float:
    """A number at nine significant digits, as every format states it."""
    return float(f"{value:.9g}")


def prediction_object(prediction: Prediction) -> dict[str, Any]:
    """A prediction as JSON types: one line of JSONL.

    `trace` and `verification` are null without traces. A text that does not parse as a trace has `steps` and `level`
    null and is not verified.
    """
    return {
        "id": prediction.id,
        "cell_type": prediction.cell_type,
        "activity": figure(prediction.activity),
        "lower": figure(prediction.lower),
        "upper": figure(prediction.upper),
        "percentile": figure(prediction.percentile),
        "level": prediction.level,
        "flags": list(prediction.flags),
        "level_probabilities": [figure(value) for value in prediction.level_probabilities],
        "card_hash": prediction.card_hash,
        "trace": _trace_object(prediction),
        "verification": _verification_object(prediction),
        "provenance": {name: getattr(prediction.provenance, name) for name in prediction.provenance.__slots__},
    }


def _trace_object(prediction: Prediction) -> dict[str, Any] | None:
    from cistrace.traces.parse import render_step

    text, trace = prediction.trace_text, prediction.trace
    if trace is None:
        return None if text is None else {"steps": None, "level": None, "text": text}
    steps = [{"kind": step.kind, "text": render_step(step), "values": dict(step.values)} for step in trace.steps]
    return {"steps": steps, "level": trace.level, "text": text}


def _verification_object(prediction: Prediction) -> dict[str, Any] | None:
    found = prediction.verification
    if found is None:
        nothing = {"verified": False, "claims": 0, "supported": 0, "failed": [], "level_agrees": False}
        return None if prediction.trace_text is None else nothing
    failed = [
        {"step": finding.step, "field": finding.field, "claimed": finding.claimed, "found": finding.found}
        for finding in found.findings
        if not finding.supported
    ]
    return {
        "verified": found.verified,
        "claims": found.claims,
        "supported": found.supported,
        "failed": failed,
        "level_agrees": prediction.trace is not None and prediction.trace.level == prediction.level,
    }


@contextmanager
def prediction_output(path: Path | None) -> Iterator[Write]:
    """Open a table of predictions and give the function that adds one.

    Parameters
    ----------
    path : Path or None
        Its ending decides the format; None is TSV on standard output.

    Raises
    ------
    OutputError
        An ending that names no format, or a file that cannot be written.
    """
    if path is not None:
        check_prediction_ending(path)
        if path.name.lower().endswith(".parquet"):
            from cistrace.io.parquet import parquet_rows

            with whole_file(path) as part, parquet_rows(part, ROW_GROUP) as add:
                yield lambda prediction: add(prediction_object(prediction))
            return
    with text_output(path) as out:
        if path is not None and path.name.lower().endswith((".jsonl", ".jsonl.gz")):
            yield lambda prediction: _write_json(out, prediction_object(prediction))
            return
        out.write("\t".join(COLUMNS) + "\n")
        yield lambda prediction: _write_row(out, prediction)


def _write_json(out: TextIO, plain: dict[str, Any]) -> None:
    out.write(json.dumps(plain, ensure_ascii=False, allow_nan=False) + "\n")


def _write_row(out: TextIO, prediction: Prediction) -> None:
    numbers = (prediction.activity, prediction.lower, prediction.upper, prediction.percentile)
    fields = [tsv_field(prediction.id), prediction.cell_type, *(f"{value:.9g}" for value in numbers)]
    out.write("\t".join([*fields, str(prediction.level), ";".join(prediction.flags)]) + "\n")


def tsv_field(text: str) -> str:
    """A field exactly as it is; quoted as in CSV where it holds a tab or line end, or starts with a quote."""
    return '"' + text.replace('"', '""') + '"' if _NEEDS_QUOTES.search(text) else text


def show_predictions(predictions: list[Prediction], console: Console) -> None:
    """Print a table of predictions, then every trace with its verdict. Nothing is read as markup."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    # Fits 80 columns with ids of 20 letters and the longest flag on one line.
    narrow = console.width < WIDE
    longest = max((len(mark) for one in predictions for mark in one.flags), default=0) if narrow else None
    for name in ("id", "cell", "activity", "90 % interval", "pctile", "level"):
        table.add_column(
            name, overflow="fold", justify="left" if name in ("id", "cell") else "right", no_wrap=name != "id"
        )
    table.add_column("flags", overflow="fold", width=longest and max(longest, len("flags")))
    for one in predictions:
        interval = f"{one.lower:+.2f} to {one.upper:+.2f}"
        figures = (f"{one.activity:+.3f}", interval, f"{one.percentile:.1f}", str(one.level))
        row = (printable(one.id), one.cell_type, *figures, " ".join(one.flags))
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)
    for one in predictions:
        if one.trace_text is not None:
            console.print(Text(f"\n{printable(one.id)} in {one.cell_type}", style="bold"), soft_wrap=True)
            console.print(Text(printable(one.trace_text.replace(THINK_END, ""))), soft_wrap=True)
            console.print(Text(verdict(one)), soft_wrap=True)


def verdict(prediction: Prediction) -> str:
    """What verification says of a trace, in words; one more line for every field that failed."""
    found = prediction.verification
    if found is None:
        return "Not verified: the text is not a trace."
    if found.verified:
        return f"Verified: all {found.claims} claims agree with the card.{_level_remark(prediction)}"
    lines = [
        f"Not verified: {found.supported} of {found.claims} claims agree with the card.{_level_remark(prediction)}"
    ]
    lines += [
        printable(f"  step {finding.step}, {finding.field}: says {finding.claimed}, the card {finding.found}")
        for finding in found.findings
        if not finding.supported
    ]
    return "\n".join(lines)


def _level_remark(prediction: Prediction) -> str:
    """Says where the level at the trace's end, the writer's own word, is not the level of the activity."""
    concluded = prediction.trace.level if prediction.trace is not None else None
    if concluded in (None, prediction.level):
        return ""
    return f" It concludes level {concluded}; the activity is of level {prediction.level}."


def card_text(identifier: str, window: tuple[int, int], flags: tuple[str, ...], card: Card) -> str:
    """The card below a line `=== ID [START-END] CELL (FLAGS)`, and a blank line. No line of a card starts with `=== `.

    Parameters
    ----------
    identifier : str
        Of the sequence; control characters are escaped, so that it stays on its line.
    window : (int, int)
        What the card describes of the sequence: 0-based, half-open here, 1-based inclusive in the text.
    """
    from cistrace.cards.text import render_card

    name = printable(identifier).replace("\n", "\\n").replace("\t", "\\t")
    marks = f" ({'; '.join(flags)})" if flags else ""
    return f"=== {name} [{window[0] + 1}-{window[1]}] {card.cell_type}{marks}\n{render_card(card)}\n\n"


def card_json(identifier: str, window: tuple[int, int], flags: tuple[str, ...], card: Card) -> str:
    """One line of JSON: id, window (0-based, half-open), flags, hash, card."""
    from cistrace.cards.json import card_hash, card_object

    plain = {"id": identifier, "window": list(window), "flags": list(flags)}
    return json.dumps({**plain, "hash": card_hash(card), "card": card_object(card)}, ensure_ascii=False) + "\n"


def card_sharegpt(identifier: str, window: tuple[int, int], flags: tuple[str, ...], card: Card) -> str:
    """One line of JSON: id, window (0-based, half-open), cell type, flags, and the messages that ask for a trace."""
    from cistrace.cards.text import render_card
    from cistrace.traces.templates import SYSTEM_PROMPT

    messages = [{"role": "system", "content": SYSTEM_PROMPT}, {"role": "user", "content": render_card(card)}]
    plain = {"id": identifier, "window": list(window), "cell_type": card.cell_type, "flags": list(flags)}
    return json.dumps({**plain, "messages": messages}, ensure_ascii=False) + "\n"


CARD_LAYOUTS: dict[str, Callable[[str, tuple[int, int], tuple[str, ...], Card], str]] = {
    "text": card_text,
    "json": card_json,
    "sharegpt": card_sharegpt,
}
"""The formats of `cistrace card` by name. Each takes id, window, flags and card."""
