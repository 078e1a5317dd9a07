"""Writes fuzz/corpus: of every family of `fuzz_targets` small files that its readers take, and some that did harm.

PYTHONPATH=src:tests python fuzz/make_corpus.py

The first byte of a file says which reader of the family it is for.
"""

from __future__ import annotations

import gzip
import io
import json
import tempfile
import zipfile
from contextlib import suppress
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from cli_helpers import DNA, a_card, a_prediction
from xlsxwriter import Workbook

from cistrace.cards.json import card_object
from cistrace.cards.text import render_card
from cistrace.checkpoints.schema import CONFIG, shipped_checkpoint
from cistrace.io.dna_sequence import DnaSequence
from cistrace.io.journal import Journal
from cistrace.predictions.table import prediction_object
from cistrace.reasonbench.entries import Entry, entry_line
from cistrace.reasonbench.reviews import Review
from cistrace.traces.grounded import write
from cistrace.traces.text import render_trace

HERE = Path(__file__).parent / "corpus"
FASTA = f">one first\n{DNA}\n; a remark\n>two\n{DNA[::-1]}\n"
TABLE = f'id,sequence,chrom\none,{DNA},chr1\n"two, with a comma",{DNA},chr2\n'
VCF = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\nchr1\t40\trs1\tG\tA,C\t.\t.\t.\n"
MEME = """MEME version 4
ALPHABET= ACGT
strands: + -
Background letter frequencies
A 0.3 C 0.2 G 0.2 T 0.3
MOTIF M1 one
letter-probability matrix: alength= 4 w= 4 nsites= 20 E= 0
0.7 0.1 0.1 0.1
0.1 0.7 0.1 0.1
0.1 0.1 0.7 0.1
0.25 0.25 0.25 0.25
"""
CONSTRAINTS = """gc: [0.40, 0.60]
forbidden_sites: [EcoRI, CACNNNGTG]
longest_run: 6
keep_motifs: [HNF4A]
keep_regions: [1-20, [181, 200]]
maximum_edits: 40
flanks: [AGGACC, CATTGC]
"""
SHEET = "id,cell_type,decision,corrected_trace,reviewer,reason\none,K562,reject,,me,no\n"
LAUGHS = "a: &a [x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi")
)


def parquet(rows: list[dict[str, Any]]) -> bytes:
    """A small Parquet file."""
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), out)
    return out.getvalue()


def workbook() -> bytes:
    """A small spreadsheet."""
    out = io.BytesIO()
    with Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("one")
        for number, row in enumerate((("name", "sequence", "HepG2"), ("one", DNA, 1.5))):
            sheet.write_row(number, 0, row)
    return out.getvalue()


