"""The data set's files: JSONL and Parquet a split, rejects, exclusions, what LLaMA-Factory and `datasets` look for.

    train.jsonl val.jsonl test.jsonl    ShareGPT, one entry a line, in the order of the table
    data/train.parquet ...              the same; `datasets.load_dataset(FOLDER)` opens them
    rejects.jsonl                       training entries that a gate or a person rejected, with reasons
    elements.parquet                    the measured elements: what towers are trained on
    excluded.tsv                        rows of the table that the data set does without, with reasons
    dataset_info.json                   for LLaMA-Factory
    README.md                           the data set's card
    manifest.json                       what made all this; written last: a folder without it is not whole

Files are made in a folder `.building` beside their places and moved when all are complete.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from cistrace.errors import OutputError
from cistrace.io.delimited import row_writer
from cistrace.io.files import write_faults
from cistrace.io.hashes import file_hash
from cistrace.io.json_lines import json_line
from cistrace.io.locks import folder_lock
from cistrace.io.streams import shown
from cistrace.mpra.elements import ELEMENTS, write_elements
from cistrace.mpra.loaded import SPLITS, Exclusion
from cistrace.mpra.table import MpraTable
from cistrace.reasonbench.entries import Entry, entry_line, entry_object, official_object
from cistrace.reasonbench.manifest import MANIFEST, Manifest, listed_files

STAGING, LOCK = ".building", "lock"
REJECTS, EXCLUDED, CARD, INFO = "rejects.jsonl", "excluded.tsv", "README.md", "dataset_info.json"
ROW_GROUP = 2_000
OFFICIAL_ENDING = "-reason-sharegpt-short-conclu.jsonl"
OFFICIAL_NAME = "{count}" + OFFICIAL_ENDING


def safe_name(name: str) -> str:
    """A cell type's name as the name of a folder: any text may be one."""
    return re.sub(r"[^\w.+-]", "_", name).lstrip(".") or "_"


def check_folder(folder: Path) -> None:
    """Find out before any work that a data set cannot be written.

    Raises
    ------
    OutputError
        A file in the folder's place, or files of our names that no build made.
    """
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{shown(folder)}: is a file; expected a folder, or none yet; choose another")
    if (folder / STAGING).exists() or (folder / MANIFEST).exists():
        return
    for name in (*(f"{split}.jsonl" for split in SPLITS), REJECTS, EXCLUDED, ELEMENTS, CARD, INFO):
        if (folder / name).exists():
            raise OutputError(
                f"{shown(folder / name)}: is there, but no {MANIFEST} beside it, so no build made it; expected an "
                "empty folder or a data set; choose another"
            )


class _Parquet:
    """Entries as row groups of one file."""

    def __init__(self, path: Path) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        text = pa.string()
        message = pa.struct([("role", text), ("content", text)])
        fault = pa.struct([("gate", text), ("reason", text)])
        self._schema = pa.schema(
            [
                ("messages", pa.list_(message)), ("expression_score", pa.float64()), ("label", pa.int8()), ("id", text),
                ("cell_type", text), ("split", text), ("row", pa.int64()), ("stated_level", pa.int8()),
                ("kinds", pa.list_(text)), ("faults", pa.list_(fault)), ("written_by", text), ("review", text),
            ]
        )  # fmt: skip
        self._table = pa.Table
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")
        self._waiting: list[dict[str, Any]] = []

    def add(self, entry: Entry) -> None:
        self._waiting.append(entry_object(entry))
        if len(self._waiting) == ROW_GROUP:
            self._flush()

    def _flush(self) -> None:
        self._writer.write_table(self._table.from_pylist(self._waiting, schema=self._schema))
        self._waiting.clear()

    def close(self) -> None:
        if self._waiting:
            self._flush()
        self._writer.close()


