"""The word of the model under evaluation on every element, kept with all that the report needs.

OUT/model.SPLIT.jsonl: a line that names what made it, then one a sequence and cell type. It grows a block of sequences
at a time, and a run that is interrupted goes on behind the last whole one. Scores are kept as the head gives them: a
model that is calibrated anew needs no new traces.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from cistrace.cards.json import card_object
from cistrace.cards.maker import BLOCK, WindowCards
from cistrace.cards.windows import SequenceWindow, Window
from cistrace.checkpoints.schema import model_folder, read_config
from cistrace.engines.workers import blocks
from cistrace.errors import DataError
from cistrace.evaluation.alterations import ALTERATIONS, altered
from cistrace.evaluation.comparison import Comparison
from cistrace.io.dna_sequence import DnaSequence
from cistrace.io.files import write_faults
from cistrace.io.hashes import json_hash
from cistrace.io.json_lines import json_line
from cistrace.io.small_files import parse_json
from cistrace.io.streams import shown
from cistrace.predict import TOGETHER, Predictor, ScoredWindow
from cistrace.traces.grounded import write
from cistrace.traces.ledger import activity_of
from cistrace.traces.text import read_trace, render_trace
from cistrace.writers.layout import DOMAIN

log = logging.getLogger(__name__)
UNCONSTRAINED = 320  # sequences that are also decoded without the grammar


@dataclass(frozen=True)
class StoredPrediction:
    """One sequence in one cell type; scores are the head's, standardised, not yet calibrated.

    Attributes
    ----------
    score : float
        As the model predicts: with its trace where it writes one.
    card_score : float or None
        From the card alone; None where the model writes no traces, so that `score` is, or was not trained to
        do without.
    text : str or None
        What the model wrote at once; None where it writes none.
    written_by : str or None
        Who wrote the trace that is reported (`writers.telling`); None where nothing but the model's is.
    grounded : str or None
        What the grounded writer makes of the card; None for a card without evidence.
    free : str or None
        What the model writes without the grammar; None where it was not asked for.
    deleted, turned : float or None
        Score with the largest site of the reported trace deleted, or turned round; None where there is none.
    card : dict
        As `cards.json.card_object` has it.
    """

    id: str
    cell_type: str
    score: float
    card_score: float | None
    text: str | None
    written_by: str | None
    grounded: str | None
    free: str | None
    deleted: float | None
    turned: float | None
    card: dict[str, object]


def stored_predictions(comparison: Comparison) -> list[StoredPrediction]:
    """The model's word on every judged element, cell type by cell type: as kept, the rest made now.

    Raises
    ------
    DataError
        The file is of another model or of other elements, or a sequence is longer than the model's window.
    """
    path = comparison.folder / f"model.{comparison.split}.jsonl"
    weights = read_config(model_folder(comparison.model)).files.values()
    origin = comparison.origin("model", json_hash(sorted(weights)))
    done = _whole_rows(path, origin, comparison)
    if len(done) < len(comparison.judged) * len(comparison.cell_types):
        done += _made(comparison, path, len(done) // len(comparison.cell_types))
    return done


def _whole_rows(path: Path, origin: str, comparison: Comparison) -> list[StoredPrediction]:
    """What the file holds of whole sequences; a torn rest is cut off, a file that is not there begun."""
    lines = path.read_bytes().split(b"\n")[:-1] if path.is_file() else []
    cells = len(comparison.cell_types)
    try:
        found = parse_json(lines[0])["origin"] if lines else origin
        whole = lines[1 : 1 + (len(lines) - 1) // cells * cells]
        rows = [StoredPrediction(**parse_json(line)) for line in whole]
    except (ValueError, TypeError, KeyError) as error:
        raise DataError(f"{shown(path)}: not stored predictions ({error}); remove the file and run again") from error
    expected = [(name, cell) for name in comparison.judged.names for cell in comparison.cell_types]
    if found != origin or [(row.id, row.cell_type) for row in rows] != expected[: len(rows)]:
        raise DataError(
            f"{shown(path)}: holds predictions made by {found}, expected those of the elements judged here, made by "
            f"{origin}; remove the file, or choose another -o"
        )
    with write_faults(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        head = lines[:1] or [json_line({"origin": origin}).encode().rstrip()]
        if not lines or len(whole) < len(lines) - 1:
            path.write_bytes(b"".join(line + b"\n" for line in (*head, *whole)))
    return rows


def _made(comparison: Comparison, path: Path, begin: int) -> list[StoredPrediction]:
    """Predict from the sequence at `begin` on, a block at a time, and append to the file."""
    predictor = Predictor(comparison.model, comparison.threads)
    judged = comparison.judged
    longest = max(map(len, judged.sequences))
    if longest > predictor.checkpoint.window:
        raise DataError(
            f"{comparison.source}: sequences of up to {longest} bp, but the model reads {predictor.checkpoint.window}; "
            "expected elements that one window holds; build with --length, or name another model"
        )
    records = [DnaSequence(name, bases, judged_split) for name, bases, judged_split in _rows(comparison)]
    made: list[StoredPrediction] = []
    with write_faults(path), path.open("a", encoding="utf-8") as handle:
        while begin < len(records):
            end = min(len(records), (begin // BLOCK + 1) * BLOCK)
            block = _predicted(predictor, records[begin:end], comparison.cell_types, free=begin < UNCONSTRAINED)
            handle.writelines(json_line(vars(row)) for row in block)
            handle.flush()
            made, begin = made + block, end
            log.info("%d of %d sequences predicted", begin, len(records))
    return made


def _rows(comparison: Comparison) -> Iterator[tuple[str, str, str]]:
    judged = comparison.judged
    return zip(judged.names, judged.sequences, judged.splits, strict=True)


def _predicted(
    predictor: Predictor, records: Sequence[DnaSequence], cells: tuple[str, ...], free: bool
) -> list[StoredPrediction]:
    """One block: every sequence in every cell type, its cards made once."""
    whole = [SequenceWindow(record, Window(0, len(record.bases))) for record in records]
    windows = list(predictor.maker.window_cards(whole, cells))
    scored = predictor.score(windows, cells, trace=predictor.writes)
    bare: list[ScoredWindow | None] = [None] * len(scored)
    shifts: list[dict[str, float]] = [{}] * (len(scored) * len(cells))
    freely: list[str] = []
    if predictor.writes:
        if predictor.reads_card_alone:
            bare = [*predictor.score(windows, cells, trace=False)]
        shifts = _altered(predictor, scored, cells)
        freely = _freely(predictor, windows, cells) if free else []
    return [
        _row(predictor, full, alone, cell, cells, shifts[at], freely[at] if freely else None)
        for at, (full, alone, cell) in enumerate(
            (full, alone, cell) for full, alone in zip(scored, bare, strict=True) for cell in range(len(cells))
        )
    ]


def _row(
    predictor: Predictor, full: ScoredWindow, alone: ScoredWindow | None, cell: int, cells: tuple[str, ...],
    shifts: dict[str, float], free: str | None,
) -> StoredPrediction:  # fmt: skip
    card = full.cards.cards[cell]
    return StoredPrediction(
        full.cards.at.sequence.id,
        cells[cell],
        full.scores[cell],
        None if alone is None else alone.scores[cell],
        _first(full, cell) if predictor.writes else None,
        full.told[cell].by if full.told else None,
        None if card.ledger is None else render_trace(write(card)),
        free,
        shifts.get("deleted"),
        shifts.get("turned round"),
        card_object(card),
    )


def _altered(predictor: Predictor, scored: list[ScoredWindow], cells: tuple[str, ...]) -> list[dict[str, float]]:
    """Scores by every alteration that a trace allows, sequence by sequence and cell type by cell type."""
    if predictor.tells:
        return [_summed(text) for one in scored for text in one.texts]
    found: list[dict[str, float]] = []
    for block in blocks(scored, TOGETHER):
        prompts, features = predictor.inputs([one.cards for one in block], cells)
        rows: list[list[dict[str, float]]] = [[{} for _ in cells] for _ in block]
        for name, alter in ALTERATIONS.items():
            texts = [[altered(text, alter) for text in one.texts] for one in block]
            given = [[new or old for new, old in zip(line, one.texts)] for line, one in zip(texts, block)]
            scores = predictor.checkpoint.reasoner.rescore(prompts, given, features).tolist()
            for place, line in enumerate(texts):
                for cell, text in enumerate(line):
                    if text is not None:
                        rows[place][cell][name] = scores[place][cell]
        found += chain.from_iterable(rows)
    return found


def _first(scored: ScoredWindow, cell: int) -> str:
    return scored.told[cell].first if scored.told else scored.texts[cell]


def _summed(text: str) -> dict[str, float]:
    """What the altered trace's ledger adds up to."""
    found = {name: altered(text, alter) for name, alter in ALTERATIONS.items()}
    return {name: activity_of(read_trace(one).trace.steps) for name, one in found.items() if one is not None}


def _freely(predictor: Predictor, windows: list[WindowCards], cells: tuple[str, ...]) -> list[str]:
    """What the weights write without the grammar, as above; nothing of a model that has none."""
    if predictor.checkpoint.interface.layout != DOMAIN:
        return []
    texts: list[str] = []
    for block in blocks(windows, TOGETHER):
        reasoned = predictor.checkpoint.reasoner.reason(*predictor.inputs(block, cells), constrained=False)
        texts += chain.from_iterable(reasoned.texts)
    return texts
