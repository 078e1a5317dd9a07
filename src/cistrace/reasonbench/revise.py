"""Take a person's decisions into a data set that is there: its files written anew from its own entries."""

from __future__ import annotations

import hashlib
import heapq
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from cistrace.errors import DataError
from cistrace.io.streams import shown
from cistrace.mpra.loaded import SPLITS
from cistrace.reasonbench.datacard import data_card
from cistrace.reasonbench.entries import Entry, read_entries
from cistrace.reasonbench.files import CARD, INFO, OFFICIAL_ENDING, REJECTS, DataSetFiles, holds_entries
from cistrace.reasonbench.gates import judged_before
from cistrace.reasonbench.manifest import Manifest, listed_files, read_manifest
from cistrace.reasonbench.reviews import (
    ACCEPT,
    CORRECT,
    Review,
    apply_review,
    read_reviews,
    reviews_object,
    write_reviews,
)
from cistrace.reasonbench.sheet import read_sheet
from cistrace.reasonbench.statistics import BuildStatistics

TRAIN = "train"

Reviews = dict[tuple[str, str], Review]


def entries_of(folder: Path, split: str) -> Iterator[Entry]:
    """The kept entries of a split; none where it is not there."""
    path = folder / f"{split}.jsonl"
    return read_entries(path) if path.exists() else iter(())


def rejected_of(folder: Path) -> Iterator[Entry]:
    """What the gates of a build set aside; nothing where it kept none."""
    path = folder / REJECTS
    return read_entries(path) if path.exists() else iter(())


def drawn(folder: Path, split: str, rejects: bool, count: int, seed: int) -> list[Entry]:
    """Some entries of a split, or of what was rejected, drawn by the seed; in the data set's order."""
    read_manifest(folder)
    source = rejected_of(folder) if rejects else entries_of(folder, split)
    chosen = heapq.nsmallest(count, enumerate(source), key=lambda pair: _lot(seed, pair[1]))
    if not chosen:
        what = "rejected traces" if rejects else f"{split}.jsonl"
        raise DataError(f"{shown(folder)}: holds no {what}; name another split, or leave --rejects out")
    return [entry for _, entry in sorted(chosen, key=lambda pair: pair[0])]


def _lot(seed: int, entry: Entry) -> bytes:
    return hashlib.blake2b(f"{seed}\n{entry.cell_type}\n{entry.id}".encode(), digest_size=16).digest()


def revise(folder: Path, sheet: Path) -> dict[str, int]:
    """Check a sheet's decisions, keep them, and write the data set anew.

    Returns
    -------
    dict
        How many of each decision were taken; those taken before do not count.

    Raises
    ------
    DataError
        The folder holds no whole data set, or a decision that cannot be taken.
    """
    manifest = read_manifest(folder)
    known = {(entry.id, entry.cell_type): entry for split in SPLITS for entry in entries_of(folder, split)}
    known.update({(entry.id, entry.cell_type): entry for entry in rejected_of(folder)})
    taken = read_sheet(sheet, lambda name, cell_type: known.get((name, cell_type)))
    if not taken:
        return {}
    earlier = read_reviews(folder)
    lasting = {review.key: _lasting(review, earlier.get(review.key)) for review in taken}
    _write_anew(folder, manifest, {review.key: review for review in taken}, {**earlier, **lasting})
    return dict(sorted(Counter(review.decision for review in taken).items()))


def _lasting(review: Review, earlier: Review | None) -> Review:
    """What a rebuild, which starts from the teacher's own trace, must know of a decision on a corrected one.

    Who accepts a correction leaves it in force; who rejects it rejects what it stood for.
    """
    if earlier is None or earlier.decision != CORRECT or review.decision == CORRECT:
        return review
    return earlier if review.decision == ACCEPT else replace(review, seen=earlier.seen)


def _write_anew(folder: Path, manifest: Manifest, taken: Reviews, lasting: Reviews) -> None:
    """Every entry again, with the decisions just taken; what they do not touch stays as it is."""
    files = listed_files(folder)
    before = manifest.statistics
    statistics = BuildStatistics(
        prompt_tokens=before.get("prompt_tokens", 0), completion_tokens=before.get("completion_tokens", 0)
    )
    official = any(name.endswith(OFFICIAL_ENDING) for name in files)
    with DataSetFiles(folder, official) as export:
        for split in SPLITS:
            rejected = (entry for entry in rejected_of(folder) if entry.split == split)
            for entry, was_kept in _merged(entries_of(folder, split), rejected, manifest.cell_types):
                reviewed = apply_review(entry, taken.get((entry.id, entry.cell_type)))
                kept = was_kept if reviewed.kept is None else reviewed.kept
                kept = kept or split != TRAIN
                statistics.add(reviewed.entry, judged_before(reviewed.entry.trace, reviewed.entry.faults), kept)
                if kept:
                    export.add(reviewed.entry)
                else:
                    export.reject(reviewed.entry)
        export.carry(name for name in files if not holds_entries(name) and name not in (CARD, INFO))
        old = {name: value for name, value in manifest.plain().items() if name != "files"}
        reviews = {**old.get("reviews", {}), "decisions": reviews_object(lasting.values())}
        about = {**old, "statistics": statistics.plain(), "reviews": reviews}
        card = (folder / CARD).read_text(encoding="utf-8")
        if card == data_card(old):  # else somebody wrote in it
            card = data_card(about)
        write_reviews(lasting.values(), folder)
        export.finish(about, card)


def _merged(
    kept: Iterator[Entry], rejected: Iterator[Entry], cell_types: tuple[str, ...]
) -> Iterator[tuple[Entry, bool]]:
    """Both streams as one, in the data set's order: by row, then by cell type."""
    place = {name: at for at, name in enumerate(cell_types)}

    def marked(entries: Iterator[Entry], state: bool) -> Iterator[tuple[tuple[int, int], bool, Entry]]:
        for entry in entries:
            yield (entry.row, place.get(entry.cell_type, len(place))), state, entry

    for _, state, entry in heapq.merge(marked(kept, True), marked(rejected, False), key=lambda item: item[0]):
        yield entry, state