class DataSetFiles:
    """Writes a data set, whole or not at all.

    Parameters
    ----------
    folder : Path
        Made where it does not exist.
    official : bool
        Write also the release's files: one a cell type (and split, but for train), named by their number of entries.

    Raises
    ------
    OutputError
        The folder holds files of these names that no build made, another build is at work in it, or it cannot be
        written.
    """

    def __init__(self, folder: Path, official: bool = False) -> None:
        self.folder = folder
        self._official = official
        self._stage = folder / STAGING
        self._files: dict[str, TextIO] = {}
        self._parquet: dict[str, _Parquet] = {}
        self.rows: dict[str, int] = {}
        self._open = ExitStack()
        self._held = ExitStack()

    def __enter__(self) -> DataSetFiles:
        check_folder(self.folder)
        with write_faults(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            self._take()
        return self

    def _take(self) -> None:
        """Make the staging folder ours; what an unfinished build left there goes."""
        self._stage.mkdir(exist_ok=True)
        self._held.enter_context(folder_lock(self._stage / LOCK, self.folder, "build"))
        for left in self._stage.iterdir():
            if left.is_dir() and not left.is_symlink():
                shutil.rmtree(left)
            elif left.name != LOCK:
                left.unlink()

    def __exit__(self, kind: type[BaseException] | None, *_: BaseException | TracebackType | None) -> None:
        self._close()
        with self._held:
            if kind is not None:
                with suppress(OSError):
                    shutil.rmtree(self._stage)

    def _close(self) -> None:
        for parquet in self._parquet.values():
            parquet.close()
        self._parquet.clear()
        self._open.close()
        self._files.clear()

    def add(self, entry: Entry) -> None:
        """One entry of its split."""
        with write_faults(self.folder):
            self._line(f"{entry.split}.jsonl", entry_line(entry))
            if self._official:
                mark = "" if entry.split == "train" else f"{entry.split}-"
                self._line(f"{safe_name(entry.cell_type)}/{mark}{OFFICIAL_NAME}", json_line(official_object(entry)))
            if entry.split not in self._parquet:
                (self._stage / "data").mkdir(exist_ok=True)
                self._parquet[entry.split] = _Parquet(self._stage / "data" / f"{entry.split}.parquet")
            self._parquet[entry.split].add(entry)

    def reject(self, entry: Entry) -> None:
        """One training entry that the data set does without."""
        with write_faults(self.folder):
            self._line(REJECTS, entry_line(entry))

    def _line(self, name: str, line: str) -> None:
        if name not in self._files:
            path = self._stage / name
            path.parent.mkdir(exist_ok=True)
            self._files[name] = self._open.enter_context(path.open("w", encoding="utf-8"))
        self._files[name].write(line)
        self.rows[name] = self.rows.get(name, 0) + 1

    def exclude(self, exclusions: Iterable[Exclusion]) -> None:
        """Write the table of exclusions."""
        with write_faults(self.folder), (self._stage / EXCLUDED).open("w", encoding="utf-8", newline="") as handle:
            write = row_writer(handle, "\t")
            write(("line", "id", "cell_type", "reason"))
            for item in exclusions:
                write((item.line, item.id, item.cell_type, item.reason))

    def elements(self, table: MpraTable, splits: tuple[str, ...]) -> None:
        """Write the measured elements."""
        with write_faults(self.folder):
            self.rows[ELEMENTS] = write_elements(self._stage / ELEMENTS, table, splits)

    def write(self, name: str, text: str) -> None:
        """A file of text."""
        with write_faults(self.folder):
            (self._stage / name).write_text(text, encoding="utf-8")

    def carry(self, names: Iterable[str]) -> None:
        """Take files of the older data set in as they are."""
        listed = listed_files(self.folder)
        with write_faults(self.folder):
            for name in names:
                (self._stage / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(self.folder / name, self._stage / name)
                if (rows := listed[name].rows) is not None:
                    self.rows[name] = rows

    def finish(self, about: dict[str, Any], card: str) -> Manifest:
        """Close the files, move them to their places and write the manifest: `about` and every file's hash.

        Parameters
        ----------
        about : dict
            All of the manifest but `files`, as JSON types.
        card : str
            The text of README.md.
        """
        with write_faults(self.folder):
            self._close()
            self._name_official()
            self.write(CARD, card)
            self.write(INFO, json.dumps(llama_factory(self.folder, self._stage), indent=2) + "\n")
            made = sorted(path.relative_to(self._stage).as_posix() for path in self._stage.rglob("*") if path.is_file())
            made.remove(LOCK)
            files: dict[str, dict[str, Any]] = {name: {"sha256": file_hash(self._stage / name)} for name in made}
            for name in files.keys() & self.rows.keys():
                files[name]["rows"] = self.rows[name]
            manifest = Manifest.model_validate({**about, "files": files})
            self._replace(made, manifest)
        return manifest

    def _name_official(self) -> None:
        for name in [name for name in self.rows if "{count}" in name]:
            count = self.rows.pop(name)
            named = name.format(count=count)
            (self._stage / name).rename(self._stage / named)
            self.rows[named] = count

    def _replace(self, made: list[str], manifest: Manifest) -> None:
        """Take an older data set's files away and move the new ones in, the manifest last.

        What the older manifest names but somebody has changed since is no longer a build's, and stays.
        """
        old = listed_files(self.folder)
        (self.folder / MANIFEST).unlink(missing_ok=True)
        for name in set(old) - set(made):
            if file_hash(self.folder / name) == old[name].sha256:
                (self.folder / name).unlink()
        for name in made:
            (self.folder / name).parent.mkdir(exist_ok=True)
            os.replace(self._stage / name, self.folder / name)
        part = self._stage / MANIFEST
        part.write_text(json.dumps(manifest.plain(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        os.replace(part, self.folder / MANIFEST)
        shutil.rmtree(self._stage)


def holds_entries(name: str) -> bool:
    """Whether a file of the data set is made of its entries, so that a person's decision changes it."""
    of_splits = {f"{split}.jsonl" for split in SPLITS} | {f"data/{split}.parquet" for split in SPLITS}
    return name in of_splits or name == REJECTS or name.endswith(OFFICIAL_ENDING)


def llama_factory(folder: Path, stage: Path) -> dict[str, Any]:
    """LLaMA-Factory's description of the splits: ShareGPT with the tags of OpenAI's messages."""
    tags = {"role_tag": "role", "content_tag": "content", "user_tag": "user", "assistant_tag": "assistant"}
    name = safe_name(folder.resolve().name).lower()
    return {
        f"{name}_{split}": {
            "file_name": f"{split}.jsonl",
            "formatting": "sharegpt",
            "columns": {"messages": "messages"},
            "tags": {**tags, "system_tag": "system"},
        }
        for split in SPLITS
        if (stage / f"{split}.jsonl").exists()
    }