def sparse_workbook() -> bytes:
    """One whose two cells lie as far from one another as can be."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook())) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            text = old.read(name)
            new.writestr(name, text.replace(b'r="C2"', b'r="XFD1048576"') if "sheet1.xml" in name else text)
    return out.getvalue()


def journal() -> bytes:
    """Two finished blocks."""
    with (
        tempfile.TemporaryDirectory() as folder,
        suppress(KeyboardInterrupt),  # a run that ends well leaves none
        Journal(Path(folder) / "out.jsonl", {"model": "a"}, False) as kept,
    ):
        for name in ("one", "two"):
            list(kept.add([DnaSequence(name, "ACGT")], [{"id": name}]))
        found = kept.path.read_bytes()
        raise KeyboardInterrupt
    return found


def corpus() -> dict[str, list[tuple[int, bytes | str]]]:
    """Of every family, pairs of reader and content."""
    card, trace = a_card(), render_trace(write(a_card()))
    prediction = prediction_object(a_prediction())
    entry = Entry(0, "one", "K562", "train", 0.5, 2, "Card.\n" + render_card(card), trace)
    review = Review("one", "K562", "reject", "0" * 64, "", "somebody", "a reason")
    rounds = [{"of": {"model": "a"}}, {"round": 0, "gradients": [1, 2], "found": [["ACGT", 0.5, "start", -1, 0]]}]
    deep = "[" * 5000
    manifest = {"cell_types": ["K562"], "cuts": {"K562": [0, 1, 2]}, "files": {"train.jsonl": {"sha256": "0"}}}
    shipped = json.loads((shipped_checkpoint() / CONFIG).read_text())
    for scale in shipped["scales"].values():
        scale["quantiles"] = scale["quantiles"][:3]
    recipe = (files("cistrace") / "recipes" / "compact.yaml").read_text(encoding="utf-8")
    reply = {
        "model": "m",
        "choices": [{"message": {"content": trace}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1},
    }
    task = {"name": "t", "type": "expression", "cell_type": "K562", "species": "homo_sapiens"}
    question = {
        "readout": "point",
        "prediction_tasks": [task],
        "sequences": {"one": DNA},
        "prediction_ranges": {"one": [0, 10]},
    }
    return {
        "sequences": [
            (0, FASTA),
            (1, TABLE),
            (2, TABLE.replace(",", "\t")),
            (3, json.dumps({"id": 1, "sequence": DNA}) + "\n"),
            (4, parquet([{"id": "one", "sequence": DNA}])),
            (5, DNA),
            (6, gzip.compress(FASTA.encode(), mtime=0)),
            (3, deep),
            (3, '{"sequence": "\\ud800"}'),
        ],
        "regions": [
            (0, "chr1\t10\t60\tone\t0\t-\n"),
            (0, "track x\nchr1 0 40\n"),
            (1, ">chr1\nACGTACGT\nACGT\n>chr2\nAC\n"),
        ],
        "variants": [
            (0, VCF),
            (2, "chr1:40:G:A\n"),
            (1, "chrom\tpos\tref\talt\nchr1\t40\tG\tA\n"),
            (4, f"id,ref,alt\nx,{DNA},{DNA[:10]}A{DNA[11:]}\n"),
            (3, gzip.compress(VCF.encode(), mtime=0)),
        ],
        "tables": [
            (0, TABLE),
            (1, TABLE.replace(",", "\t")),
            (2, json.dumps({"name": "one", "sequence": DNA, "HepG2": 1.5})),
            (3, parquet([{"name": "one", "sequence": DNA, "HepG2": 1.5}])),
            (4, workbook()),
            (4, sparse_workbook()),
            (5, "tf\ttpm\nSP1\t12.5\nGATA1\t0\n"),
            (6, SHEET),
        ],
        "motifs": [(0, MEME), (1, "# a remark\nA 0.3\nC 0.2\nG 0.2\nT 0.3\n")],
        "cards": [(0, render_card(card)), (1, json.dumps(card_object(card)))],
        "traces": [(1, trace), (1, trace.replace("1. ", "<think>1) "))],
        "settings": [
            (0, CONSTRAINTS),
            (0, "gc: [0.4, 0.6]\ngc: [0, 1]\n"),
            (0, LAUGHS),
            (0, deep),
            (0, "longest_run: 0x" + "f" * 5000),
            (1, recipe),
            (1, "name: a\nname: b\n"),
            (2, "regression.epochs=2"),
            (3, "1-20,101-110"),
            (4, "HepG2 - max(K562, WTC11)"),
        ],
        "stored": [
            (0, json.dumps(prediction)),
            (1, parquet([prediction])),
            (2, entry_line(entry)),
            (3, json.dumps(asdict(review))),
            (4, json.dumps(manifest)),
            (5, json.dumps({"key": "a", "text": trace})),
            (0, deep),
            (2, '{"messages": [], "expression_score": 1e999, "label": 1e999}'),
            (3, deep),
            (5, deep),
        ],
        "checkpoints": [
            (0, json.dumps(shipped)),
            (1, json.dumps({"sites": [["SP1", "SP/KLF"]], "cell_types": ["K562"], "window": 200})),
            (2, "tf\tcell_type\teffect\tstandard_error\telements\nSP1\tK562\t0.1\t0.01\t20\n"),
            (3, recipe),
            (4, json.dumps({"done": ["tower"], "data": {"manifest_sha256": "0"}})),
            (0, deep),
            (4, deep),
        ],
        "journals": [
            (0, journal()),
            (1, "".join(json.dumps(line) + "\n" for line in rounds)),
            (0, '{"of": {"model": "a"}}\n5\n"end"\n'),
            (0, deep),
        ],
        "replies": [
            (0, json.dumps(reply)),
            (1, json.dumps({"error": {"message": "no"}})),
            (2, "6m0s"),
            (2, "Wed, 21 Oct 2026 07:28:00 GMT"),
            (3, json.dumps(question)),
            (0, deep),
        ],
    }


if __name__ == "__main__":
    for family, several in corpus().items():
        folder = HERE / family
        folder.mkdir(parents=True, exist_ok=True)
        for number, (reader, content) in enumerate(several):
            data = content.encode() if isinstance(content, str) else content
            (folder / f"{number:02}").write_bytes(bytes([reader]) + data)
