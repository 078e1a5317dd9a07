"""Inputs that stand for more than any memory holds: refused, or read record by record, within fixed memory and time."""

from __future__ import annotations

import gzip
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cli_helpers import DNA

from cistrace.errors import InputError
from cistrace.io.sequences import read_sequences
from cistrace.report.stored import read_rows

MEBIBYTE = 1 << 20
ROOM = 900 * MEBIBYTE  # of address space, some 300 of which Python, numpy and pyarrow take
SECONDS = 100
BASES = b"ACGTTGCAAG" * (MEBIBYTE // 10)
READ = (
    "import sys; from cistrace.io.sequences import read_sequences; "
    "print(sum(len(one.bases) for one in read_sequences(sys.argv[1])))"
)
MEASURED = "import sys; from cistrace.mpra.rows import read_rows; print(sum(1 for _ in read_rows(sys.argv[1])))"
STORED = "import sys; from cistrace.report.stored import read_rows; print(sum(1 for _ in read_rows(sys.argv[1])))"
VARIANTS = (
    "import sys; from cistrace.variants.records import read_records; "
    "print(sum(1 for _ in read_records(sys.argv[1], print)))"
)


def confined(code: str, *arguments: str | Path, stdin: Iterator[bytes] | None = None) -> tuple[int, str, str]:
    """Run a program within `ROOM`; its exit status, output and last line of errors."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (ROOM, ROOM))

    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "ARROW_NUM_THREADS": "1"}
    with subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, preexec_fn=limit, env=environment,
    ) as child:  # fmt: skip
        assert child.stdin is not None
        try:
            for piece in stdin or ():
                child.stdin.write(piece)
        except BrokenPipeError:  # it has seen enough
            pass
        out, errors = child.communicate(timeout=SECONDS)
    return child.returncode, out.decode().strip(), (errors.decode().strip().split("\n") or [""])[-1]


def endless(head: bytes, piece: bytes, size: int) -> Iterator[bytes]:
    """A head, and pieces up to `size` bytes."""
    yield head
    for _ in range(size // len(piece)):
        yield piece


LINES: dict[str, tuple[str, bytes, str]] = {
    "a FASTA record": (READ, b">one\n", "bp long, expected at most 10,000,000; cut it into windows"),
    "a FASTA header": (READ, b">", "no records|the id is over 1,000 characters|the sequence is empty"),
    "a line of CSV": (READ, b"id,sequence\none,", "longer than 16,777,216 characters"),
    "a quoted field of CSV": (READ, b'id,sequence\none,"', "longer than 16,777,216 characters"),
    "a line of JSONL": (READ, b'{"id": "one", "sequence": "', "longer than 16,777,216 characters"),
    "a line of VCF": (VARIANTS, b"##fileformat=VCFv4.2\nchr1\t1\t.\tA\t", "longer than 16,777,216 characters"),
    "a stored prediction": (STORED, b'{"id": "', "longer than 16,777,216 characters"),
}


@pytest.mark.integration
@pytest.mark.parametrize("name", LINES)
def test_a_line_of_a_gigabyte_is_refused(name: str) -> None:
    code, head, told = LINES[name]
    size = 3 << 30 if name == "a FASTA record" else 1 << 30
    status, _, error = confined(code, "-", stdin=endless(head, BASES, size))
    assert status == 1 and "Error: standard input" in error and any(one in error for one in told.split("|")), error


def zipped(path: Path, pieces: Iterator[bytes]) -> Path:
    with gzip.open(path, "wb", compresslevel=1) as handle:
        for piece in pieces:
            handle.write(piece)
    return path


@pytest.mark.integration
@pytest.mark.parametrize("name", ["a FASTA record", "a line of CSV"])
def test_a_gzip_bomb_is_refused(tmp_path: Path, name: str) -> None:
    code, head, told = LINES[name]
    path = zipped(tmp_path / "bomb.gz", endless(head, b"A" * MEBIBYTE, 1 << 30))
    assert path.stat().st_size < 8 * MEBIBYTE
    status, _, error = confined(code, path)
    assert status == 1 and told in error, error


def rows_of_one(path: Path) -> Path:
    """Three hundred rows that share one sequence of 5 Mb: a dictionary holds it once."""
    schema = pa.schema([("sequence", pa.dictionary(pa.int32(), pa.string()))])
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 300, pa.int32()), pa.array(["ACGTT" * MEBIBYTE]))
    pq.write_table(pa.table([column], schema=schema), path, compression="zstd")
    return path


@pytest.mark.integration
def test_parquet_whose_rows_share_one_long_sequence_is_read_row_by_row(tmp_path: Path) -> None:
    path = rows_of_one(tmp_path / "in.parquet")
    assert path.stat().st_size < MEBIBYTE
    status, out, error = confined(READ, path)
    assert (status, out) == (0, str(300 * 5 * MEBIBYTE)), error
    status, out, error = confined(MEASURED, path)
    assert (status, out) == (0, "300"), error
    status, _, error = confined(STORED, path)
    assert status == 1 and "row 1: id: Field required; expected a prediction" in error, error


DEEP: dict[str, tuple[Callable[[str], str], str]] = {
    "JSONL": (lambda deep: f'{{"id": "a", "sequence": {deep}}}\n', READ),
    "stored predictions": (lambda deep: f'{{"id": {deep}}}\n', STORED),
}


@pytest.mark.parametrize("name", DEEP)
def test_nesting_without_end_is_refused(tmp_path: Path, name: str) -> None:
    write, code = DEEP[name]
    path = tmp_path / "deep.jsonl"
    for deep in ("[" * 100_000, "[" * 100_000 + "]" * 100_000, '{"a":' * 100_000):
        path.write_text(write(deep))
        with pytest.raises(InputError, match=r"is no.* JSON \((RecursionError|nested too deeply|Expecting)"):
            list(read_sequences(path) if code == READ else read_rows(path))


def test_a_whole_record_stands_beside_what_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text("".join(json.dumps({"id": name, "sequence": DNA}) + "\n" for name in "ab"))
    status, out, error = confined(READ, path)
    assert (status, out) == (0, str(2 * len(DNA))), error
