"""Offline generation: the model writes its own traces for every record, which stage II and all figures read.

    RUN/traces-SPLIT.jsonl    one object a line, in the records' order: key, row, id, cell_type, text

Traces are appended as they come, under the content of what they were written for, so that a killed run goes on and
loses at most one batch; when all are there the file is put in order. It then depends neither on batches nor on the
order of work.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import torch
from transformers import PreTrainedModel

from cistrace.errors import DataError
from cistrace.io.files import whole_file
from cistrace.io.hashes import files_hash
from cistrace.io.streams import shown
from cistrace.traces.templates import THINK_END
from cistrace.training import processes
from cistrace.training.examples import Example
from cistrace.training.recipe import GenerationRecipe
from cistrace.writers.causal import batches_by_length, write
from cistrace.writers.domain_reasoner import DomainReasoner
from cistrace.writers.head import Head
from cistrace.writers.layout import Layout
from cistrace.writers.sampling import Sampling, seed_of
from cistrace.writers.vocabulary import VocabularyNames

log = logging.getLogger(__name__)
TOGETHER = 40  # sequences a pass of the grammar's writer
EVERY = 20.0  # seconds between two lines of progress

Batch = list[tuple[int, str]]  # places and texts


@dataclass(frozen=True)
class Counts:
    """What a generation did: records, of which written now; texts that ended their reasoning."""

    records: int
    written: int
    ended: int


@dataclass(frozen=True, eq=False)
class Writing:
    """Who writes, and how.

    Attributes
    ----------
    identity : str
        Of the model: what is written under another is another text.
    write : callable
        From the records and the places of those wanted to batches of (place, text).
    """

    identity: str
    sampling: str
    write: Callable[[Sequence[Example], Sequence[int]], Iterator[Batch]]


def by_grammar(reasoner: DomainReasoner, identity: str) -> Writing:
    """The domain layout's: greedy under the form grammar, the cell types of a sequence sharing their prompt."""

    def batches(records: Sequence[Example], wanted: Sequence[int]) -> Iterator[Batch]:
        groups = [list(group) for _, group in groupby(wanted, key=lambda at: records[at].row)]
        groups.sort(key=lambda group: (len(group), len(records[group[0]].shared)))
        for block in _blocks(groups):
            prompts = [[records[at].prompt for at in group] for group in block]
            texts = reasoner.reason(prompts, torch.zeros((len(block), len(block[0]), 2))).texts
            yield [(at, text) for group, row in zip(block, texts) for at, text in zip(group, row, strict=True)]

    return Writing(identity, "greedy grammar", batches)


def _blocks(groups: list[list[int]]) -> Iterator[list[list[int]]]:
    """Groups of one size, at most TOGETHER of them."""
    for _, same in groupby(groups, key=len):
        alike = list(same)
        yield from (alike[begin : begin + TOGETHER] for begin in range(0, len(alike), TOGETHER))


def by_model(model: PreTrainedModel, layout: Layout, recipe: GenerationRecipe, identity: str) -> Writing:
    """Any layout's: greedy or sampled, each record seeded by its own prompt, batched by length."""
    sampling = Sampling(
        recipe.sampling == "greedy", recipe.temperature, recipe.top_p, recipe.top_k, recipe.most_tokens
    )  # fmt: skip

    def batches(records: Sequence[Example], wanted: Sequence[int]) -> Iterator[Batch]:
        prompts = [[token for part in layout.prompt_ids(records[at].prompt) for token in part] for at in wanted]
        seeds = [seed_of(records[at].prompt.text, recipe.seed) for at in wanted]
        for places in batches_by_length(list(map(len, prompts)), recipe.batch_tokens):
            written = write(
                model, layout.pad, layout.end, [prompts[at] for at in places], sampling, [seeds[at] for at in places]
            )
            texts = layout.tokenizer.batch_decode(written, skip_special_tokens=False)
            yield [(wanted[at], text) for at, text in zip(places, texts, strict=True)]

    return Writing(identity, f"{sampling} {recipe.seed}", batches)


def writing_of(
    model: PreTrainedModel, layout: Layout, names: VocabularyNames | None, recipe: GenerationRecipe, identity: str
) -> Writing:
    """By grammar where the recipe says so and the layout has one."""
    if names is not None and recipe.grammar and recipe.sampling == "greedy":
        reasoner = DomainReasoner(model, layout.tokenizer, Head(model.config.hidden_size), names)  # type: ignore[arg-type]
        return by_grammar(reasoner, identity)
    return by_model(model, layout, recipe, identity)


