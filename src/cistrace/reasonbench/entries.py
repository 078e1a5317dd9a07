"""One line of the data set: a card, the trace written for it, what was measured; as ShareGPT JSON and back.

The shape is that of the R3LM release (Duan et al. 2026): `messages` of system, user and assistant, `expression_score`,
`label`; the reasoning ends at `</think>` and what follows is the conclusion. Our further keys stand behind these three.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from cistrace.cards.card import Card
from cistrace.cards.text import parse_card
from cistrace.errors import CardError, DataError
from cistrace.io.json_lines import json_line
from cistrace.io.streams import open_source, read_lines, shown
from cistrace.reasonbench.gates import Fault
from cistrace.traces.templates import THINK_END
from cistrace.writers.prompts import SYSTEM_PROMPT

ROLES = ("system", "user", "assistant")
CARD_OPENING = "Context:"

TeacherKind = Literal["grounded", "chat"]
"""Who writes traces: the offline writer, or an OpenAI-compatible endpoint."""
Condition = Literal["none", "level"]
"""What a teacher knows beside the card: nothing, or the observed level."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A trace with all that is known of it.

    Attributes
    ----------
    row : int
        Place of the sequence in the table, from 0; -1 where the file does not say.
    id, cell_type, split : str
        Empty where the file does not say.
    activity : float
        `expression_score`: as measured.
    level : int
        `label`: 0-3, as observed.
    system, card, trace : str
        The three messages. A trace is empty where the teacher gave none.
    stated_level : int or None
        The level the trace concludes with.
    kinds : tuple of str
        The kind of claim of each step; `prose` where it follows no template.
    faults : tuple of Fault
        What the gates found; those of the training split that any gate rejects are not in its file.
    written_by : str
        `grounded`, `chat`, or `review` after a person's correction.
    review : str
        What a person decided, who and why; empty without a review.
    """

    row: int
    id: str
    cell_type: str
    split: str
    activity: float
    level: int
    card: str
    trace: str
    stated_level: int | None = None
    kinds: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    written_by: str = ""
    review: str = ""
    system: str = SYSTEM_PROMPT

    @property
    def reasoning(self) -> str:
        """The trace up to the end of its reasoning: nothing of the conclusion."""
        return self.trace.partition(THINK_END)[0]

    @property
    def conclusion(self) -> str:
        return self.trace.partition(THINK_END)[2]

    def parsed_card(self) -> Card:
        """The card, read back.

        Raises
        ------
        CardError
            The message holds no card in a layout of ours.
        """
        start = self.card.find(CARD_OPENING)
        if start < 0:
            raise CardError(f"card of {self.id or 'an entry'}: found no {CARD_OPENING!r}, expected a card")
        return parse_card(self.card[start:])


def messages_of(entry: Entry) -> list[dict[str, str]]:
    """The three messages."""
    contents = (entry.system, entry.card, entry.trace)
    return [{"role": role, "content": content} for role, content in zip(ROLES, contents, strict=True)]


def official_object(entry: Entry) -> dict[str, Any]:
    """The keys of the R3LM release, and no others."""
    return {"messages": messages_of(entry), "expression_score": entry.activity, "label": entry.level}


def entry_object(entry: Entry) -> dict[str, Any]:
    """All keys: what a JSONL line and a Parquet row hold."""
    return {
        **official_object(entry),
        "id": entry.id,
        "cell_type": entry.cell_type,
        "split": entry.split,
        "row": entry.row,
        "stated_level": entry.stated_level,
        "kinds": list(entry.kinds),
        "faults": [{"gate": fault.gate, "reason": fault.reason} for fault in entry.faults],
        "written_by": entry.written_by,
        "review": entry.review,
    }


def entry_line(entry: Entry) -> str:
    """One line of JSON with its line end."""
    return json_line(entry_object(entry))


def parse_entry(plain: object, where: str) -> Entry:
    """Read what `entry_object` or the R3LM release wrote.

    Raises
    ------
    DataError
        A key that is missing or of another type.
    """
    try:
        assert isinstance(plain, dict)
        contents = {message["role"]: message["content"] for message in plain["messages"]}
        stated = plain.get("stated_level")
        return Entry(
            row=int(plain.get("row", -1)),
            id=str(plain.get("id", "")),
            cell_type=str(plain.get("cell_type", "")),
            split=str(plain.get("split", "")),
            activity=float(plain["expression_score"]),
            level=int(plain["label"]),
            card=_text(contents["user"]),
            trace=_text(contents["assistant"]),
            stated_level=None if stated is None else int(stated),
            kinds=tuple(map(str, plain.get("kinds", ()))),
            faults=tuple(Fault(fault["gate"], fault["reason"]) for fault in plain.get("faults", ())),
            written_by=str(plain.get("written_by", "")),
            review=str(plain.get("review", "")),
            system=_text(contents.get("system", "")),
        )
    except (AssertionError, AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise DataError(
            f"{where}: not an entry ({type(error).__name__}: {error}); expected messages (user, assistant), "
            "expression_score and label; build or download the file again"
        ) from error


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"content is a {type(value).__name__}")
    return value


def read_entries(path: str | Path) -> Iterator[Entry]:
    """Entries of a ShareGPT JSONL file (plain or gzip), ours or of the R3LM release, one in memory at a time.

    What the release leaves to the folder's name and the card's text is read from the card: the cell type.

    Raises
    ------
    InputError
        The file cannot be read.
    DataError
        A line that is no entry.
    """
    with open_source(path, "entries") as source:
        for number, text in read_lines(source):
            if not text.strip():
                continue
            where = f"{shown(path)}, line {number}"
            try:
                plain = json.loads(text)
            except (ValueError, RecursionError) as error:
                raise DataError(f"{where}: not JSON ({error}); expected one object a line; restore the file") from error
            entry = parse_entry(plain, where)
            yield entry if entry.cell_type else replace(entry, cell_type=cell_type_of(entry.card))


def cell_type_of(card: str) -> str:
    """What the card's line `- Cell Type:` says; empty where it has none."""
    for line in card.split("\n"):
        if line.startswith("- Cell Type: "):
            return line.removeprefix("- Cell Type: ").strip()
    return ""