def generate(records: Sequence[Example], writing: Writing, path: Path) -> Counts:
    """Write a trace for every record that `path` holds none of yet.

    With several processes each writes every n-th sequence to a part of its own; the main one puts them together.
    """
    state = processes.state()
    keys = [key_of(record, writing) for record in records]
    parts = [part_of(path, rank) for rank in range(max(state.num_processes, _ranks(path)))]
    known = _known([path, *parts])
    mine = sorted({record.row for record in records})[state.process_index :: state.num_processes]
    wanted_rows = set(mine)
    wanted = [at for at, key in enumerate(keys) if key not in known and records[at].row in wanted_rows]
    state.wait_for_everyone()  # parts are read before any is written to
    _append(records, keys, wanted, writing, parts[state.process_index])
    state.wait_for_everyone()
    missing = [key for key in keys if key not in known]
    known = _known([path, *parts])
    texts = [known[key] for key in keys]
    if state.is_main_process:
        with whole_file(path) as whole, whole.open("w", encoding="utf-8") as handle:
            handle.writelines(_line(record, key, text) for record, key, text in zip(records, keys, texts, strict=True))
        for part in parts:
            part.unlink(missing_ok=True)
    state.wait_for_everyone()
    return Counts(len(records), len(missing), sum(THINK_END in text for text in texts))


def _append(records: Sequence[Example], keys: list[str], wanted: list[int], writing: Writing, part: Path) -> None:
    _mend(part)
    began = said = time.monotonic()
    done = 0
    with part.open("a", encoding="utf-8") as handle:
        for batch in writing.write(records, wanted) if wanted else ():
            handle.writelines(_line(records[at], keys[at], text) for at, text in batch)
            handle.flush()
            done += len(batch)
            now = time.monotonic()
            if now - said > EVERY or done == len(wanted):
                said, speed = now, done / (now - began)
                left = (len(wanted) - done) / speed
                log.info("%d of %d traces written, %.1f/s, %.0f s left", done, len(wanted), speed, left)


def key_of(record: Example, writing: Writing) -> str:
    """What a trace is kept under: prompt, model, sampling."""
    told = json.dumps([record.shared, record.own, writing.identity, writing.sampling])
    return hashlib.blake2b(told.encode(), digest_size=12).hexdigest()


def identity_of(folder: Path) -> str:
    """A model by its weights: SHA-256 of its safetensors, hexadecimal."""
    return files_hash(sorted(folder.glob("*.safetensors")))


def part_of(path: Path, rank: int) -> Path:
    """Where a process keeps what it has written."""
    return path.with_name(f".{path.name}.{rank}.part")


def _ranks(path: Path) -> int:
    """One more than the highest rank that left a part; an earlier run may have had more processes."""
    found = [part.name.removesuffix(".part").rpartition(".")[2] for part in path.parent.glob(f".{path.name}.*.part")]
    return max((int(rank) + 1 for rank in found if rank.isdecimal()), default=0)


def _line(record: Example, key: str, text: str) -> str:
    plain = {"key": key, "row": record.row, "id": record.id, "cell_type": record.cell_type, "text": text}
    return json.dumps(plain, ensure_ascii=False) + "\n"


def _mend(path: Path) -> None:
    """Cut off a last line that a kill left torn."""
    if not path.exists():
        return
    with path.open("rb+") as handle:
        content = handle.read()
        handle.truncate(content.rfind(b"\n") + 1)


def _known(paths: Sequence[Path]) -> dict[str, str]:
    """Texts by key; lines that are torn are as if they were not there."""
    found = {}
    for path in paths:
        if path.exists():
            for line in path.read_bytes().split(b"\n")[:-1]:  # the last one, if any, is torn
                try:
                    plain = json.loads(line)
                    found[str(plain["key"])] = str(plain["text"])
                except (ValueError, KeyError, TypeError):
                    continue
    return found


def read_traces(path: Path, records: Sequence[Example]) -> list[str]:
    """The texts of a finished file, one a record.

    Raises
    ------
    DataError
        The file is missing, torn, or of other records.
    """
    try:
        with path.open(encoding="utf-8") as handle:
            found = {(plain["row"], plain["cell_type"]): plain["text"] for plain in map(json.loads, handle)}
        return [found[record.row, record.cell_type] for record in records]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{shown(path)}: not the traces of these records ({type(error).__name__}: {error}); expected one a record; "
            "run `cistrace generate` again"
        ) from error
